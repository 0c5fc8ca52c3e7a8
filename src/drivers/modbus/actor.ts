/**
 * Orders carried out on a Modbus device: written in the order of the profile, read back, and kept alive for as long
 * as their lease lasts and not a moment longer.
 */
import type { Code } from '../../model/command.ts';
import type { Clock, Timer } from '../../model/time.ts';
import { type Actuator, type Applied, CommandFailure, type Order } from '../driver.ts';
import { pause } from '../pause.ts';
import type { Bus } from './bus.ts';
import { isMet } from './condition.ts';
import type { ResolvedAction, ResolvedActuator, ResolvedStep } from './controls.ts';
import { evaluate, type Scope } from './expression.ts';
import { describeActuator, orderScope, settingScope } from './offer.ts';
import { isEcho, type Point } from './point.ts';
import type { Effect, Watchdog } from './profile-controls.ts';
import { type FailureKind, ModbusFailure } from './request.ts';
import type { ResolvedProfile } from './resolve.ts';
import { createSpotReader } from './spot-reader.ts';
import { createVerifier, differences, type Expectation, readable } from './verify.ts';
import { type PlannedStep, planWrites, type Wanted } from './write-plan.ts';

export interface ActorOptions {
  resolved: ResolvedProfile;
  bus: Bus;
  unit: number;
  /** Settings the integrator entered. */
  settings: Record<string, number>;
  /** The last polled value of a point, in its unit. */
  polled(point: string): number | undefined;
}

export interface Actor {
  actuators(): Actuator[];
  apply(order: Order, signal: AbortSignal): Promise<Applied>;
  /** The device was away: it may have forgotten what it was prepared for. */
  returned(): void;
  close(): void;
}

/** What nothing keeps alive is looked at this often, ms. */
const driftCheckMs = 30_000;
/** A feeding that failed is tried again this soon. */
const retryFeedMs = 1000;

interface State {
  actuator: ResolvedActuator;
  isSetUp: boolean;
  timers: Set<Timer>;
  /** When each watchdog of the device has to be fed, whoever renews the order meanwhile; monotonic ms. */
  feedAt: Map<Watchdog, number>;
  /** Counts orders: whatever belongs to an earlier one stops. */
  generation: number;
  /** The order whose effect was seen to come: that it is still there proves it once more. */
  proven: string | undefined;
}

const codeOf: Record<FailureKind, Code> = {
  timeout: 'TIMEOUT',
  exception: 'DEVICE_REJECTED',
  expired: 'EXPIRED',
  disconnected: 'DEVICE_OFFLINE',
  unreachable: 'DEVICE_OFFLINE',
  unconfirmed: 'READBACK_MISMATCH',
  malformed: 'INTERNAL',
  refused: 'INTERNAL',
};

/** @returns the failure in the words of commands */
const toCommandFailure = (error: unknown): unknown =>
  error instanceof ModbusFailure ? new CommandFailure(codeOf[error.kind], error.message) : error;

const signatureOf = ({ verb, params, limits }: Order): string => JSON.stringify([verb, params, limits]);

const isHeld = (order: Order): boolean => order.verb !== undefined || Object.keys(order.limits).length > 0;

/** @param tellDrift the device does not hold any more what it was told */
export const createActor = (
  { resolved, bus, unit, settings, polled }: ActorOptions,
  clock: Clock,
  tellDrift: (actuator: string, what: string) => void,
): Actor => {
  const { profile, controls, points } = resolved;
  const byName = new Map(points.map((point) => [point.name, point]));
  const scope = settingScope(profile.settings ?? {}, settings, polled);
  const readSpots = createSpotReader(resolved, bus, unit);
  const verify = createVerifier(readSpots, clock);
  const states = new Map<string, State>(
    controls.actuators.map((actuator) => [
      actuator.key,
      { actuator, isSetUp: false, timers: new Set(), feedAt: new Map(), generation: 0, proven: undefined },
    ]),
  );

  const pointOf = (name: string): Point => {
    const point = byName.get(name);
    if (!point) throw new CommandFailure('INTERNAL', `the profile has no point ${name}`);
    return point;
  };

  /** Powers of ten of the points to be written that have one, read anew. */
  const exponents = async (steps: ResolvedStep[]): Promise<(point: Point) => number> => {
    const factors = steps.flatMap((step) =>
      'point' in step && step.point.source.scaleFrom !== undefined ? [pointOf(step.point.source.scaleFrom)] : [],
    );
    if (factors.length === 0) return () => 0;
    const spots = await readSpots(factors);
    return ({ source }) => {
      if (source.scaleFrom === undefined) return 0;
      const exponent = spots.value(pointOf(source.scaleFrom));
      if (typeof exponent !== 'number')
        throw new CommandFailure('DEVICE_REJECTED', `the device does not tell ${source.scaleFrom}`);
      return exponent;
    };
  };

  /** Registers that wear out are not written again with what they hold already. */
  const isThereAlready = async ({ wanted }: Extract<PlannedStep, { request: unknown }>): Promise<boolean> => {
    if (!wanted.every(({ point }) => point.source.persistent && point.isReadable)) return false;
    return differences(wanted, await readSpots(wanted.map(({ point }) => point))).length === 0;
  };

  const execute = async (state: State, steps: ResolvedStep[], within: Scope, order: Order): Promise<Wanted[]> => {
    const { generation } = state;
    const plan = planWrites(steps, unit, within, await exponents(steps));
    let notAfter = Math.min(order.startBy, order.notAfter);
    for (const step of plan) {
      if (state.generation !== generation) throw new CommandFailure('INTERNAL', 'overtaken by something newer');
      if ('waitMs' in step) await pause(step.waitMs, clock);
      else if (!(await isThereAlready(step))) await bus.write(step.request, notAfter);
      notAfter = order.notAfter;
    }
    return plan.flatMap((step) => ('request' in step ? step.wanted : []));
  };

  const checkRequirements = async ({ requires }: ResolvedAction): Promise<void> => {
    if (requires.length === 0) return;
    const spots = await readSpots(requires.map(({ point }) => pointOf(point)));
    for (const { point, why, ...condition } of requires)
      if (!isMet(spots.value(pointOf(point)), condition)) throw new CommandFailure('INTERLOCK', why);
  };

  const expectationOf = ({ point, value, tolerance, withinMs, unless = [] }: Effect, within: Scope): Expectation => ({
    point: pointOf(point),
    value: evaluate(value, within) ?? Number.NaN,
    tolerance,
    withinMs,
    proof: isEcho(pointOf(point)) ? 'register' : 'effect',
    excuses: unless.map(({ point: name, reason, ...condition }) => ({ point: pointOf(name), condition, reason })),
  });

  /** Runs again and again while the order is in force; a failure is tried again soon. */
  const keepDoing = (
    state: State,
    order: Order,
    everyMs: number,
    work: () => Promise<void>,
    firstMs = everyMs,
  ): void => {
    const { generation } = state;
    const isCurrent = (): boolean => state.generation === generation && clock.monotonic() < order.notAfter;
    const next = (ms: number): void => {
      const timer = clock.after(ms, () => {
        state.timers.delete(timer);
        void run();
      });
      state.timers.add(timer);
    };
    const run = async (): Promise<void> => {
      let waitMs = everyMs;
      if (!isCurrent()) return;
      try {
        await work();
      } catch {
        waitMs = Math.min(everyMs, retryFeedMs);
      }
      if (isCurrent()) next(waitMs);
    };
    next(firstMs);
  };

  const periodMs = ({ periodMs: given, timeoutS }: Watchdog): number => {
    const timeout = timeoutS === undefined ? undefined : evaluate(timeoutS, scope);
    return given ?? (timeout === undefined ? driftCheckMs : (timeout * 1000) / 2);
  };

  /** What a watchdog wants to see written again. */
  const foodOf = ({ kind, point, value = 1 }: Watchdog, { steps }: ResolvedAction): ResolvedStep[] => {
    if (kind === 'write') return [{ point: pointOf(point ?? ''), value }];
    return point === undefined ? steps : steps.filter((step) => 'point' in step && step.point.name === point);
  };

  /** Watchdogs of the device are fed; where there are none, somebody has to notice that it was told otherwise. */
  const keepAlive = (state: State, action: ResolvedAction, within: Scope, order: Order, wanted: Wanted[]): void => {
    const { watchdog, key } = state.actuator;
    const again = { ...order, startBy: order.notAfter };
    for (const dog of watchdog.filter(({ kind }) => kind !== 'read')) {
      const everyMs = periodMs(dog);
      const now = clock.monotonic();
      // What is rewritten was written with the order.
      const feedAt = (dog.kind === 'write' && state.feedAt.get(dog)) || now + everyMs;
      state.feedAt.set(dog, feedAt);
      const feed = async (): Promise<void> => {
        await execute(state, foodOf(dog, action), within, again);
        state.feedAt.set(dog, clock.monotonic() + everyMs);
      };
      keepDoing(state, order, everyMs, feed, Math.max(0, feedAt - now));
    }
    const back = readable(wanted);
    if (back.length === 0 || watchdog.some(({ kind }) => kind === 'rewrite')) return;
    keepDoing(state, order, driftCheckMs, async () => {
      const found = differences(back, await readSpots(back.map(({ point }) => point)));
      if (found.length > 0) tellDrift(key, found.join(', '));
    });
  };

  const stop = (state: State): void => {
    state.generation++;
    for (const timer of state.timers) timer.cancel();
    state.timers.clear();
  };

  const carryOut = async (state: State, order: Order, signal: AbortSignal): Promise<Applied> => {
    const { actuator } = state;
    const action = order.verb === undefined ? actuator.fallback : actuator.actions[order.verb];
    if (!action) throw new CommandFailure('UNSUPPORTED', `${actuator.key} has no ${order.verb ?? 'safe state'}`);
    const within = orderScope(actuator, action, order, scope);
    await checkRequirements(action);
    if (!state.isSetUp && actuator.setup.length > 0 && isHeld(order)) {
      await execute(state, actuator.setup, within, order);
      state.isSetUp = true;
    }
    const expected = action.effect && expectationOf(action.effect, within);
    const signature = signatureOf(order);
    const isAnew = expected?.proof === 'effect' && state.proven !== signature;
    const wasThere = isAnew && (await verify.isThere(expected));
    state.proven = undefined;
    const wanted = await execute(state, action.steps, within, order);
    if (isHeld(order)) keepAlive(state, action, within, order, wanted);
    else state.feedAt.clear();
    const applied = await verify.registers(wanted, actuator.settleMs, signal);
    if (!expected || signal.aborted) return applied ?? { verified: false, reason: 'no_readback' };
    const seen = await verify.effect(expected, wasThere, signal);
    if (seen.verified) state.proven = signature;
    return seen;
  };

  return {
    actuators: () => controls.actuators.map((actuator) => describeActuator(actuator, scope)),
    async apply(order, signal) {
      const state = states.get(order.actuator);
      if (!state) throw new CommandFailure('UNSUPPORTED', `there is no ${order.actuator}`);
      stop(state);
      try {
        return await carryOut(state, order, signal);
      } catch (error) {
        stop(state);
        const failure = toCommandFailure(error);
        const isUnreachable = failure instanceof CommandFailure && failure.code === 'DEVICE_OFFLINE';
        if (isUnreachable && !isHeld(order)) bus.hurry();
        throw failure;
      }
    },
    returned() {
      for (const state of states.values()) Object.assign(state, { isSetUp: false, proven: undefined });
    },
    close() {
      for (const state of states.values()) stop(state);
    },
  };
};
