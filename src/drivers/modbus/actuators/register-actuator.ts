/**
 * One actuator behind registers: its orders are written in the order of the profile, verified, and kept alive for as long
 * as their lease lasts.
 */
import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';
import { type Applied, CommandFailure, isHeld, type Order, signatureOf } from '../../driver.ts';
import { ownBits } from '../codec/encode.ts';
import { isPlausibleExponent, maxExponent } from '../codec/point-scaling.ts';
import type { PointReader } from '../polling/point-reader.ts';
import type { Effect } from '../profiles/control-schema.ts';
import type { ResolvedAction, ResolvedActuator, ResolvedStep } from '../profiles/controls.ts';
import { createOrderScope, evaluate, type Scope } from '../profiles/expression.ts';
import { isEcho, isMet, type Point } from '../profiles/point.ts';
import type { Bus } from '../transport/bus/bus.ts';
import { differences, type ExpectedEffect, readableOf, type Verifier } from './verification.ts';
import { OrderUpkeep, Watchdogs } from './watchdogs.ts';
import { type PlannedWrite, planWrites, type WantedPoint } from './write-plan.ts';

/** The parts of a device that its actuators share. */
export interface ActuatorDevice {
  bus: Bus;
  unit: number;
  clock: Clock;
  /** The scope of the settings. */
  settings: Scope;
  readPoints: PointReader;
  verifier: Verifier;
  /** @throws CommandFailure if the profile has no such point */
  pointOf(name: string): Point;
}

/** An order while it is being carried out. */
interface Execution {
  order: Order;
  scope: Scope;
  upkeep: OrderUpkeep;
}

/** Registers that no watchdog keeps alive are compared with the order this often, ms. */
const driftCheckMs = 30_000;

/** One actuator with the order that it carries out. */
export class RegisterActuator {
  readonly #actuator: ResolvedActuator;
  readonly #device: ActuatorDevice;
  /** Tells that the device does not hold any more what it was told. */
  readonly #onDrift: (what: string) => void;
  #upkeep: OrderUpkeep;
  /** The setup of the profile was written since the device last appeared. */
  #isSetUp = false;
  readonly #watchdogs: Watchdogs;
  /** The order whose effect was seen to come: that the effect is still there proves the order once more. */
  #proven: string | undefined;

  constructor(actuator: ResolvedActuator, device: ActuatorDevice, onDrift: (what: string) => void) {
    this.#actuator = actuator;
    this.#device = device;
    this.#onDrift = onDrift;
    this.#upkeep = new OrderUpkeep(device.clock);
    this.#watchdogs = new Watchdogs(actuator.watchdog, device);
  }

  /**
   * Carries out an order in place of the one before.
   * @param signal ends the waiting for an effect
   * @throws CommandFailure, ModbusFailure
   */
  async apply(order: Order, signal: AbortSignal): Promise<Applied> {
    this.stop();
    try {
      return await this.#carryOut(order, signal);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** Ends the upkeep of the current order. */
  stop(): void {
    this.#upkeep.stop();
    this.#upkeep = new OrderUpkeep(this.#device.clock);
  }

  /** The device was away, and may have forgotten what it was told. */
  forget(): void {
    this.#isSetUp = false;
    this.#proven = undefined;
  }

  async #carryOut(order: Order, signal: AbortSignal): Promise<Applied> {
    const actuator = this.#actuator;
    const action = order.verb === undefined ? actuator.fallback : actuator.actions[order.verb];
    if (!action) throw new CommandFailure('UNSUPPORTED', `${actuator.key} has no ${order.verb ?? 'safe state'}`);
    const scope = createOrderScope({ actuator, action }, order, this.#device.settings);
    const execution: Execution = { order, scope, upkeep: this.#upkeep };
    await this.#checkRequirements(action);
    await this.#setUp(execution);
    const expected = action.effect && this.#expectedEffect(action.effect, scope);
    const signature = signatureOf(order);
    const isNew = expected?.proof === 'effect' && this.#proven !== signature;
    const wasThere = isNew && (await this.#device.verifier.mayBeThere(expected));
    this.#proven = undefined;
    const wanted = await this.#execute(action.steps, execution);
    if (isHeld(order)) this.#keepAlive(action, wanted, execution);
    else this.#watchdogs.forget();
    const applied = await this.#device.verifier.registers(wanted, actuator.settleMs, signal);
    if (!expected || signal.aborted) return applied ?? { verified: false, reason: 'no_readback' };
    const seen = await this.#device.verifier.effect(expected, wasThere, signal);
    if (seen.verified) this.#proven = signature;
    return seen;
  }

  /** @throws CommandFailure INTERLOCK if the device is in a state in which the profile forbids the command */
  async #checkRequirements({ requires }: ResolvedAction): Promise<void> {
    if (requires.length === 0) return;
    const { readPoints, pointOf } = this.#device;
    const snapshot = await readPoints(requires.map(({ point }) => pointOf(point)));
    for (const { point, why, ...criterion } of requires)
      if (!isMet(snapshot.value(pointOf(point)), criterion)) throw new CommandFailure('INTERLOCK', why);
  }

  /** Writes the setup of the profile once, before the first order that holds the device to something. */
  async #setUp(execution: Execution): Promise<void> {
    const { setup } = this.#actuator;
    if (this.#isSetUp || setup.length === 0 || !isHeld(execution.order)) return;
    await this.#execute(setup, execution);
    this.#isSetUp = true;
  }

  #expectedEffect({ point: name, value, tolerance, withinMs, unless = [] }: Effect, scope: Scope): ExpectedEffect {
    const { pointOf } = this.#device;
    const point = pointOf(name);
    return {
      point,
      value: evaluate(value, scope) ?? Number.NaN,
      tolerance,
      withinMs,
      proof: isEcho(point) ? 'register' : 'effect',
      excuses: unless.map(({ point: excuse, reason, ...criterion }) => ({ point: pointOf(excuse), criterion, reason })),
    };
  }

  /** @throws CommandFailure, ModbusFailure */
  async #execute(steps: ResolvedStep[], { order, scope, upkeep }: Execution): Promise<WantedPoint[]> {
    const { bus, clock, unit } = this.#device;
    const exponentOf = await this.#readExponents(steps);
    const plan = planWrites(steps, { unit, scope, exponentOf, held: await this.#readParts(steps) });
    let notAfter = Math.min(order.startBy, order.notAfter);
    for (const step of plan) {
      if (upkeep.isOver) throw new CommandFailure('INTERNAL', 'replaced by a newer order');
      if ('waitMs' in step) await pause(step.waitMs, clock);
      else if (!(await this.#isThereAlready(step))) await bus.write(step.request, notAfter);
      // Only the first write has to begin in time: an order that has begun is carried out to its end.
      notAfter = order.notAfter;
    }
    return plan.flatMap((step) => ('request' in step ? step.wanted : []));
  }

  /**
   * Reads the powers of ten of the points that are to be written, because they may change at any time.
   * @throws CommandFailure from the function: the device tells none, or one that reading would not believe either
   */
  async #readExponents(steps: ResolvedStep[]): Promise<(point: Point) => number> {
    const { readPoints, pointOf } = this.#device;
    const factors = steps.flatMap((step) =>
      'point' in step && step.point.source.scaleFrom !== undefined ? [pointOf(step.point.source.scaleFrom)] : [],
    );
    if (factors.length === 0) return () => 0;
    const snapshot = await readPoints(factors);
    return ({ source }) => {
      if (source.scaleFrom === undefined) return 0;
      const exponent = snapshot.value(pointOf(source.scaleFrom));
      if (typeof exponent !== 'number')
        throw new CommandFailure('DEVICE_REJECTED', `the device does not report ${source.scaleFrom}`);
      if (!isPlausibleExponent(exponent))
        throw new CommandFailure(
          'DEVICE_REJECTED',
          `the device reports ${exponent} as ${source.scaleFrom}, but a power of ten lies between -${maxExponent} and ${maxExponent}`,
        );
      return exponent;
    };
  }

  /** Reads the registers of which a step writes some bits only, because others may have changed the rest. */
  async #readParts(steps: ResolvedStep[]): Promise<(point: Point, address: number) => number | undefined> {
    const parts = steps.flatMap((step) => ('point' in step && ownBits(step.point) ? [step.point] : []));
    if (parts.length === 0) return () => undefined;
    const snapshot = await this.#device.readPoints(parts);
    return ({ table }, address) => snapshot.word(table, address);
  }

  /** Whether registers that wear out hold the wanted words already, so that they need not be written. */
  async #isThereAlready({ wanted }: PlannedWrite): Promise<boolean> {
    if (!wanted.every(({ point }) => point.source.persistent && point.isReadable)) return false;
    return differences(wanted, await this.#device.readPoints(wanted.map(({ point }) => point))).length === 0;
  }

  /** Feeds the watchdogs of the device; without a watchdog that rewrites, registers are compared with the order. */
  #keepAlive({ steps }: ResolvedAction, wanted: WantedPoint[], execution: Execution): void {
    const { order, upkeep } = execution;
    const again = { ...execution, order: { ...order, startBy: order.notAfter } };
    this.#watchdogs.feed({ order, steps, upkeep, write: (feeding) => this.#execute(feeding, again) });
    const back = readableOf(wanted);
    if (back.length === 0 || this.#watchdogs.rewritesOrder) return;
    const run = async (): Promise<void> => {
      const found = differences(back, await this.#device.readPoints(back.map(({ point }) => point)));
      if (found.length > 0) this.#onDrift(found.join(', '));
    };
    upkeep.repeat(order, { everyMs: driftCheckMs, run });
  }
}
