/** The effective order of an actuator: what the device is told, once its leases are arbitrated. */
import type { Arbitration, Lease } from '../../control/leases.ts';
import type { Actuator, Order, Progress } from '../../drivers/driver.ts';
import type { Params } from '../../model/command.ts';
import { boundByLimits } from './check-params.ts';

/** An order, and the leases that it carries out. */
export interface EffectiveOrder {
  order: Order;
  arbitration: Arbitration;
}

const limitValues = ({ limits }: Arbitration): Record<string, number> =>
  Object.fromEntries([...limits].map(([verb, { value = 0 }]) => [verb, value]));

const orderOf = (key: string, arbitration: Arbitration, actuator: Actuator | undefined): Order => {
  const limits = limitValues(arbitration);
  const { setpoint } = arbitration;
  const startBy = Number.POSITIVE_INFINITY;
  if (!setpoint) {
    const ends = [...arbitration.limits.values()].map(({ until }) => until);
    return { actuator: key, params: {}, limits, startBy, notAfter: Math.min(...ends) };
  }
  const description = actuator?.verbs[setpoint.verb];
  const params = description ? boundByLimits(setpoint.params, description, limits) : setpoint.params;
  const { verb, from: since, until: notAfter } = setpoint;
  return { actuator: key, verb, params, limits, since, startBy, notAfter };
};

/**
 * @param key of the actuator
 * @param actuator as the driver describes it now; undefined if the driver does not offer it now
 */
export const effectiveOrder = (
  key: string,
  arbitration: Arbitration,
  actuator: Actuator | undefined,
): EffectiveOrder => ({ order: orderOf(key, arbitration, actuator), arbitration });

/**
 * @param foreign limits that others have set at the device, by verb
 * @returns the order and its leases within the limits of others
 */
export const boundByForeign = (
  { order, arbitration }: EffectiveOrder,
  actuator: Actuator | undefined,
  foreign: Record<string, number>,
): EffectiveOrder => {
  const description = order.verb === undefined ? undefined : actuator?.verbs[order.verb];
  const params = description ? boundByLimits(order.params, description, foreign) : order.params;
  const limits = [...arbitration.limits].map(([verb, lease]): [string, Lease] => {
    const value = foreign[verb];
    return [verb, value === undefined ? lease : { ...lease, value, params: { power_w: value } }];
  });
  const lowered = Object.fromEntries(limits.map(([verb, { value = 0 }]) => [verb, value]));
  return { order: { ...order, params, limits: lowered }, arbitration: { ...arbitration, limits: new Map(limits) } };
};

/** @returns parameters by verb: of the limits, and of the setpoint or of a safe state that is a command itself */
export const targetsOf = ({ verb, params, limits }: Order, fallback: Actuator['fallback']): Map<string, Params> => {
  const targets = new Map(
    Object.entries(limits).map(([limit, watts]): [string, Params] => [limit, { power_w: watts }]),
  );
  if (verb !== undefined) targets.set(verb, params);
  else if (fallback?.verb !== undefined) targets.set(fallback.verb, fallback.means);
  return targets;
};

/**
 * @param lease undefined: of a release
 * @returns the parameters that are in force for the owner of a lease: the lowest limit of all, or the setpoint within
 *   the limits
 */
export const inForceFor = (
  lease: Lease | undefined,
  { order, arbitration }: EffectiveOrder,
  { actuator, progress }: { actuator: Actuator | undefined; progress: Progress | undefined },
): Params => {
  if (lease?.kind === 'limit') return arbitration.limits.get(lease.verb)?.params ?? lease.params;
  return order.verb === undefined ? (actuator?.fallback?.means ?? {}) : (progress?.inForce ?? order.params);
};
