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
  /** What the device does for it, where that shows. */
  progress: Progress | undefined;
}

/** @param isOurs the safe state is one that we hold it to */
export const shownOf = (
  decision: Decision,
  order: Order,
  actuator: Actuator | undefined,
  isOurs: boolean,
  progress: Progress | undefined,
): Shown[] => {
  const { setpoint, limits } = decision;
  const list: Shown[] = [...limits].map(([verb, lease]) => ({
    verb,
    lease,
    applied: { ...lease.params },
    progress: undefined,
  }));
  const { fallback } = actuator ?? {};
  const applied = progress?.inForce ?? order.params;
  if (setpoint) list.push({ verb: setpoint.verb, lease: setpoint, applied, progress });
  else if (fallback?.verb !== undefined && isOurs)
    list.push({ verb: fallback.verb, lease: undefined, applied: progress?.inForce ?? fallback.means, progress });
  return list;
};

/** Nothing but its time is different. */
export const isSameProgress = (a: Progress | undefined, b: Progress): boolean =>
  a !== undefined &&
  a.isReached === b.isReached &&
  a.reason === b.reason &&
  JSON.stringify(a.inForce) === JSON.stringify(b.inForce);
