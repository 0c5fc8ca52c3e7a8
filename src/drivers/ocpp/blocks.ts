/** The blocks of one station, in the order in which their hooks are called. */
import type { Applied } from '../driver.ts';
import { AuthorizationBlock } from './authorization/authorization.ts';
import type { AuthorizationOptions } from './authorization/authorize.ts';
import type { ConcurrentTx } from './authorization/concurrent-tx.ts';
import { Availability } from './availability/evse-availability.ts';
import type { Block, StationCommand } from './block.ts';
import { dataTransfer } from './data-transfer/data-transfer.ts';
import { Diagnostics } from './diagnostics/diagnostics.ts';
import { Firmware } from './firmware/firmware.ts';
import type { ForwardOptions } from './forwarding/forwarder.ts';
import { Forwarding } from './forwarding/forwarding.ts';
import { Metering } from './metering/metering.ts';
import { Provisioning } from './provisioning/provisioning.ts';
import { RemoteControl } from './remote-control/remote-control.ts';
import { Reservation } from './reservation/reservation.ts';
import { SecurityEvents } from './security/security-events.ts';
import { BackendLimits } from './smart-charging/backend-limits.ts';
import type { LimitSettings } from './smart-charging/limit-settings.ts';
import { SmartCharging } from './smart-charging/smart-charging.ts';
import type { Station, StationOptions } from './station/station.ts';
import { Transactions } from './transactions/transactions.ts';

export interface OcppDriverOptions extends StationOptions {
  limits: LimitSettings;
  authorisation: AuthorizationOptions;
  /** Id tokens in use at all stations of the server; absent: this station alone. */
  concurrentTx?: ConcurrentTx;
  /** Newest of the passwords of the station, sent to one that comes with an older one. */
  password?: string;
  /** Another central system bills the station, and may limit it. */
  forward?: ForwardOptions;
}

export interface Blocks {
  list: readonly Block[];
  smartCharging: SmartCharging;
}

/** @param act carries out a command by whichever block knows its verb */
export const createBlocks = (
  station: Station,
  options: OcppDriverOptions,
  act: (command: StationCommand) => Promise<Applied>,
): Blocks => {
  const { authorisation, concurrentTx, password, forward, limits } = options;
  const isWatchedOnly = forward?.mode === 'observe';
  const backendLimits =
    forward && new BackendLimits({ records: station.records, isSamePlaceReplaced: () => station.version === '1.6' });
  const authorization = new AuthorizationBlock(station, { ...authorisation, concurrentTx });
  const { authorizer } = authorization;
  const remoteControl = new RemoteControl(station, {
    ownTag: authorisation.ownTag,
    isFree: authorisation.mode === 'free',
    startLimits: { prepare: (evse, params) => smartCharging.prepareStart(evse, params) },
  });
  const smartCharging: SmartCharging = new SmartCharging(station, {
    limits,
    isObserving: isWatchedOnly,
    backendLimits,
    meterValues: remoteControl.meterValues,
    restart: (evse) => remoteControl.start(evse),
    act,
  });
  const list: Block[] = [
    new Provisioning(station, {
      isWatchedOnly,
      // Entries that another central system has put into the list of the station are the other's.
      listed: () => (forward ? undefined : authorizer.listed()),
      password,
    }),
    authorization,
    new Transactions(station, { authorizer }),
    new Metering(station),
    new Availability(station),
    smartCharging,
    remoteControl,
    new Reservation(station),
    new Diagnostics(station),
    new Firmware(station),
    new SecurityEvents(station),
    dataTransfer,
  ];
  if (forward && backendLimits) {
    const setAgain = (isForced: boolean) => smartCharging.setAgain(isForced);
    list.push(new Forwarding(station, { ...forward, backendLimits, authorizer, setAgain }));
  }
  return { list, smartCharging };
};
