/** The state of charge up to which a battery is charged, or down to which it is discharged. */
import type { Lease } from '../../control/leases.ts';
import type { Actuator, VerbDescription } from '../../drivers/driver.ts';
import { findVerb } from '../../model/verbs.ts';

const withTarget = (type: string, verb: string, description: VerbDescription): VerbDescription =>
  Object.hasOwn(findVerb(type, verb)?.params ?? {}, 'until_soc')
    ? {
        ...description,
        params: { ...description.params, until_soc: { unit: '%', min: 0, max: 100, isOptional: true } },
      }
    : description;

/**
 * Adds the parameter until_soc to the commands that may have one, because the bridge itself ends their lease there.
 * @param hasSoc whether the component tells its state of charge; without, nobody could say when the target is reached
 */
export const withTargetSoc = (actuator: Actuator, hasSoc: boolean): Actuator => {
  const { type, verbs } = actuator;
  if (!hasSoc) return actuator;
  return {
    ...actuator,
    verbs: Object.fromEntries(Object.entries(verbs).map(([verb, each]) => [verb, withTarget(type, verb, each)])),
  };
};

/** @param soc state of charge, % */
export const isTargetReached = ({ verb, params: { until_soc: target } }: Lease, soc: number): boolean =>
  typeof target === 'number' && (verb === 'charge' ? soc >= target : verb === 'discharge' && soc <= target);
