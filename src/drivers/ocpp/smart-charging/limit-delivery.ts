/**
 * The limit of one EVSE on its way into the station: set where it has changed, and set again before the fallback in the
 * station takes effect.
 */
import { isSame } from '../../../common/is-same.ts';
import type { Timer } from '../../../model/time.ts';
import { isInTransaction } from '../station/evse-status.ts';
import { observedNow } from './limit-check.ts';
import type { ObservedCurrents } from './limit-compliance.ts';
import {
  type DatedSetpoints,
  type DeliveredLimit,
  type LimitInForce,
  type LimitPlan,
  limitInForce,
  planLimit,
} from './limit-plan.ts';
import type { LimiterContext } from './limit-settings.ts';
import { fallbackTimeS } from './limit-settings.ts';
import type { DeferredReason } from './profile-setter.ts';
import type { SetpointSchedule } from './setpoint-schedule.ts';

/** Counts for a station that does not fall back by itself and is told again for another reason, s. */
const usualFallbackS = 300;

/** The state of one EVSE: the setpoints that are asked for, and what the station holds of them. */
export class LimitDelivery {
  readonly evse: number;
  private readonly context: LimiterContext;
  /** A limit was set, or could not be set yet. */
  private readonly onAttempt: () => void;
  /** The setpoints that are asked for; undefined: none. */
  setpoints: SetpointSchedule | undefined;
  /** When the setpoints began, ms since 1970. */
  private since = 0;
  /** Monotonic ms: afterwards the setpoints are not written any more. */
  notAfter = Number.POSITIVE_INFINITY;
  /** undefined: the station may hold anything. */
  delivered: DeliveredLimit | undefined;
  /** The limit that was given with the start of the transaction, or of the next one. */
  startLimit: DatedSetpoints | undefined;
  /** Why the limit could not be set yet. */
  deferred: DeferredReason | undefined;
  /** No current, whatever is asked for. */
  isSuspended = false;
  /** Currents before the limit of this signature was set for the first time. */
  private before: { signature: string; observed: ObservedCurrents } | undefined;
  private refreshTimer: Timer | undefined;
  /** Settled when the last delivery is over: one at a time. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(context: LimiterContext, evse: number, onAttempt: () => void) {
    this.context = context;
    this.evse = evse;
    this.onAttempt = onAttempt;
  }

  /** Takes up what is asked for now; deliver sets it. */
  request(setpoints: SetpointSchedule, { since, notAfter }: { since: number; notAfter: number }): void {
    const isOneMore = isSame({ setpoints }, { setpoints: this.setpoints });
    // A limit that was given with a start lasts until another one is asked for; a renewed lease is none.
    if (!isOneMore || (setpoints.length > 1 && since !== this.since)) this.startLimit = undefined;
    this.setpoints = setpoints;
    this.since = since;
    this.notAfter = notAfter;
    if (notAfter === Number.POSITIVE_INFINITY) this.cancelRefresh();
  }

  /** Setpoints that could not be set are not asked for any more, unless others have replaced them. */
  withdraw(setpoints: SetpointSchedule): void {
    if (this.setpoints === setpoints) this.setpoints = undefined;
  }

  /**
   * Sets what is asked for when its turn comes.
   * @param startBy monotonic ms
   * @param isForced also where the station should have the limit already
   * @returns why the limit could not be set yet; undefined: the station took it, or has it already
   */
  deliver(startBy: number, isForced: boolean): Promise<DeferredReason | undefined> {
    return this.inTurn(() => this.deliverNow(startBy, isForced));
  }

  async deliverAgain(): Promise<void> {
    if (this.setpoints) await this.deliver(Number.POSITIVE_INFINITY, true);
  }

  /** Sets the limit without an order; where that fails, whoever gave the order is told. */
  async deliverQuietly(isForced: boolean): Promise<void> {
    const { calls, clock, sink } = this.context.station;
    try {
      await this.inTurn(async () => {
        const isOver = clock.monotonic() >= this.notAfter;
        if (!this.setpoints || this.isSuspended || !calls.isConnected() || isOver) return;
        await this.deliverNow(Number.POSITIVE_INFINITY, isForced);
      });
    } catch (error) {
      this.delivered = undefined;
      sink.drifted(`limit/${this.evse}`, `the limit could not be told again: ${(error as Error).message}`);
    }
  }

  /** The limit that the station has to keep now. */
  inForce(): LimitInForce | undefined {
    return limitInForce(this.delivered, this.context.station.clock.monotonic());
  }

  /** @returns the profile that a limit needs that is given with a start, within the limit of this EVSE */
  planStart(ofStart: DatedSetpoints): LimitPlan {
    const { evse, since, context } = this;
    const { station, settings } = context;
    const wasLimited = station.factStore.facts.limitIds?.[String(evse)] !== undefined;
    // The last limit stays in force while no other is asked for; it may have been set before a restart.
    const lastA = this.inForce()?.currentA ?? (wasLimited ? settings.failsafeA : undefined);
    const last = lastA === undefined ? undefined : [{ startS: 0, currentA: lastA }];
    const setpoints = this.setpoints ?? last;
    return planLimit(context, setpoints ? { evse, setpoints, since, ofStart } : { evse, ...ofStart });
  }

  /** @returns the currents before the limit was set */
  observedBefore(): ObservedCurrents {
    return this.before?.observed ?? {};
  }

  /** Reports the limit in force as a state of the EVSE. */
  showLimit(): void {
    const limit = this.inForce();
    if (limit) this.context.station.evse(this.evse).setState('current_limit', limit.currentA);
  }

  /**
   * Looks for profiles that keep the limit from being in force. Without a session stations answer all kinds of things,
   * and the limits of a backend are part of ours.
   */
  checkInForce(): void {
    const { station, foreignProfiles, otherLimits } = this.context;
    const { evse } = this;
    const isCharging = isInTransaction(station.evse(evse).status);
    if (!this.delivered || this.isSuspended || otherLimits.isPresent(evse) || !isCharging) return;
    foreignProfiles.checkInForce({
      evse,
      profile: () => (this.isSuspended ? undefined : this.delivered?.profile),
      setAgain: () => this.deliverAgain(),
    });
  }

  /** Half of the time has passed after which the station falls back by itself. */
  isRefreshDue(): boolean {
    const { delivered } = this;
    return delivered !== undefined && this.context.station.clock.monotonic() - delivered.at >= this.refreshMs();
  }

  cancelRefresh(): void {
    this.refreshTimer?.cancel();
  }

  /** The work reads what is asked for when its turn comes. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  private async deliverNow(startBy: number, isForced: boolean): Promise<DeferredReason | undefined> {
    const { profiles, station } = this.context;
    const plan = this.plan();
    const { signature, request } = plan;
    if (!isForced && this.delivered?.signature === signature) return undefined;
    const observed = observedNow(this.context, this.evse);
    const until = Math.min(startBy, this.notAfter);
    const taken = await profiles.set({
      ...request,
      options: {
        isUrgent: true,
        key: `limit/${this.evse}`,
        ...(until < Number.POSITIVE_INFINITY ? { notAfter: until } : {}),
      },
    });
    this.onAttempt();
    this.deferred = typeof taken === 'string' ? taken : undefined;
    if (typeof taken === 'string') return taken;
    if (this.before?.signature !== signature) this.before = { signature, observed };
    const { periods, supply } = request;
    this.delivered = { signature, periods, phases: supply.phases, profile: taken, at: station.clock.monotonic() };
    this.planRefresh();
    this.showLimit();
    this.checkInForce();
    return undefined;
  }

  private plan(): LimitPlan {
    const { failsafeA } = this.context.settings;
    const { evse, since, startLimit: ofStart } = this;
    if (this.isSuspended) return planLimit(this.context, { evse, setpoints: [{ startS: 0, currentA: 0 }], since });
    const setpoints = this.setpoints ?? [{ startS: 0, currentA: failsafeA }];
    return planLimit(this.context, { evse, setpoints, since, ofStart });
  }

  /** The fallback in the station comes nearer, whoever renews the order meanwhile: it is pushed out in time. */
  private planRefresh(): void {
    this.cancelRefresh();
    const { settings, station } = this.context;
    const isHeld = this.notAfter < Number.POSITIVE_INFINITY;
    if (!isHeld || fallbackTimeS(settings, station.quirks()) === undefined) return;
    this.refreshTimer = station.clock.after(this.refreshMs(), () => void this.deliverQuietly(true));
  }

  /** The station is told twice in the time after which it falls back by itself; ms. */
  private refreshMs(): number {
    const { settings, station } = this.context;
    return (fallbackTimeS(settings, station.quirks()) ?? usualFallbackS) * 500;
  }
}
