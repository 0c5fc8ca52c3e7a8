/**
 * Answers of a scripted station that does what the last charging profile says, its second period included, within its
 * own limit; and a car that takes all of it.
 */

import type { Answering, Payload, ScriptedStation } from './scripted-station.ts';
import { entry2, entry16, type Sampled } from './station-payloads.ts';

interface Held {
  /** ms since 1970 */
  startAt: number;
  durationS: number;
  unit: unknown;
  periods: { startS: number; limit: number }[];
}

/** Reads a SetChargingProfile of either version. @param begunAt start of the session, ms since 1970 */
const heldOf = (payload: Payload, now: number, begunAt: number): Held => {
  const profile = (payload.csChargingProfiles ?? payload.chargingProfile) as Payload;
  const kind = profile.chargingProfileKind;
  const schedule = [profile.chargingSchedule].flat()[0] as Payload;
  const { startSchedule, duration, chargingRateUnit } = schedule;
  return {
    // OCPP 1.6 §3.13.1: relative to the start of the session; a dynamic one counts from when it came (2.1 K28).
    startAt: typeof startSchedule === 'string' ? Date.parse(startSchedule) : kind === 'Relative' ? begunAt : now,
    durationS: Number(duration ?? Number.POSITIVE_INFINITY),
    unit: chargingRateUnit,
    periods: (schedule.chargingSchedulePeriod as Payload[]).map((period) => ({
      startS: Number(period.startPeriod),
      limit: Number(period.limit),
    })),
  };
};

export interface ObeyingStation {
  /** To be the answers of the field. */
  answers: Answering;
  /** Most that it allows by itself, A. */
  ownA: number;
  /** Most that the car takes, A. */
  wantsA: number;
  /** The station forgets its profile and offers this much, A. */
  forget(toA: number): void;
  offeredA(): number;
  /** Tells what it offers, and what flows. */
  measure(): Promise<Payload>;
  /** A car comes and charges; its transaction begins. */
  charge(): Promise<void>;
}

export const createObeyingStation = (field: () => ScriptedStation, maxA = 32): ObeyingStation => {
  let held: Held | undefined;
  let lostA: number | undefined;
  let transaction: number | undefined;
  let begunAt: number | undefined;

  const heldA = (): number => {
    if (lostA !== undefined) return lostA;
    if (!held) return maxA;
    const { startAt, durationS, unit, periods } = held;
    const passedS = (field().clock.now() - startAt) / 1000;
    if (passedS >= durationS) return maxA;
    const limit = periods.findLast(({ startS }) => startS <= passedS)?.limit ?? maxA;
    return unit === 'W' ? limit / 690 : limit;
  };

  const station: ObeyingStation = {
    answers(action, payload) {
      if (action !== 'SetChargingProfile') return undefined;
      const now = field().clock.now();
      [held, lostA] = [heldOf(payload, now, begunAt ?? now), undefined];
      return { status: 'Accepted' };
    },
    ownA: maxA,
    wantsA: Number.POSITIVE_INFINITY,
    forget(toA) {
      lostA = toA;
    },
    offeredA: () => Math.min(heldA(), station.ownA),
    measure() {
      const offeredA = station.offeredA();
      const flowing = Math.min(offeredA, station.wantsA);
      const values: Sampled[] = [
        ['Current.Offered', offeredA, 'A'],
        ...['L1', 'L2', 'L3'].map((phase): Sampled => ['Current.Import', flowing, 'A', { phase }]),
      ];
      if (field().version === '1.6')
        return field().say('MeterValues', {
          connectorId: 1,
          ...(transaction === undefined ? {} : { transactionId: transaction }),
          meterValue: [entry16(field().time(), ...values)],
        });
      return field().say('TransactionEvent', {
        eventType: 'Updated',
        timestamp: field().time(),
        triggerReason: 'MeterValuePeriodic',
        seqNo: 1,
        transactionInfo: { transactionId: 'T1' },
        meterValue: [entry2(field().time(), ...values)],
      });
    },
    async charge() {
      begunAt = field().clock.now();
      if (field().version === '1.6') {
        await field().status('Preparing');
        const begun = { connectorId: 1, idTag: 'T', meterStart: 0, timestamp: field().time() };
        transaction = Number((await field().say('StartTransaction', begun)).transactionId);
        await field().status('Charging');
        return;
      }
      await field().status('Occupied');
      await field().say('TransactionEvent', {
        eventType: 'Started',
        timestamp: field().time(),
        triggerReason: 'CablePluggedIn',
        seqNo: 0,
        transactionInfo: { transactionId: 'T1', chargingState: 'Charging' },
        evse: { id: 1, connectorId: 1 },
      });
    },
  };
  return station;
};
