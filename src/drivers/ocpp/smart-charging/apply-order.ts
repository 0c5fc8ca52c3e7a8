/** Orders of the bridge as setpoints for the limiter. */
import type { Params } from '../../../model/command.ts';
import { type Applied, CommandFailure, type Order } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { parseKey } from './actuators.ts';
import type { LimitSettings } from './limit-settings.ts';
import type { Limiter } from './limiter.ts';
import { type PhaseSwitchingContext, switchPhases } from './phase-switching.ts';
import { maxPeriods, type SetpointSchedule } from './setpoint-schedule.ts';

const setpointOf = (row: Record<string, string | number>): SetpointSchedule[number] => {
  const { start_s: startS, current_a: currentA, power_w: powerW } = row;
  if (typeof startS !== 'number' || startS < 0)
    throw new CommandFailure('SCHEMA', 'each period of a schedule has start_s, from 0 on');
  if (typeof currentA === 'number' && currentA >= 0 && powerW === undefined) return { startS, currentA };
  if (typeof powerW === 'number' && powerW >= 0 && currentA === undefined) return { startS, powerW };
  throw new CommandFailure('SCHEMA', 'each period of a schedule has either current_a or power_w');
};

/** @throws CommandFailure SCHEMA, OUT_OF_RANGE */
const scheduleOf = ({ schedule }: Params): SetpointSchedule => {
  const setpoints = Array.isArray(schedule) ? schedule.map(setpointOf) : [];
  const isOrdered = setpoints.every(({ startS }, i) => startS > (setpoints[i - 1]?.startS ?? -1));
  if (setpoints[0]?.startS !== 0 || !isOrdered)
    throw new CommandFailure('SCHEMA', 'a schedule begins at 0 and goes forward');
  if (setpoints.length > maxPeriods)
    throw new CommandFailure('OUT_OF_RANGE', `a schedule has ${maxPeriods} periods at the most`);
  return setpoints;
};

const constantCurrent = (currentA: number): SetpointSchedule => [{ startS: 0, currentA }];

/**
 * @returns the setpoints of a limit that is given with a start; undefined: none is given
 * @throws CommandFailure SCHEMA, OUT_OF_RANGE
 */
export const setpointsOfStart = (params: Params): SetpointSchedule | undefined => {
  const { current_a: currentA, power_w: powerW, schedule } = params;
  const given = [currentA, powerW, schedule].filter((each) => each !== undefined);
  if (given.length > 1) throw new CommandFailure('SCHEMA', 'a start has one of current_a, power_w and schedule');
  if (typeof currentA === 'number') return constantCurrent(currentA);
  if (typeof powerW === 'number') return [{ startS: 0, powerW }];
  return schedule === undefined ? undefined : scheduleOf(params);
};

/**
 * @returns the setpoints of an order; without a verb: the failsafe current
 * @throws CommandFailure SCHEMA, OUT_OF_RANGE
 */
export const setpointsOf = (
  { verb, params }: Pick<Order, 'verb' | 'params'>,
  { maxCurrentA, failsafeA }: Pick<LimitSettings, 'maxCurrentA' | 'failsafeA'>,
): SetpointSchedule => {
  switch (verb) {
    case undefined:
      return constantCurrent(failsafeA);
    case 'pause':
      return constantCurrent(0);
    case 'set_power_limit':
      return [{ startS: 0, powerW: Number(params.power_w) }];
    case 'set_profile':
      return scheduleOf(params);
    default:
      return constantCurrent(typeof params.current_a === 'number' ? params.current_a : maxCurrentA);
  }
};

export interface OrderContext {
  settings: LimitSettings;
  limiter: Limiter;
  phaseSwitching: PhaseSwitchingContext;
  /** Carries out a command that sets no limit. */
  act(command: StationCommand): Promise<Applied>;
}

/** @throws CommandFailure */
export const applyOrder = async (
  { settings, limiter, phaseSwitching, act }: OrderContext,
  order: Order,
  signal: AbortSignal,
): Promise<Applied> => {
  const { verb, params, startBy } = order;
  const { what, evse } = parseKey(order.actuator);
  if (what === 'limit') return limiter.apply({ ...order, evse, setpoints: setpointsOf(order, settings) }, signal);
  if (what === 'phases') {
    const phases = (params.phases ?? settings.phases) === 1 ? 1 : 3;
    return switchPhases(phaseSwitching, { evse, phases, verb }, signal);
  }
  if (verb === undefined) throw new CommandFailure('UNSUPPORTED', `${order.actuator} has no safe state`);
  return act({ evse, verb, params, startBy });
};
