/** Waiting for a connection that has broken: some devices end it when they are asked for a unit that they do not know. */
import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';
import type { Bus, UnitLimits } from '../../modbus/index.ts';

interface Waiting {
  clock: Clock;
  /** Time in which the connection has to be back, ms. */
  withinMs: number;
  signal?: AbortSignal | undefined;
  /** The bus keeps a connection only for units that are attached: this one, with these limits. */
  unit: number;
  limits: UnitLimits;
}

/**
 * Waits until the connection of a bus is open.
 * @returns undefined once it is; in words why it is not
 * @throws the reason of the signal, if that is aborted
 */
export const waitForConnection = async (bus: Bus, waiting: Waiting): Promise<string | undefined> => {
  const { clock, withinMs, signal, unit, limits } = waiting;
  const opened = new AbortController();
  const check = (): void => {
    if (bus.linkState().kind === 'open') opened.abort();
  };
  const detach = bus.attach(unit, limits);
  const ignore = bus.onChange(check);
  check();
  await pause(withinMs, clock, AbortSignal.any([opened.signal, ...(signal ? [signal] : [])]));
  ignore();
  detach();
  signal?.throwIfAborted();
  const state = bus.linkState();
  if (state.kind === 'open') return undefined;
  return state.kind === 'waiting' ? state.reason : state.kind;
};
