/** The limits that others have set in the registers of an actuator, as limits that bound its orders. */
import { CommandFailure, isHeld, type Order } from '../../driver.ts';
import type { ResolvedActuator } from '../profiles/controls.ts';
import { evaluate, type Scope, unlimitedValue } from '../profiles/expression.ts';
import type { ForeignWords } from './foreign-words.ts';

/** The part of others in an order. */
export interface ForeignPart {
  /** Limits of others by verb, in the unit of their parameter; those that limit nothing are left out. */
  limits: Record<string, number>;
  /** Whether anything that others have set is in force. */
  isInForce: boolean;
  /** Why orders of ours are not carried out, and which; undefined: they are. */
  objection: { why: string; verbs?: readonly string[] | undefined } | undefined;
  /** The longest timer that others have set, s; 0: none. */
  timerS: number;
}

const limitsOf = (actuator: ResolvedActuator, words: ForeignWords, settings: Scope): Record<string, number> => {
  const scope: Scope = { ...settings, found: (name) => words.found(name) };
  const limits: Record<string, number> = {};
  for (const [verb, limit] of Object.entries(actuator.foreign?.source.limits ?? {})) {
    if (!words.holds(limit.while)) continue;
    const value = evaluate(limit.value, scope);
    const unlimited = unlimitedValue(actuator.limits[verb], settings);
    if (value === undefined)
      throw new CommandFailure('INTERLOCK', `somebody else limits ${actuator.key}, and how far is not known`);
    if (unlimited === undefined || value < unlimited) limits[verb] = value;
  }
  return limits;
};

/**
 * @param words of the actuator, after a look at them
 * @throws CommandFailure INTERLOCK if a limit of others cannot be compared with ours
 */
export const foreignPartOf = (actuator: ResolvedActuator, words: ForeignWords, settings: Scope): ForeignPart => {
  const { yields, timers = [] } = actuator.foreign?.source ?? {};
  const limits = limitsOf(actuator, words, settings);
  const objection = yields?.any.some((each) => words.holds(each))
    ? { why: yields.why, verbs: yields.verbs }
    : undefined;
  return {
    limits,
    objection,
    isInForce: Object.keys(limits).length > 0 || objection !== undefined,
    timerS: Math.max(0, ...timers.map((timer) => words.found(timer) ?? 0)),
  };
};

/** @returns the order within the limits of others: the stricter one of both applies */
export const boundByForeign = (order: Order, actuator: ResolvedActuator, { limits: foreign }: ForeignPart): Order => {
  if (!isHeld(order)) return order;
  const limits = { ...order.limits };
  for (const [verb, value] of Object.entries(foreign)) limits[verb] = Math.min(value, limits[verb] ?? value);
  const action = order.verb === undefined ? undefined : actuator.actions[order.verb];
  const params = Object.fromEntries(
    Object.entries(order.params).map(([name, value]) => {
      const { limitedBy = '' } = action?.params[name] ?? {};
      return [name, typeof value === 'number' ? Math.min(value, foreign[limitedBy] ?? value) : value];
    }),
  );
  return { ...order, limits, params };
};
