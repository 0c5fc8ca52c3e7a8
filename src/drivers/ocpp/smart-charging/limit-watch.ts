/** Whether a station goes on keeping its limit while time passes. */
import { complianceOf, describeDeviation, effectMs } from './limit-check.ts';
import type { LimitDelivery } from './limit-delivery.ts';
import { withinOtherLimits } from './limit-plan.ts';
import type { LimiterContext } from './limit-settings.ts';
import { supplyOf, toPeriods } from './setpoint-schedule.ts';
import type { StationOwnLimit } from './station-own-limit.ts';

/** More flows than allowed, or less is offered, for this long: the station does not keep its limit, ms. */
const driftMs = 30_000;

/** Watches the limit of one EVSE. */
export class LimitWatch {
  private readonly context: LimiterContext;
  private readonly delivery: LimitDelivery;
  private readonly ownLimit: StationOwnLimit;
  /** Monotonic, ms. */
  private exceededSince: number | undefined;
  private undercutSince: number | undefined;

  constructor(context: LimiterContext, delivery: LimitDelivery, ownLimit: StationOwnLimit) {
    this.context = context;
    this.delivery = delivery;
    this.ownLimit = ownLimit;
  }

  /** Forgets since when the station has deviated. */
  restart(): void {
    this.exceededSince = undefined;
    this.undercutSince = undefined;
  }

  tick(): void {
    const { delivery, context } = this;
    if (!delivery.delivered || delivery.isSuspended || !context.station.calls.isConnected()) return;
    delivery.showLimit();
    if (this.isOutdated()) {
      void delivery.deliverQuietly(false);
      return;
    }
    const seen = complianceOf(context, delivery.evse, delivery.inForce());
    if (seen !== 'exceeded') this.exceededSince = undefined;
    if (seen !== 'undercut') this.undercutSince = undefined;
    if (seen === 'kept' || seen === 'exceeded' || seen === 'no_load') this.ownLimit.forget();
    if (seen === 'kept') this.ownLimit.reportReached(true);
    else if (seen === 'exceeded') this.onExceeded();
    else if (seen === 'undercut') this.onUndercut();
  }

  /** Watts and amperes are the same only while the car takes the same phases; a backend may change its limit. */
  private isOutdated(): boolean {
    const { station, otherLimits, settings } = this.context;
    const { evse, setpoints, delivered } = this.delivery;
    if (!setpoints || !delivered) return false;
    const supply = supplyOf(this.context, evse);
    if (otherLimits.isPresent(evse) && setpoints.length === 1) {
      const periods = toPeriods(setpoints, supply, settings);
      const [now] = withinOtherLimits(this.context, periods, { evse, supply });
      if (now?.currentA !== delivered.periods[0]?.currentA) return true;
    }
    const isConverted = station.factStore.facts.limitForm?.unit === 'W' || setpoints.some((each) => 'powerW' in each);
    return isConverted && supply.phases !== delivered.phases;
  }

  private onExceeded(): void {
    this.exceededSince ??= this.context.station.clock.monotonic();
    if (!this.hasLasted(this.exceededSince)) return;
    this.ownLimit.reportReached(false);
    this.drift();
  }

  private onUndercut(): void {
    this.undercutSince ??= this.context.station.clock.monotonic();
    if (!this.ownLimit.isKnown() && !this.hasLasted(this.undercutSince)) return;
    if (this.ownLimit.onUndercut(true)) {
      if (this.delivery.isRefreshDue()) void this.delivery.deliverQuietly(true);
      return;
    }
    this.ownLimit.reportUndercut();
    this.drift();
  }

  /** @returns whether a deviation has lasted, and the station had its time to end it */
  private hasLasted(since: number): boolean {
    const now = this.context.station.clock.monotonic();
    const { delivered } = this.delivery;
    return delivered !== undefined && now - since >= driftMs && now - delivered.at >= effectMs(this.context) + driftMs;
  }

  /** The bridge has its order carried out again. */
  private drift(): void {
    const { evse } = this.delivery;
    const what = describeDeviation(this.context, evse, this.delivery.inForce());
    this.restart();
    this.delivery.delivered = undefined;
    this.context.station.sink.drifted(`limit/${evse}`, what);
  }
}
