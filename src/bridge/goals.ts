/** States of charge that a battery is charged or discharged to: the bridge itself ends the lease there. */
import type { Lease } from '../control/leases.ts';
import type { Actuator, VerbDescription } from '../drivers/driver.ts';
import { findVerb } from '../model/verbs.ts';

const withGoal = (type: string, name: string, description: VerbDescription): VerbDescription =>
  Object.hasOwn(findVerb(type, name)?.params ?? {}, 'until_soc')
    ? {
        ...description,
        params: { ...description.params, until_soc: { unit: '%', min: 0, max: 100, isOptional: true } },
      }
    : description;

/** @param hasSoc its component tells its state of charge; nobody could say otherwise when the goal is there */
export const withGoals = (actuator: Actuator, hasSoc: boolean): Actuator => {
  const { type, verbs } = actuator;
  if (!hasSoc) return actuator;
  return {
    ...actuator,
    verbs: Object.fromEntries(Object.entries(verbs).map(([name, each]) => [name, withGoal(type, name, each)])),
  };
};

/** Whether a lease has what it was to last for. */
export const isGoalReached = ({ verb, params: { until_soc: goal } }: Lease, soc: number): boolean =>
  typeof goal === 'number' && (verb === 'charge' ? soc >= goal : verb === 'discharge' && soc <= goal);
