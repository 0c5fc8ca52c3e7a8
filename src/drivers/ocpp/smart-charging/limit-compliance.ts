/**
 * Whether a station keeps to its limit: "Accepted" only means that it will try. LastMeasured and offered currents prove it;
 * a register that rises disproves it, and one that stands still proves nothing.
 */
import type { Proof } from '../../../model/command.ts';
import type { Evse } from '../station/evse.ts';
import type { LastMeasured, MeasuredKey } from '../station/last-measured.ts';

/**
 * kept: the limit is seen to be in force. exceeded: more flows, or is offered, than allowed. undercut: less is offered
 * than the station was told. takes_less: the car takes less, which proves nothing.
 */
export type Compliance = 'kept' | 'exceeded' | 'undercut' | 'takes_less' | 'no_load' | 'unmeasured';

/** LastMeasured and offered currents, A per phase. */
export interface ObservedCurrents {
  currentA?: number;
  offeredA?: number;
}

/** A limit, and what may be taken as seen of its effect. */
interface ObservedLimit {
  /** A per phase. */
  currentA: number;
  /** On which the car may charge at the most. */
  phases: number;
  /** Monotonic ms: what was measured before says nothing about this limit. */
  since: number;
}

/** An offered current this close to the limit may be its rounding, A. */
const offeredToleranceA = 0.5;
/** An offered current this close to the limit is the limit, A. */
const sameOfferA = 0.1;
/** A car regulates less exactly than a station offers, A. */
export const toleranceA = 1;
/** With less than this, nothing is charged, A. */
const noCurrentA = 1;
const usualVoltage = 230;
/** IEC 61851-1: a car follows within 5 s; what a register counts before belongs to the limit before, ms. */
export const followMs = 10_000;

const toleranceAt = (limitA: number): number => Math.max(toleranceA, limitA * 0.05);

/** Between phase and neutral, V. */
const voltageOf = ({ voltage }: LastMeasured): number => voltage?.value ?? usualVoltage;

/**
 * @param since monotonic ms
 * @returns what flows by the register where nothing else says it: A per phase at the least, and W
 */
export const currentByRegister = (
  { registerPower, measured }: Evse,
  phases: number,
  since: number,
): { leastA: number; powerW: number } | undefined => {
  const rise = registerPower.riseSince(since + followMs);
  return rise && { leastA: rise.leastW / (voltageOf(measured) * phases), powerW: rise.powerW };
};

/**
 * @param phases on which the car may charge at the most
 * @param since monotonic ms: what was measured before is left out
 */
export const observedCurrents = ({ measured }: Evse, phases: number, since: number): ObservedCurrents => {
  const fresh = (key: MeasuredKey): number | undefined => {
    const value = measured[key];
    return value && value.at > since ? value.value : undefined;
  };
  const offeredA = fresh('offered');
  const powerW = fresh('power');
  // Power alone may flow on all phases: the current is at least that of all phases.
  const currentA = fresh('current') ?? (powerW === undefined ? undefined : powerW / (voltageOf(measured) * phases));
  return { ...(offeredA === undefined ? {} : { offeredA }), ...(currentA === undefined ? {} : { currentA }) };
};

/** The current keeps to the limit, and is not lower for reasons of the car. */
const isAtLimit = (currentA: number, limitA: number): boolean =>
  limitA === 0
    ? currentA < noCurrentA
    : currentA >= limitA - 1.5 * toleranceAt(limitA) && currentA <= limitA + toleranceAt(limitA);

const isAbove = (currentA: number, limitA: number): boolean =>
  currentA >= (limitA === 0 ? noCurrentA : limitA + toleranceAt(limitA));

/**
 * The proof that a station keeps to its limit, where it is seen to: the offered current is its limit read back
 * ("register"), the measured current its effect. What was like that before the limit was set proves nothing.
 */
export const proofOf = (limitA: number, before: ObservedCurrents, now: ObservedCurrents): Proof | undefined => {
  const { currentA, offeredA } = now;
  const wasAbove = before.currentA !== undefined && isAbove(before.currentA, limitA);
  const wasAtLimit = before.currentA !== undefined && isAtLimit(before.currentA, limitA);
  if (currentA !== undefined && (isAtLimit(currentA, limitA) ? !wasAtLimit : wasAbove)) return 'effect';
  if (offeredA === undefined) return undefined;
  const deviationA = Math.abs(offeredA - limitA);
  const hasMoved = before.offeredA === undefined || Math.abs(before.offeredA - offeredA) > sameOfferA;
  return deviationA <= sameOfferA || (hasMoved && deviationA <= offeredToleranceA) ? 'register' : undefined;
};

const complianceWithPause = (own: Evse, since: number, { currentA, offeredA }: ObservedCurrents): Compliance => {
  if (currentA !== undefined) return isAtLimit(currentA, 0) ? 'kept' : 'exceeded';
  // A single phase is enough to break a pause.
  if ((currentByRegister(own, 1, since)?.leastA ?? 0) >= noCurrentA) return 'exceeded';
  if (!own.mayDraw()) return 'no_load';
  return offeredA !== undefined && offeredA < offeredToleranceA ? 'kept' : 'unmeasured';
};

/** @returns how an EVSE keeps to a limit, by what was measured since */
export const complianceWith = (own: Evse, { currentA: limitA, phases, since }: ObservedLimit): Compliance => {
  const observed = observedCurrents(own, phases, since);
  if (limitA === 0) return complianceWithPause(own, since, observed);
  const { currentA, offeredA } = observed;
  const flowingA = currentA ?? currentByRegister(own, phases, since)?.leastA ?? 0;
  if (flowingA > limitA + toleranceAt(limitA)) return 'exceeded';
  if (offeredA !== undefined && Math.abs(offeredA - limitA) <= offeredToleranceA) return 'kept';
  if (!own.mayDraw() || own.status === 'suspended_ev') return 'no_load';
  if (offeredA !== undefined && offeredA > limitA) return 'exceeded';
  // An offered current that the car exceeds is not in force.
  if (offeredA !== undefined && (currentA === undefined || currentA <= offeredA + toleranceAt(offeredA)))
    return 'undercut';
  if (currentA === undefined) return 'unmeasured';
  return isAtLimit(currentA, limitA) ? 'kept' : 'takes_less';
};
