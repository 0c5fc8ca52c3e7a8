/** What a device is told, as the lease book decides it. */
import type { Decision, Lease } from '../control/leases.ts';
import type { Actuator, Order, Progress } from '../drivers/driver.ts';
import type { Params } from '../model/command.ts';
import { boundByLimits } from './ranges.ts';

/** Something holds it: a setpoint, or limits only. */
export const isHeld = ({ verb, limits }: Order): boolean => verb !== undefined || Object.keys(limits).length > 0;

/** Two orders with the same signature ask for the same. */
export const signatureOf = ({ verb, params, limits }: Order): string =>
  JSON.stringify([verb ?? null, params, Object.entries(limits).sort()]);

const limitsOf = ({ limits }: Decision): Record<string, number> =>
  Object.fromEntries([...limits].map(([verb, { value = 0 }]) => [verb, value]));

/** @param actuator as the driver offers it now */
export const orderOf = (key: string, decision: Decision, actuator: Actuator | undefined): Order => {
  const limits = limitsOf(decision);
  const { setpoint } = decision;
  const startBy = Number.POSITIVE_INFINITY;
  if (!setpoint) {
    const ends = [...decision.limits.values()].map(({ until }) => until);
    return { actuator: key, params: {}, limits, startBy, notAfter: Math.min(...ends) };
  }
  const description = actuator?.verbs[setpoint.verb];
  const params = description ? boundByLimits(setpoint.params, description, limits) : setpoint.params;
  const { verb, from: since, until: notAfter } = setpoint;
  return { actuator: key, verb, params, limits, since, startBy, notAfter };
};

/** The wishes of an order by verb: the setpoint, or the safe state where that is one, and the limits. */
export const wishesOf = ({ verb, params, limits }: Order, fallback: Actuator['fallback']): Map<string, Params> => {
  const wishes = new Map(Object.entries(limits).map(([limit, watts]): [string, Params] => [limit, { power_w: watts }]));
  if (verb !== undefined) wishes.set(verb, params);
  else if (fallback?.verb !== undefined) wishes.set(fallback.verb, fallback.means);
  return wishes;
};

/** What is in force for whoever holds this lease: the lowest limit of all, the setpoint within the limits. */
export const appliedTo = (
  lease: Lease | undefined,
  order: Order,
  { limits }: Decision,
  actuator: Actuator | undefined,
  progress: Progress | undefined,
): Params => {
  if (lease?.kind === 'limit') return limits.get(lease.verb)?.params ?? lease.params;
  return order.verb === undefined ? (actuator?.fallback?.means ?? {}) : (progress?.inForce ?? order.params);
};

/** A setpoint as the device has it. */
export interface Shown {
  verb: string;
  lease: Lease | undefined;
  applied: Params;
  /** Its progress, where that shows. */
  progress: Progress | undefined;
}

/** @param isOurs the safe state is one that we hold it to */
export const shownOf = (
  decision: Decision,
  order: Order,
  actuator: Actuator | undefined,
  isOurs: boolean,
  progressOf: (verb: string) => Progress | undefined,
): Shown[] => {
  const { setpoint, limits } = decision;
  const toShown = (verb: string, lease: Lease | undefined, applied: Params): Shown => {
    const progress = progressOf(verb);
    return { verb, lease, applied: progress?.inForce ?? applied, progress };
  };
  const list = [...limits].map(([verb, lease]) => toShown(verb, lease, { ...lease.params }));
  const { fallback } = actuator ?? {};
  if (setpoint) list.push(toShown(setpoint.verb, setpoint, order.params));
  else if (fallback?.verb !== undefined && isOurs) list.push(toShown(fallback.verb, undefined, fallback.means));
  return list;
};

/** Nothing but its time is different. */
export const isSameProgress = (a: Progress | undefined, b: Progress): boolean =>
  a !== undefined &&
  a.isReached === b.isReached &&
  a.reason === b.reason &&
  JSON.stringify(a.inForce) === JSON.stringify(b.inForce);
