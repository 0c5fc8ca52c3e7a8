/**
 * Whether a station does what it was told: "Accepted" only means that it will try. What it measures or offers proves it;
 * a register that rises disproves it, and one that stands still proves nothing.
 */
import type { Proof } from '../../../model/command.ts';
import type { Connector } from '../station/connector.ts';
import { riseSince } from '../station/flow.ts';
import type { Measured } from '../station/measured.ts';
import { mayDraw } from '../station/values.ts';

/**
 * seen: it obeys. over: more flows, or is offered, than allowed. under: less is offered than it was told. less: the car
 * takes less; that proves nothing.
 */
export type Effect = 'seen' | 'over' | 'under' | 'less' | 'no_load' | 'unmeasured';

/** Measured and offered currents, A per phase. */
export interface Showing {
  currentA?: number;
  offeredA?: number;
}

const offeredTolerance = 0.5;
/** An offer this close to the limit is the limit; one further off may be its rounding, A. */
const sameOfferA = 0.1;
/** A car regulates less exactly than a station offers, A. */
export const toleranceA = 1;
const tolerance = (limitA: number): number => Math.max(toleranceA, limitA * 0.05);
/** With less than this, nothing is charged, A. */
const noCurrentA = 1;
const usualVoltage = 230;
/** IEC 61851-1: a car follows within 5 s; what a register counts before is of the limit before, ms. */
export const followMs = 10_000;

/**
 * The current and power by the register, where nothing else says them: A per phase at the least, W.
 * @param since monotonic ms
 */
export const risingOf = (
  { flow, measured }: Connector,
  phases: number,
  since: number,
): { leastA: number; powerW: number } | undefined => {
  const rise = riseSince(flow, since + followMs);
  return rise && { leastA: rise.leastW / ((measured.voltage?.value ?? usualVoltage) * phases), powerW: rise.powerW };
};

/**
 * @param phases on which the car may charge at the most
 * @param since monotonic ms: what was measured before tells nothing
 */
export const showingOf = ({ measured }: Connector, phases: number, since: number): Showing => {
  const fresh = (key: keyof Measured): number | undefined => {
    const value = measured[key];
    return value && value.at > since ? value.value : undefined;
  };
  const offeredA = fresh('offered');
  const power = fresh('power');
  // Where only power is measured, it flows on all phases that there are: that is the least current it can be.
  const currentA =
    fresh('current') ??
    (power === undefined ? undefined : power / ((measured.voltage?.value ?? usualVoltage) * phases));
  return { ...(offeredA === undefined ? {} : { offeredA }), ...(currentA === undefined ? {} : { currentA }) };
};

/** The current keeps to the limit, and is not less for reasons of its own. */
const isAtLimit = (currentA: number, limitA: number): boolean =>
  limitA === 0
    ? currentA < noCurrentA
    : currentA >= limitA - 1.5 * tolerance(limitA) && currentA <= limitA + tolerance(limitA);

const isAbove = (currentA: number, limitA: number): boolean =>
  currentA >= (limitA === 0 ? noCurrentA : limitA + tolerance(limitA));

/**
 * The proof that a station keeps to its limit, where it is seen to: an offer is what it holds, the current what
 * comes of it. What was like that before the limit was told proves nothing.
 */
export const proofOf = (limitA: number, before: Showing, now: Showing): Proof | undefined => {
  const { currentA, offeredA } = now;
  const wasAbove = before.currentA !== undefined && isAbove(before.currentA, limitA);
  const wasAtLimit = before.currentA !== undefined && isAtLimit(before.currentA, limitA);
  if (currentA !== undefined && (isAtLimit(currentA, limitA) ? !wasAtLimit : wasAbove)) return 'effect';
  if (offeredA === undefined) return undefined;
  const farA = Math.abs(offeredA - limitA);
  const hasMoved = before.offeredA === undefined || Math.abs(before.offeredA - offeredA) > sameOfferA;
  return farA <= sameOfferA || (hasMoved && farA <= offeredTolerance) ? 'register' : undefined;
};

/**
 * @param phases on which the car may charge at the most
 * @param since monotonic ms: what was measured before tells nothing
 */
export const effectOf = (own: Connector, limitA: number, phases: number, since: number): Effect => {
  const { status } = own;
  const { currentA: current, offeredA: offered } = showingOf(own, phases, since);
  // A pause is broken by one phase.
  const rising = current === undefined ? (risingOf(own, limitA === 0 ? 1 : phases, since)?.leastA ?? 0) : 0;
  if (limitA === 0) {
    if (current !== undefined) return isAtLimit(current, 0) ? 'seen' : 'over';
    if (rising >= noCurrentA) return 'over';
    if (!mayDraw(own)) return 'no_load';
    return offered !== undefined && offered < offeredTolerance ? 'seen' : 'unmeasured';
  }
  if ((current ?? rising) > limitA + tolerance(limitA)) return 'over';
  if (offered !== undefined && Math.abs(offered - limitA) <= offeredTolerance) return 'seen';
  if (!mayDraw(own) || status === 'suspended_ev') return 'no_load';
  if (offered !== undefined && offered > limitA) return 'over';
  // An offer that the car exceeds is none.
  if (offered !== undefined && (current === undefined || current <= offered + tolerance(offered))) return 'under';
  if (current === undefined) return 'unmeasured';
  return isAtLimit(current, limitA) ? 'seen' : 'less';
};
