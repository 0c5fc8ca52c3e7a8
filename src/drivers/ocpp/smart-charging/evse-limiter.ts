/** The limit of one EVSE: applied as ordered, verified, and kept while the order lasts. */
import type { Applied, Order } from '../../driver.ts';
import type { StartLimit } from '../remote-control/remote-start.ts';
import { toCommandFailure } from '../station/calls.ts';
import { isPluggedIn } from '../station/evse-status.ts';
import type { Compliance } from './limit-compliance.ts';
import { LimitDelivery } from './limit-delivery.ts';
import type { LimiterContext } from './limit-settings.ts';
import { LimitWatch } from './limit-watch.ts';
import type { SetpointSchedule } from './setpoint-schedule.ts';
import { EvseStartLimit } from './start-limit.ts';
import { StationOwnLimit } from './station-own-limit.ts';
import { LimitVerification, replaced, type VerifiedLimit } from './verify-limit.ts';

/** A limit as the bridge orders it. */
export interface OrderedLimit extends Pick<Order, 'startBy' | 'notAfter' | 'since'> {
  evse: number;
  setpoints: SetpointSchedule;
}

/** The limit of one EVSE, with what delivers, watches and verifies it. */
export class EvseLimiter {
  private readonly context: LimiterContext;
  private readonly evse: number;
  private readonly delivery: LimitDelivery;
  private readonly ownLimit: StationOwnLimit;
  private readonly watch: LimitWatch;
  private readonly startLimit: EvseStartLimit;

  constructor(context: LimiterContext, evse: number) {
    this.context = context;
    this.evse = evse;
    this.delivery = new LimitDelivery(context, evse, () => this.watch.restart());
    this.ownLimit = new StationOwnLimit(context, this.delivery);
    this.watch = new LimitWatch(context, this.delivery, this.ownLimit);
    this.startLimit = new EvseStartLimit(context, this.delivery);
  }

  /** @throws CommandFailure */
  async apply(order: OrderedLimit, signal: AbortSignal): Promise<Applied> {
    const { setpoints, startBy, notAfter, since = this.context.station.clock.now() } = order;
    const { delivery } = this;
    const before = delivery.inForce()?.currentA;
    delivery.request(setpoints, { since, notAfter });
    if (delivery.isSuspended) return { verified: false, reason: 'switching_phases' };
    try {
      const deferred = await delivery.deliver(startBy, false);
      if (deferred !== undefined) return { verified: false, reason: deferred };
      const isResumed = before === 0 && (delivery.inForce()?.currentA ?? 0) > 0;
      return await new LimitVerification(this.context, this.verifiedLimit(isResumed)).run(signal);
    } catch (error) {
      delivery.withdraw(setpoints);
      if (signal.aborted) return replaced;
      throw toCommandFailure(error);
    }
  }

  /** A car came, a session began or ended: what could not be set before can be now. */
  onStatusChange(): void {
    this.delivery.checkInForce();
    if (this.startLimit.onStatusChange() || !this.isDue()) return;
    this.delivery.deferred = undefined;
    void this.delivery.deliverQuietly(false);
  }

  /** The connection is new: the station may hold anything. */
  onConnected(): void {
    this.delivery.delivered = undefined;
  }

  /** @param isForced also where the station should have the limit already */
  setAgain(isForced: boolean): Promise<void> {
    return this.delivery.deliverQuietly(isForced);
  }

  tick(): void {
    this.startLimit.tick();
    this.watch.tick();
  }

  /**
   * A transaction is about to be started from here.
   * @param setpoints the limit that is given with the start; undefined: none
   * @throws CommandFailure, CallFailure
   */
  async prepareStart(setpoints: SetpointSchedule | undefined): Promise<StartLimit | undefined> {
    if (setpoints) return this.startLimit.prepare(setpoints);
    this.startLimit.forget();
    return undefined;
  }

  /** @param isSuspended no current, whatever is asked for; false: what is asked for again */
  async suspend(isSuspended: boolean): Promise<void> {
    this.delivery.isSuspended = isSuspended;
    await this.delivery.deliver(Number.POSITIVE_INFINITY, true);
  }

  /** Whether the station holds a limit of this EVSE in this profile. */
  hasProfile(profile: number): boolean {
    return this.delivery.delivered?.profile.id === profile;
  }

  /** @returns the limit in our profile, A or W as it was set; undefined where nobody wants it any more */
  limitInProfile(): number | undefined {
    const { delivered, notAfter } = this.delivery;
    return this.context.station.clock.monotonic() < notAfter ? delivered?.profile.periods[0]?.limit : undefined;
  }

  close(): void {
    this.delivery.cancelRefresh();
  }

  private verifiedLimit(isResumed: boolean): VerifiedLimit {
    const { evse, delivery, ownLimit } = this;
    return {
      evse,
      inForce: () => delivery.inForce(),
      observedBefore: () => delivery.observedBefore(),
      isResumed,
      setAgain: () => delivery.deliverAgain(),
      onIdle: async () => {
        if (isResumed) await this.restartTransaction();
      },
      isStationLimit: (isLate) => ownLimit.onUndercut(isLate),
      onCompliance: (compliance) => this.onCompliance(compliance),
    };
  }

  private onCompliance(compliance: Compliance): void {
    if (compliance !== 'kept' && compliance !== 'exceeded') return;
    this.ownLimit.forget();
    this.ownLimit.reportReached(compliance === 'kept');
  }

  /** Some stations end the transaction when they are paused. */
  private async restartTransaction(): Promise<void> {
    const { station, restart } = this.context;
    const isWaiting = isPluggedIn(station.evse(this.evse).status) === true;
    if (station.quirks().restartsAfterPause && isWaiting && !station.runningOn(this.evse)) await restart(this.evse);
  }

  /** Whether the limit has to be set because something changed on the EVSE. */
  private isDue(): boolean {
    const { station, otherLimits } = this.context;
    const { delivered, deferred } = this.delivery;
    const hasTransaction = station.runningOn(this.evse) !== undefined;
    if (deferred === 'no_car' && isPluggedIn(station.evse(this.evse).status) === true) return true;
    if (deferred === 'no_session' && hasTransaction) return true;
    if (!delivered) return false;
    const isForTransactions = station.factStore.facts.limitForm?.purpose === 'tx';
    return (
      otherLimits.isPresent(this.evse) || delivered.profile.purpose === 'tx' || (isForTransactions && hasTransaction)
    );
  }
}
