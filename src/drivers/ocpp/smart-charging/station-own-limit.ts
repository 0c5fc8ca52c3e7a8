/**
 * A station that offers less than it is told. It may have lost its limit, and is told once more; where that changes
 * nothing, the limit is one of its own (its cable, an installer's setting, load management, a profile of others). That
 * limit stays: it is reported as the one in force, and ours is tried again with each refresh.
 */
import type { Params } from '../../../model/command.ts';
import type { Progress } from '../../driver.ts';
import { describeDeviation } from './limit-check.ts';
import type { LimitDelivery } from './limit-delivery.ts';
import type { LimiterContext } from './limit-settings.ts';
import { supplyOf } from './setpoint-schedule.ts';

/** Two offered currents this close belong to the same limit of the station, A. */
const sameLimitA = 0.5;

/** The limit of the station itself on one EVSE. */
export class StationOwnLimit {
  private readonly context: LimiterContext;
  private readonly delivery: LimitDelivery;
  /** The station offered less than it was told, and was told once more. */
  private isSetAgain = false;
  /** The station offers no more than this, however often it is told: A. */
  private limitA: number | undefined;

  constructor(context: LimiterContext, delivery: LimitDelivery) {
    this.context = context;
    this.delivery = delivery;
  }

  isKnown(): boolean {
    return this.limitA !== undefined;
  }

  /**
   * The station offers less than it was told.
   * @param isLate it had its time to offer more
   * @returns whether that is a limit of its own; otherwise ours is to be set again
   */
  onUndercut(isLate: boolean): boolean {
    const { limitA, isSetAgain } = this;
    const isSame = limitA !== undefined && Math.abs(this.offeredA() - limitA) <= sameLimitA;
    if (isSame || (isLate && limitA !== undefined)) {
      this.reportLimit();
      return true;
    }
    if (!isLate) return false;
    this.isSetAgain = true;
    if (isSetAgain) this.raiseAlarm();
    return isSetAgain;
  }

  /** The station gives what it was told, or nothing shows what it would give. */
  forget(): void {
    this.isSetAgain = false;
    if (this.limitA === undefined) return;
    this.limitA = undefined;
    this.setAlarm(undefined);
  }

  /** Reports whether the station is seen to keep to its limit. */
  reportReached(isReached: boolean): void {
    this.report({ isReached });
  }

  /** Reports that the station offers less than it was told, before that is known to be a limit of its own. */
  reportUndercut(): void {
    this.report({ isReached: false, inForce: this.inForce() });
  }

  private offeredA(): number {
    return this.context.station.evse(this.delivery.evse).measured.offered?.value ?? 0;
  }

  /** The limit in force, in the parameter that was asked for. */
  private inForce(): Params {
    const currentA = this.offeredA();
    const [first] = this.delivery.setpoints ?? [];
    if (!first || !('powerW' in first)) return { current_a: currentA };
    const { voltage, phases } = supplyOf(this.context, this.delivery.evse);
    return { power_w: Math.round(currentA * voltage * phases) };
  }

  private describe(): string {
    return describeDeviation(this.context, this.delivery.evse, this.delivery.inForce());
  }

  private reportLimit(): void {
    this.limitA = this.offeredA();
    this.report({ isReached: false, inForce: this.inForce(), reason: 'station_limit' });
  }

  private report(progress: Omit<Progress, 'at' | 'what'>): void {
    const { sink, clock } = this.context.station;
    const what = progress.isReached === false ? { what: this.describe() } : {};
    sink.progressed(`limit/${this.delivery.evse}`, { ...progress, ...what, at: clock.now() });
  }

  /** @param what in words; undefined: the station has no limit of its own any more */
  private setAlarm(what: string | undefined): void {
    const { alarms } = this.context.station;
    alarms.set({ evse: this.delivery.evse, name: 'station_limit', severity: 'warning' }, what);
  }

  private raiseAlarm(): void {
    this.setAlarm(`${this.describe()}: a limit of its own, or of another profile`);
    this.reportLimit();
  }
}
