/** The values that a component measures while it does as it was told, in the signs of the model. */
import type { Actuator } from '../drivers/driver.ts';
import type { Params } from '../model/command.ts';

/** Both bounds are the same where it is to be exactly that. */
export interface Aim {
  quantity: 'power' | 'current';
  min: number;
  max: number;
  /** So far beyond a bound is still at it. */
  tolerance: number;
  /** Its state of charge may keep it from that. */
  excuse?: 'full' | 'empty';
}

/** Tolerances that count where a profile has none: W, and a share of the largest power; A. */
const usualToleranceW = 150;
const usualToleranceShare = 0.02;
const usualToleranceA = 1;
/** A battery is told at one side of its converter and may be measured at the other: what is lost between them. */
const lossShare = 0.1;

interface Bounds {
  min?: number;
  max?: number;
}

const exactly = (watts: number): Bounds => ({ min: watts, max: watts });
/** A number of a command; absent where it was not given. */
const numberIn = (params: Params, name: string): number | undefined => {
  const value = params[name];
  return typeof value === 'number' ? value : undefined;
};

/** Battery power is positive while it discharges. */
const ofBattery = (verb: string, params: Params): Bounds | undefined => {
  const watts = numberIn(params, 'power_w');
  switch (verb) {
    case 'charge':
      if (watts === undefined) return undefined;
      return params.source === 'solar_only' ? { min: -watts, max: 0 } : exactly(-watts);
    case 'discharge':
      if (watts === undefined) return undefined;
      return params.allow_export === false ? { min: 0, max: watts } : exactly(watts);
    case 'hold':
      if (params.allow === 'charge') return { max: 0 };
      return params.allow === 'discharge' ? { min: 0 } : exactly(0);
    case 'limit_charge':
      return watts === undefined ? undefined : { min: -watts };
    case 'limit_discharge':
      return watts === undefined ? undefined : { max: watts };
    default:
      return undefined;
  }
};

/** The surplus that a heat pump is told is no limit: it may need more. */
const powerLimits = new Set(['limit_power', 'set_power_limit']);

/** All others have power in one direction, and are told its most. */
const ofOthers = (verb: string, params: Params): Bounds | undefined => {
  if (verb === 'pause' || params.current_a === 0) return { max: 0 };
  const watts = powerLimits.has(verb) ? numberIn(params, 'power_w') : undefined;
  return watts === undefined ? undefined : { max: watts };
};

/** On each phase. */
const ampereVerbs = new Set(['set_current_limit', 'resume']);

const toleranceOf = ({ verbs }: Actuator, verb: string, quantity: Aim['quantity']): number => {
  const { tolerance, params } = verbs[verb] ?? {};
  if (quantity === 'current') return Math.max(usualToleranceA, tolerance ?? 0);
  const isOfPower = !ampereVerbs.has(verb);
  return (isOfPower && tolerance) || Math.max(usualToleranceW, (params?.power_w?.max ?? 0) * usualToleranceShare);
};

const aimOf = (actuator: Actuator, verb: string, params: Params): Aim | undefined => {
  const isBattery = actuator.type === 'battery';
  const amperes = ampereVerbs.has(verb) ? numberIn(params, 'current_a') : undefined;
  if (amperes !== undefined && amperes > 0) {
    const tolerance = toleranceOf(actuator, verb, 'current');
    return { quantity: 'current', min: Number.NEGATIVE_INFINITY, max: amperes, tolerance };
  }
  const bounds = isBattery ? ofBattery(verb, params) : ofOthers(verb, params);
  if (!bounds) return undefined;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bounds;
  const lost = isBattery && min === max ? lossShare * Math.abs(max) : 0;
  return {
    quantity: 'power',
    min,
    max,
    tolerance: Math.max(toleranceOf(actuator, verb, 'power'), lost),
    ...(verb === 'charge' ? { excuse: 'full' } : verb === 'discharge' ? { excuse: 'empty' } : {}),
  };
};

/** Aims by verb; other wishes do not show in what is measured. */
export const aimsOf = (actuator: Actuator, wishes: Map<string, Params>): Map<string, Aim> =>
  new Map(
    [...wishes].flatMap(([verb, params]) => {
      const aim = aimOf(actuator, verb, params);
      return aim ? [[verb, aim]] : [];
    }),
  );
