/** Orders of the bridge in the words of a station: each to whoever carries it out. */
import type { Params } from '../../../model/command.ts';
import { type Applied, CommandFailure, type Order } from '../../driver.ts';
import type { Actions } from '../station/actions.ts';
import type { Limiter } from './limits.ts';
import { parseKey } from './offer.ts';
import type { PhaseSwitch } from './phases.ts';
import type { LimitSettings } from './settings.ts';
import type { Wish } from './translation.ts';

/** OCPP 1.6 §9.4.3: few stations take more periods. */
const mostPeriods = 24;

const stepOf = (row: Record<string, string | number>): Wish[number] => {
  const { start_s: startS, current_a: currentA, power_w: powerW } = row;
  if (typeof startS !== 'number' || startS < 0)
    throw new CommandFailure('SCHEMA', 'each period of a schedule has start_s, from 0 on');
  if (typeof currentA === 'number' && currentA >= 0 && powerW === undefined) return { startS, currentA };
  if (typeof powerW === 'number' && powerW >= 0 && currentA === undefined) return { startS, powerW };
  throw new CommandFailure('SCHEMA', 'each period of a schedule has either current_a or power_w');
};

const scheduleOf = ({ schedule }: Params): Wish => {
  const wish = Array.isArray(schedule) ? schedule.map(stepOf) : [];
  const isOrdered = wish.every(({ startS }, i) => startS > (wish[i - 1]?.startS ?? -1));
  if (wish[0]?.startS !== 0 || !isOrdered)
    throw new CommandFailure('SCHEMA', 'a schedule begins at 0 and goes forward');
  if (wish.length > mostPeriods)
    throw new CommandFailure('OUT_OF_RANGE', `a schedule has ${mostPeriods} periods at the most`);
  return wish;
};

const amperes = (currentA: unknown, otherwise: number): Wish => [
  { startS: 0, currentA: typeof currentA === 'number' ? currentA : otherwise },
];

/** @returns the current that is wanted over time; without a verb: the safe one */
export const wishOf = (
  { verb, params }: Pick<Order, 'verb' | 'params'>,
  { maxCurrentA, failsafeA }: Pick<LimitSettings, 'maxCurrentA' | 'failsafeA'>,
): Wish => {
  switch (verb) {
    case undefined:
      return amperes(failsafeA, failsafeA);
    case 'pause':
      return amperes(0, 0);
    case 'set_power_limit':
      return [{ startS: 0, powerW: Number(params.power_w) }];
    case 'set_profile':
      return scheduleOf(params);
    default:
      return amperes(params.current_a, maxCurrentA);
  }
};

export const createOrders =
  (settings: LimitSettings, limiter: Limiter, phaseSwitch: PhaseSwitch, actions: Actions) =>
  async (order: Order, signal: AbortSignal): Promise<Applied> => {
    const { what, evse } = parseKey(order.actuator);
    if (what === 'limit') return limiter.apply(evse, wishOf(order, settings), order, signal);
    if (what === 'phases') {
      const phases = order.params.phases ?? settings.phases;
      return phaseSwitch.apply(evse, phases === 1 ? 1 : 3, order, signal);
    }
    if (order.verb === undefined) throw new CommandFailure('UNSUPPORTED', `${order.actuator} has no safe state`);
    return actions.act(evse, order.verb, order.params, order.startBy);
  };
