/** The provisioning block (OCPP 2.0.1 part 2, block B): boot, variables, reset; a password that was changed here. */
import type { Applied } from '../../driver.ts';
import type { ListedIdToken } from '../authorization/authorize.ts';
import type { Block, StationCommand } from '../block.ts';
import { type BlockCommands, describeVerbs } from '../block-commands.ts';
import type { Answer, MessageOf } from '../messages.ts';
import { renewPassword } from '../security/renew-password.ts';
import type { Station } from '../station/station.ts';
import { BootSequence } from './boot-sequence.ts';
import { onBootNotification } from './on-boot-notification.ts';
import { isTriggered, provisionStation } from './provision-station.ts';
import { resetStation } from './reset.ts';
import { getVariables, setVariables } from './variables.ts';

export interface ProvisioningBlockOptions {
  /** Another central system limits and configures the station. */
  isWatchedOnly: boolean;
  /** For the list in the station; undefined: it is not to keep one of ours. */
  listed(): ListedIdToken[] | undefined;
  /** Newest of the station's passwords; undefined: none is known. */
  password: string | undefined;
}

const reset = describeVerbs({ reset: { type: { choices: ['soft', 'hard'], isOptional: true } } });
const stationCommands: NonNullable<BlockCommands['station']> = {
  ...reset,
  ...describeVerbs({
    get_configuration: { key: { isOptional: true } },
    set_configuration: { key: {}, value: {} },
    get_variables: { variables: {} },
    set_variables: { variables: {} },
  }),
};
const offered16: BlockCommands = { station: stationCommands };
/** OCPP 2.x: one EVSE may be reset alone. */
const offered2: BlockCommands = { evse: reset, station: stationCommands };

/** The provisioning block of one station. */
export class Provisioning implements Block {
  private readonly station: Station;
  private readonly options: ProvisioningBlockOptions;
  private readonly boot: BootSequence;

  constructor(station: Station, options: ProvisioningBlockOptions) {
    this.station = station;
    this.options = options;
    this.boot = new BootSequence(station, {
      askForBoot: () => this.askForBoot(),
      provision: (hasBooted, signal) => this.provision(hasBooted, signal),
    });
  }

  starting(isBoot: boolean): void {
    this.boot.heard(isBoot);
  }

  onBootNotification(message: MessageOf<'boot'>): Answer {
    return onBootNotification(this.station, message);
  }

  /** Heartbeat (block G): the codec adds the time to its answer, by which the station sets its clock. */
  onHeartbeat(): Answer {
    return {};
  }

  commands(): BlockCommands {
    const { version = '1.6' } = this.station;
    return version === '1.6' ? offered16 : offered2;
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    switch (command.verb) {
      case 'reset':
        return resetStation(this.station, command);
      case 'get_configuration':
      case 'get_variables':
        return getVariables(this.station, command);
      case 'set_configuration':
      case 'set_variables':
        return setVariables(this.station, command);
      default:
        return undefined;
    }
  }

  connected(): void {
    this.station.described();
    this.boot.begin();
  }

  disconnected(): void {
    this.boot.end();
  }

  close(): void {
    this.boot.end();
  }

  private askForBoot(): void {
    if (isTriggered(this.station)) this.station.calls.send({ kind: 'trigger', message: 'boot' }).catch(() => {});
  }

  private async provision(hasBooted: boolean, signal: AbortSignal): Promise<void> {
    const { station, options } = this;
    const isWhole = await provisionStation(station, hasBooted, {
      keepsSettings: options.isWatchedOnly || station.quirks().keepsSettings === true,
      listed: options.listed(),
      signal,
    });
    station.described();
    // Every station has a first EVSE, whatever it says.
    if (station.evseIds().length === 0) station.evse(1);
    for (const evse of station.evseIds()) station.evse(evse).showKnown();
    station.flush();
    if (isWhole) await station.provisioned(signal);
    // Last of all: some stations close the connection when their password changes.
    const outcome = station.link && (await renewPassword(options.password, station.link, station.calls));
    if (outcome) station.event(outcome);
  }
}
