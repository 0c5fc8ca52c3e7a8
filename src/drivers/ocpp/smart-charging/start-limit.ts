/**
 * A limit that is given with a start, in a TxProfile of the request (OCPP 1.6 §5.16.2, OCPP 2.0.1 F01). A TxProfile goes
 * before every TxDefaultProfile (OCPP 1.6 §3.13.2), whatever its limit: so this one is never higher than the limit of its
 * EVSE, and as soon as its transaction runs, its limit goes on in the profile in which all limits are set.
 */
import { CommandFailure } from '../../driver.ts';
import type { StartLimit } from '../remote-control/remote-start.ts';
import type { Station } from '../station/station.ts';
import { askUnlessSilent } from './ask-station.ts';
import { clearProfile } from './clear-charging-profile.ts';
import type { LimitDelivery } from './limit-delivery.ts';
import type { DatedSetpoints } from './limit-plan.ts';
import type { LimiterContext } from './limit-settings.ts';
import { maxPeriods, type SetpointSchedule, supplyOf, toPeriods } from './setpoint-schedule.ts';

/** Stations wait for a car no longer than that after a start (ConnectionTimeOut), ms. */
const longestWaitMs = 300_000;

/** The limit of the next transaction, or of the one that runs, on one EVSE. */
export class EvseStartLimit {
  private readonly context: LimiterContext;
  private readonly station: Station;
  private readonly delivery: LimitDelivery;
  /** The transaction that began with the limit. */
  private transaction: string | undefined;
  /** The transaction whose limit was set anew, in the profile of all limits. */
  private movedOf: string | undefined;

  constructor(context: LimiterContext, delivery: LimitDelivery) {
    this.context = context;
    this.station = context.station;
    this.delivery = delivery;
  }

  /** @throws CommandFailure, CallFailure where the limit could go before one that it may not go before */
  async prepare(setpoints: SetpointSchedule): Promise<StartLimit> {
    const { context, delivery } = this;
    const { foreignProfiles, profiles } = context;
    if (delivery.isSuspended)
      throw new CommandFailure('INTERLOCK', 'the phases are being switched: start when that is done');
    await foreignProfiles.clearBeforeFirstLimit();
    const outranked = foreignProfiles.describeOutranked(delivery.evse);
    if (outranked !== undefined)
      throw new CommandFailure('INTERLOCK', `${outranked}: a limit in start could go before it; use set_current_limit`);
    this.checkLeast(setpoints);
    const startLimit: DatedSetpoints = { setpoints, since: this.station.clock.now() };
    const { request } = delivery.planStart(startLimit);
    const [first] = request.periods;
    if (!first || request.periods.length > maxPeriods)
      throw new CommandFailure(
        'OUT_OF_RANGE',
        `with the limit in force, the schedule has more than ${maxPeriods} periods`,
      );
    const profile = profiles.profileOfStart(request);
    delivery.startLimit = startLimit;
    this.transaction = undefined;
    this.note({ id: profile.id, at: this.station.clock.now() });
    return {
      profile,
      shown: { current_a: first.currentA },
      onAccepted: () => this.onAccepted(startLimit, profile.id),
      onFailed: (mayBeHeld) => this.onFailed(startLimit, mayBeHeld),
    };
  }

  /** A start without a limit: none that was given before counts for it. */
  forget(): void {
    if (this.delivery.startLimit) this.end();
  }

  /**
   * A car came, a transaction began or ended.
   * @returns whether the limit of the EVSE is set because of that
   */
  onStatusChange(): boolean {
    const { delivery } = this;
    if (!delivery.startLimit && !this.station.factStore.facts.startProfiles) return false;
    const running = this.station.runningOn(delivery.evse)?.transaction;
    if (running === undefined) return this.onNoTransaction();
    if (delivery.startLimit) this.transaction ??= running;
    if (this.transaction !== running) delivery.startLimit = undefined;
    if (!(delivery.startLimit ?? this.noted()) || this.movedOf === running) return false;
    this.movedOf = running;
    void delivery.deliverQuietly(true);
    return true;
  }

  /** No transaction has begun for long: none will with this limit. */
  tick(): void {
    const { delivery, station } = this;
    const noted = this.noted();
    const at = delivery.startLimit?.since ?? noted?.at;
    if (at === undefined || station.runningOn(delivery.evse) || station.clock.now() - at < longestWaitMs) return;
    if (noted) void clearProfile(askUnlessSilent(station), noted.id);
    this.note(undefined);
    this.end();
  }

  /** @throws CommandFailure for a limit that would let no car charge */
  private checkLeast(setpoints: SetpointSchedule): void {
    const { minCurrentA } = this.context.settings;
    const [first, more] = toPeriods(setpoints, supplyOf(this.context, this.delivery.evse), this.context.settings);
    if (first?.currentA === 0 && !more)
      throw new CommandFailure('OUT_OF_RANGE', `no car charges with less than ${minCurrentA} A per phase`);
  }

  /** The profile of a transaction ends with the transaction. */
  private onNoTransaction(): boolean {
    if (this.transaction === undefined) return false;
    this.transaction = undefined;
    this.note(undefined);
    this.end();
    return true;
  }

  private onAccepted(startLimit: DatedSetpoints, id: number): void {
    const { delivery } = this;
    if (delivery.startLimit === startLimit) return;
    // Another limit was asked for meanwhile, and may have been set before the station had this one.
    this.note({ id, at: this.station.clock.now() });
    void delivery.deliverQuietly(true);
  }

  private onFailed(startLimit: DatedSetpoints, mayBeHeld: boolean): void {
    if (!mayBeHeld) this.note(undefined);
    if (this.delivery.startLimit === startLimit) this.end();
  }

  /** The limit of the EVSE counts alone again. */
  private end(): void {
    this.delivery.startLimit = undefined;
    void this.delivery.deliverQuietly(false);
  }

  private noted(): { id: number; at: number } | undefined {
    return this.station.factStore.facts.startProfiles?.[String(this.delivery.evse)];
  }

  /** @param profile undefined: the station holds none any more */
  private note(profile: { id: number; at: number } | undefined): void {
    const { factStore } = this.station;
    const { [String(this.delivery.evse)]: _, ...others } = factStore.facts.startProfiles ?? {};
    factStore.note({ startProfiles: profile ? { ...others, [String(this.delivery.evse)]: profile } : others });
  }
}
