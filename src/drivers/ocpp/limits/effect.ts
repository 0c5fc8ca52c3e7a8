/** Whether a station does what it was told, by what it measures: "Accepted" only means that it will try. */
import type { Measured } from '../station/measured.ts';
import { isInSession, type Status } from '../station/status.ts';

/**
 * seen: it obeys. over: more flows, or is offered, than allowed. under: less is offered than it was told. less: the car
 * takes less; that proves nothing.
 */
export type Effect = 'seen' | 'over' | 'under' | 'less' | 'no_load' | 'unmeasured';

const offeredTolerance = 0.5;
/** A car regulates less exactly than a station offers, A. */
const tolerance = (limitA: number): number => Math.max(1, limitA * 0.05);
/** With less than this, nothing is charged, A. */
const noCurrentA = 1;
const usualVoltage = 230;

/**
 * @param phases on which the car may charge at the most
 * @param since monotonic ms: what was measured before tells nothing
 */
export const effectOf = (status: Status, measured: Measured, limitA: number, phases: number, since: number): Effect => {
  const fresh = (key: keyof Measured): number | undefined => {
    const value = measured[key];
    return value && value.at > since ? value.value : undefined;
  };
  const offered = fresh('offered');
  const power = fresh('power');
  // Where only power is measured, it flows on all phases that there are: that is the least current it can be.
  const current =
    fresh('current') ??
    (power === undefined ? undefined : power / ((measured.voltage?.value ?? usualVoltage) * phases));
  if (limitA === 0) {
    if (current !== undefined) return current < noCurrentA ? 'seen' : 'over';
    if (!isInSession(status)) return 'no_load';
    return offered !== undefined && offered < offeredTolerance ? 'seen' : 'unmeasured';
  }
  if (current !== undefined && current > limitA + tolerance(limitA)) return 'over';
  if (offered !== undefined && Math.abs(offered - limitA) <= offeredTolerance) return 'seen';
  if (!isInSession(status) || status === 'suspended_ev') return 'no_load';
  if (offered !== undefined && offered > limitA) return 'over';
  // An offer that the car exceeds is none.
  if (offered !== undefined && (current === undefined || current <= offered + tolerance(offered))) return 'under';
  if (current === undefined) return 'unmeasured';
  return current >= limitA - 1.5 * tolerance(limitA) ? 'seen' : 'less';
};
