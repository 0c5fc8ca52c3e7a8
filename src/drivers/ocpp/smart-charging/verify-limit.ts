/** Whether a station obeys its limit: watched until that shows, and told once more where it does not. */

import { pause } from '../../../common/pause.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import { complianceOf, describeDeviation, patienceMs, proofSince } from './limit-check.ts';
import type { Compliance, ObservedCurrents } from './limit-compliance.ts';
import type { LimitInForce } from './limit-plan.ts';
import type { LimiterContext } from './limit-settings.ts';

/** A limit whose effect is to be seen. */
export interface VerifiedLimit {
  evse: number;
  inForce(): LimitInForce | undefined;
  /** Currents that were observed before the limit was set. */
  observedBefore(): ObservedCurrents;
  /** The car was paused before. */
  isResumed: boolean;
  setAgain(): Promise<unknown>;
  /** Nothing is charged here, although it may be. */
  onIdle(): Promise<unknown>;
  /**
   * The station offers less than it was told.
   * @param isLate it had its time to offer more
   * @returns whether that is a limit of its own
   */
  isStationLimit(isLate: boolean): boolean;
  /** The effect shows. */
  onCompliance(compliance: Compliance): void;
}

/** The outcome of an order that another one has replaced. */
export const replaced: Applied = { verified: false, reason: 'replaced' };

const stationLimit: Applied = { verified: false, reason: 'station_limit' };
/** Between two looks, ms. */
const lookMs = 1000;
/** Until the station is asked for meter values: it has to have time to obey first, ms. */
const triggerAfterMs = 3000;
/** A car that was paused begins within this time, or the limit is set once more, ms. */
const resumeMs = 10_000;

/** One order that waits for the effect of its limit. */
export class LimitVerification {
  private readonly context: LimiterContext;
  private readonly limit: VerifiedLimit;
  /** Monotonic, ms. */
  private readonly startedAt: number;
  private isSetAgain = false;

  constructor(context: LimiterContext, limit: VerifiedLimit) {
    this.context = context;
    this.limit = limit;
    this.startedAt = context.station.clock.monotonic();
  }

  /** @throws CommandFailure READBACK_MISMATCH */
  async run(signal: AbortSignal): Promise<Applied> {
    while (!signal.aborted) {
      const outcome = await this.look();
      if (outcome) return outcome;
      await pause(lookMs, this.context.station.clock, signal);
    }
    return replaced;
  }

  private waitedMs(): number {
    return this.context.station.clock.monotonic() - this.startedAt;
  }

  /** @returns the outcome; undefined: not known yet */
  private async look(): Promise<Applied | undefined> {
    const { evse } = this.limit;
    const seen = complianceOf(this.context, evse, this.limit.inForce());
    const hasHadTime = this.waitedMs() >= triggerAfterMs;
    if (seen === 'kept') {
      this.limit.onCompliance(seen);
      return this.proven();
    }
    if (seen === 'no_load' && hasHadTime) {
      await this.limit.onIdle();
      return { verified: false, reason: 'no_load' };
    }
    if (seen === 'undercut' && this.limit.isStationLimit(false)) return stationLimit;
    if (hasHadTime && this.isPatienceOver(seen)) {
      this.limit.onCompliance(seen);
      const outcome = this.conclude(seen);
      if (outcome) return outcome;
      await this.setAgain();
    }
    if (this.isStuckAfterPause()) await this.setAgain();
    if (seen !== 'no_load' && hasHadTime) this.context.meterValues.trigger(evse);
    return undefined;
  }

  private isPatienceOver(seen: Compliance): boolean {
    const setAt = this.limit.inForce()?.at ?? this.startedAt;
    return this.context.station.clock.monotonic() >= setAt + patienceMs(this.context, this.limit.evse, seen);
  }

  private isStuckAfterPause(): boolean {
    const { evse, isResumed } = this.limit;
    const isStuck = this.context.station.evse(evse).status === 'suspended_evse';
    return isResumed && !this.isSetAgain && isStuck && this.waitedMs() >= resumeMs;
  }

  private async setAgain(): Promise<void> {
    this.isSetAgain = true;
    await this.limit.setAgain();
  }

  /** The station had its time to obey. @returns undefined: the limit is to be set again */
  private conclude(seen: Compliance): Applied | undefined {
    const { evse, isStationLimit, inForce } = this.limit;
    if (seen === 'undercut' && isStationLimit(true)) return stationLimit;
    if (seen !== 'exceeded' && seen !== 'undercut')
      return { verified: false, reason: seen === 'takes_less' ? 'takes_less' : 'no_readback' };
    if (seen === 'exceeded' && this.isSetAgain)
      throw new CommandFailure('READBACK_MISMATCH', describeDeviation(this.context, evse, inForce()));
    return undefined;
  }

  /** The station keeps to its limit: because of it, or as it did before. */
  private proven(): Applied {
    const { evse, observedBefore, inForce } = this.limit;
    const limit = inForce();
    if (!limit) return { verified: false, reason: 'no_readback' };
    const by = proofSince(this.context, evse, { limit, before: observedBefore() });
    if (by) return { verified: true, by };
    return { verified: false, reason: limit.currentA === 0 ? 'no_load' : 'within_tolerance' };
  }
}
