/** The operations that a simulated station carries out for its CSMS, in either version of OCPP. */
import type { Clock } from '../../model/time.ts';
import type {
  ChargingProfile,
  ChargingProfileStore,
  ChargingRateUnit,
  SchedulePeriod,
} from './charging-profile-store.ts';
import { nominalV } from './electric-car.ts';
import { OfferPolicy } from './offered-current.ts';
import type { BootReason, Call, TransactionEndCause } from './outgoing-calls.ts';
import { isProfileAccepted } from './profile-acceptance.ts';
import type { Authorization, SimulatedEvse } from './simulated-evse.ts';
import type { StationClock } from './station-clock.ts';
import type { StationDeviations } from './station-deviations.ts';

interface StationOperationsOptions {
  deviations: StationDeviations;
  stationClock: StationClock;
  evses: readonly SimulatedEvse[];
  profiles: ChargingProfileStore;
  offerPolicyOf(evse: SimulatedEvse): OfferPolicy;
  /** Number of EVSEs that share the limit of the station. */
  sharers(): number;
}

/** The parts of the station that an operation sets in motion. */
export interface StationActions {
  send(call: Call): void;
  bootNotification(): void;
  heartbeat(): void;
  statusNotification(evse: SimulatedEvse): void;
  meterValues(evse: SimulatedEvse): void;
  transactionEvent(evse: SimulatedEvse): void;
  startRemotely(evse: SimulatedEvse, authorization: Authorization): void;
  endTransaction(evse: SimulatedEvse, cause: TransactionEndCause): void;
  /** @param waitsForTransactions restarts after the end of the last transaction */
  restart(reason: BootReason, waitsForTransactions: boolean): void;
  /** @returns number of messages about transactions that are not sent yet */
  queuedMessages(): number;
}

/** Sent on request with status Idle: an upload or update of the simulator is over at once. */
const maintenanceNotifications = [
  'DiagnosticsStatusNotification',
  'LogStatusNotification',
  'FirmwareStatusNotification',
] as const;

const isFree = ({ transaction, isOperative, isFaulted }: SimulatedEvse): boolean =>
  !transaction && isOperative && !isFaulted;

/** Each operation answers first; its consequences follow after the answer was sent. */
export class StationOperations {
  readonly #options: StationOperationsOptions;
  readonly #actions: StationActions;
  readonly #clock: Clock;
  /** Senders of TriggerMessage by the name of the message. */
  readonly #triggers: Record<string, (evses: readonly SimulatedEvse[]) => void>;

  constructor(options: StationOperationsOptions, actions: StationActions, clock: Clock) {
    this.#options = options;
    this.#actions = actions;
    this.#clock = clock;
    this.#triggers = {
      BootNotification: () => actions.bootNotification(),
      Heartbeat: () => actions.heartbeat(),
      StatusNotification: (evses) => evses.forEach(actions.statusNotification),
      MeterValues: (evses) => evses.forEach(actions.meterValues),
      TransactionEvent: (evses) => evses.forEach(actions.transactionEvent),
    };
    for (const action of maintenanceNotifications)
      this.#triggers[action] = () => actions.send({ action, payload: { status: 'Idle' } });
  }

  /** RemoteStartTransaction, RequestStartTransaction. @returns false when no EVSE is free */
  remoteStart(evseId: number | undefined, authorization: Authorization): boolean {
    const { id: token } = authorization.token;
    const evse = this.#select(evseId).find((each) => isFree(each) && each.isOpenTo(token));
    if (!evse || (this.#options.deviations.rejectsStartWhenFinishing && evse.hasEnded)) return false;
    this.#afterAnswer(() => this.#actions.startRemotely(evse, authorization));
    return true;
  }

  /** RemoteStopTransaction, RequestStopTransaction. @returns false when there is no such transaction */
  remoteStop(transactionId: string): boolean {
    const evse = this.#options.evses.find((each) => each.transaction?.id === transactionId);
    if (evse) this.#afterAnswer(() => this.#actions.endTransaction(evse, 'remote'));
    return evse !== undefined;
  }

  /** Reset. @param type on_idle waits for the last transaction (OCPP 2.x); the others end the transactions */
  reset(type: 'soft' | 'hard' | 'on_idle'): void {
    this.#afterAnswer(() => {
      if (type !== 'on_idle')
        for (const evse of this.#options.evses) this.#actions.endTransaction(evse, `${type}_reset`);
      this.#actions.restart('RemoteReset', type === 'on_idle');
    });
  }

  /** Reset of one EVSE, OCPP 2.x only. @param waits for the end of its transaction, which is not ended */
  resetEvse(evseId: number, waits: boolean): 'Accepted' | 'Scheduled' | 'Rejected' {
    const evse = this.#options.evses.find(({ id }) => id === evseId);
    if (!evse) return 'Rejected';
    if (waits && evse.transaction) return 'Scheduled';
    this.#afterAnswer(() => this.#actions.endTransaction(evse, 'hard_reset'));
    return 'Accepted';
  }

  /** ChangeAvailability. */
  changeAvailability(evseId: number, isOperative: boolean): 'Accepted' | 'Scheduled' | 'Rejected' {
    const evses = this.#select(evseId);
    if (evses.length === 0) return 'Rejected';
    for (const evse of evses) evse.isOperative = isOperative;
    if (this.#options.deviations.rebootsOnAvailability) this.#restartSoon();
    return !isOperative && evses.some(({ transaction }) => transaction) ? 'Scheduled' : 'Accepted';
  }

  /** TriggerMessage. @returns false when the station does not send such a message on request */
  triggerMessage(message: string, evseId: number | undefined): boolean {
    const evses = this.#select(evseId);
    const trigger = this.#triggers[message];
    if (!trigger || this.#options.deviations.refusesTriggers.includes(message) || evses.length === 0) return false;
    this.#afterAnswer(() => trigger(evses));
    return true;
  }

  /** SetChargingProfile. @returns false when the profile is refused */
  setChargingProfile(evseId: number, profile: ChargingProfile): boolean {
    const { evses, deviations, profiles, stationClock, offerPolicyOf } = this.#options;
    const evse = evses.find(({ id }) => id === evseId);
    if (!isProfileAccepted(profile, { evseId, evse }, deviations)) return false;
    if (!profiles.set(evseId, profile, stationClock.now())) return false;
    for (const each of this.#select(evseId)) offerPolicyOf(each).onProfileSet(this.#clock.monotonic());
    return true;
  }

  /** GetCompositeSchedule. @returns no periods for an EVSE that does not exist */
  compositeSchedule(evseId: number, durationS: number, unit: ChargingRateUnit): SchedulePeriod[] {
    const { profiles, stationClock, deviations, sharers } = this.#options;
    const evse = this.#select(evseId)[0];
    if (!evse) return [];
    const [from, begun] = [stationClock.now(), evse.transaction?.startedAt];
    return profiles.changes(from, from + durationS * 1000, evse.id, begun).map((at) => {
      // The question must not count as a pause, so that it has a policy of its own.
      const policy = new OfferPolicy(evse.wiring, deviations);
      const { amps, phases } = policy.offer(profiles.at(at, evse.id, begun), sharers(), this.#clock.monotonic());
      const limit = unit === 'A' ? amps : amps * nominalV * phases;
      return { startS: Math.round((at - from) / 1000), limit, phases };
    });
  }

  /** UnlockConnector. */
  unlockConnector(evseId: number): 'unlocked' | 'busy' | 'unknown' {
    const evse = this.#options.evses.find(({ id }) => id === evseId);
    if (!evse) return 'unknown';
    return evse.transaction ? 'busy' : 'unlocked';
  }

  /** Ends the transaction of a connector that is unlocked, OCPP 1.6 only. */
  endForUnlock(evseId: number): void {
    const evse = this.#options.evses.find(({ id }) => id === evseId);
    if (evse) this.#afterAnswer(() => this.#actions.endTransaction(evse, 'unlocked'));
  }

  /** Called when the CSMS has changed the measurands. */
  onMeasurandsChanged(): void {
    if (this.#options.deviations.rebootsOnMeasurands) this.#restartSoon();
  }

  /** Sends requests after the answer to the present one. */
  sendAfterAnswer(calls: readonly Call[]): void {
    this.#afterAnswer(() => calls.forEach(this.#actions.send));
  }

  /** Sends one notification for each status, after the answer to the present request. @param fields of each */
  sendStatuses(action: string, statuses: readonly string[], fields: object = {}): void {
    this.sendAfterAnswer(statuses.map((status) => ({ action, payload: { status, ...fields } })));
  }

  /** @returns number of messages about transactions that are not sent yet */
  queuedMessages(): number {
    return this.#actions.queuedMessages();
  }

  #restartSoon(): void {
    this.#afterAnswer(() => this.#actions.restart('ApplicationReset', false));
  }

  #afterAnswer(run: () => void): void {
    this.#clock.after(0, run);
  }

  /** @param evseId undefined and 0 select all EVSEs */
  #select(evseId: number | undefined): readonly SimulatedEvse[] {
    const { evses } = this.#options;
    return evseId ? evses.filter(({ id }) => id === evseId) : evses;
  }
}
