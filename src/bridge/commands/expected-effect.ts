/** The effect of a command that a component should measure while it obeys, in the signs of the model. */
import type { Actuator } from '../../drivers/driver.ts';
import type { Params } from '../../model/command.ts';

/** The range in which the measured power or current of a component lies while it obeys. */
export interface ExpectedEffect {
  /** power in W, current in A. */
  quantity: 'power' | 'current';
  /** Both bounds are the same if the component has to do exactly that; infinite if there is no such bound. */
  min: number;
  max: number;
  /** A value outside the bounds by no more than this still is within, W or A. */
  tolerance: number;
  /** State of charge of the component that may keep it from the effect. */
  excuse?: 'full' | 'empty';
}

/** Tolerance of a power if the profile has none: the larger of these two; the share is of the largest power. */
const defaultToleranceW = 150;
const defaultToleranceShare = 0.02;
/** Least tolerance of a current. */
const minToleranceA = 1;
/** Share of the power that is lost in a converter: the power of a battery is set at one side and measured at the other. */
const converterLossShare = 0.1;

/** An absent bound is none. */
interface Bounds {
  min?: number;
  max?: number;
}

const exactly = (watts: number): Bounds => ({ min: watts, max: watts });

const numberOf = (params: Params, name: string): number | undefined => {
  const value = params[name];
  return typeof value === 'number' ? value : undefined;
};

/** Battery power is positive while the battery discharges. */
const batteryBounds = (verb: string, params: Params): Bounds | undefined => {
  const watts = numberOf(params, 'power_w');
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

/** Commands that bound a power. The surplus that a heat pump is told is no bound, because the pump may need more. */
const powerLimits = new Set(['limit_power', 'set_power_limit']);

/** Other components have power in one direction, and their commands say the most of it. */
const consumerBounds = (verb: string, params: Params): Bounds | undefined => {
  if (verb === 'pause' || params.current_a === 0) return { max: 0 };
  const watts = powerLimits.has(verb) ? numberOf(params, 'power_w') : undefined;
  return watts === undefined ? undefined : { max: watts };
};

/** Commands that bound the current of each phase. */
const currentLimits = new Set(['set_current_limit', 'resume']);

const toleranceOf = ({ verbs }: Actuator, verb: string, quantity: ExpectedEffect['quantity']): number => {
  const { tolerance, params } = verbs[verb] ?? {};
  if (quantity === 'current') return Math.max(minToleranceA, tolerance ?? 0);
  const isInWatts = !currentLimits.has(verb);
  return (isInWatts && tolerance) || Math.max(defaultToleranceW, (params?.power_w?.max ?? 0) * defaultToleranceShare);
};

const excuseOf = (verb: string): Pick<ExpectedEffect, 'excuse'> => {
  if (verb === 'charge') return { excuse: 'full' };
  return verb === 'discharge' ? { excuse: 'empty' } : {};
};

const expectedEffect = (actuator: Actuator, verb: string, params: Params): ExpectedEffect | undefined => {
  const isBattery = actuator.type === 'battery';
  const amperes = numberOf(params, 'current_a');
  if (amperes !== undefined && amperes > 0) {
    const tolerance = toleranceOf(actuator, verb, 'current');
    return { quantity: 'current', min: Number.NEGATIVE_INFINITY, max: amperes, tolerance };
  }
  const bounds = isBattery ? batteryBounds(verb, params) : consumerBounds(verb, params);
  if (!bounds) return undefined;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bounds;
  const lostW = isBattery && min === max ? converterLossShare * Math.abs(max) : 0;
  const tolerance = Math.max(toleranceOf(actuator, verb, 'power'), lostW);
  return { quantity: 'power', min, max, tolerance, ...excuseOf(verb) };
};

/**
 * @param targets parameters in force, by verb
 * @returns effects by verb; commands that show in no measured value have none
 */
export const expectedEffects = (actuator: Actuator, targets: Map<string, Params>): Map<string, ExpectedEffect> =>
  new Map(
    [...targets].flatMap(([verb, params]) => {
      const effect = expectedEffect(actuator, verb, params);
      return effect ? [[verb, effect]] : [];
    }),
  );
