/**
 * One actuator behind registers: its orders are written in the order of the profile, verified, and kept alive for as long
 * as their lease lasts. What others have set in these registers bounds the orders, and comes back after the last of them.
 */
import { type Applied, CommandFailure, isHeld, type Order, signatureOf } from '../../driver.ts';
import type { Effect } from '../profiles/control-schema.ts';
import type { ResolvedAction, ResolvedActuator } from '../profiles/controls.ts';
import { createOrderScope, evaluate, type Scope } from '../profiles/expression.ts';
import { isEcho, isMet } from '../profiles/point.ts';
import type { ActuatorDevice } from './actuator-device.ts';
import { ForeignControl } from './foreign-control.ts';
import { type Execution, StepExecutor } from './step-executor.ts';
import { differences, type ExpectedEffect, readableOf } from './verification.ts';
import { OrderUpkeep, Watchdogs } from './watchdogs.ts';
import type { WantedPoint } from './write-plan.ts';

/** Registers that no watchdog keeps alive are compared with the order this often, ms. */
const driftCheckMs = 30_000;

/** One actuator with the order that it carries out. */
export class RegisterActuator {
  readonly #actuator: ResolvedActuator;
  readonly #device: ActuatorDevice;
  /** Tells that the device does not hold any more what it was told. */
  readonly #onDrift: (what: string) => void;
  readonly #foreign: ForeignControl | undefined;
  readonly #executor: StepExecutor;
  #upkeep: OrderUpkeep;
  /** Work that keeps the order before this one alive, and has not ended yet. */
  #working: Promise<unknown> = Promise.resolve();
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
    this.#foreign = actuator.foreign && new ForeignControl(actuator, actuator.foreign, device);
    this.#executor = new StepExecutor(device, this.#foreign);
  }

  /** What to switch on at a device that refuses orders. */
  get advice(): string | undefined {
    return this.#actuator.advice;
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

  async #carryOut(given: Order, signal: AbortSignal): Promise<Applied> {
    const actuator = this.#actuator;
    const { verb } = given;
    // Config commands have no safe state, and no order that could be bound.
    const action = verb === undefined ? actuator.fallback : actuator.actions[verb];
    if (!action) throw new CommandFailure('UNSUPPORTED', `${actuator.key} has no ${verb ?? 'safe state'}`);
    const upkeep = this.#upkeep;
    // A write of the order before this one must not come after its own.
    await this.#working;
    await this.#checkRequirements(action);
    const foreign = this.#foreign;
    if (foreign && !isHeld(given)) {
      this.#watchdogs.forget();
      return foreign.restore({ order: given, upkeep }, signal);
    }
    await foreign?.prepare(given);
    const order = foreign?.bound(given) ?? given;
    const scope = createOrderScope({ actuator, action }, order, this.#surroundings());
    const execution: Execution = { order, scope, upkeep };
    await this.#setUp(execution);
    const applied = await this.#tell(action, execution, signal);
    const limits = foreign?.stricterThan(given) ?? {};
    return Object.keys(limits).length === 0 ? applied : { ...applied, foreignLimits: limits };
  }

  #surroundings(): Parameters<typeof createOrderScope>[2] {
    const { settings, clock } = this.#device;
    return { settings, now: () => clock.monotonic(), ...(this.#foreign && { foreign: this.#foreign }) };
  }

  /** Writes an order, keeps it alive, and looks for its proof. */
  async #tell(action: ResolvedAction, execution: Execution, signal: AbortSignal): Promise<Applied> {
    const { order, scope } = execution;
    const { verifier } = this.#device;
    const expected = action.effect && this.#expectedEffect(action.effect, scope);
    const signature = signatureOf(order);
    const isNew = expected?.proof === 'effect' && this.#proven !== signature;
    const wasThere = isNew && (await verifier.mayBeThere(expected));
    this.#proven = undefined;
    const wanted = await this.#executor.execute(action.steps, execution);
    if (isHeld(order)) this.#keepAlive(action, wanted, execution);
    else this.#watchdogs.forget();
    const applied = await verifier.registers(wanted, this.#actuator.settleMs, signal);
    if (!expected || signal.aborted) return applied ?? { verified: false, reason: 'no_readback' };
    const seen = await verifier.effect(expected, wasThere, signal);
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
    await new StepExecutor(this.#device).execute(setup, execution);
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

  /** Feeds the watchdogs of the device; registers that nothing rewrites, or others set as well, are looked at. */
  #keepAlive({ steps }: ResolvedAction, wanted: WantedPoint[], execution: Execution): void {
    const { order, upkeep, scope } = execution;
    const again = { ...execution, order: { ...order, startBy: order.notAfter } };
    const rewrites = this.#watchdogs.feed({
      order,
      steps,
      upkeep,
      scope,
      write: (feeding, isOrder) =>
        this.#work(async () => {
          if (isOrder && (await this.#hasLost(upkeep))) return;
          await (isOrder ? this.#executor : new StepExecutor(this.#device)).execute(feeding, again);
        }),
    });
    const back = readableOf(wanted);
    if (back.length === 0 || (rewrites && !this.#foreign)) return;
    const check = this.#foreign
      ? async (): Promise<void> => void (await this.#hasLost(upkeep))
      : async (): Promise<void> => {
          const found = differences(back, await this.#device.readPoints(back.map(({ point }) => point)));
          if (found.length > 0) this.#onDrift(found.join(', '));
        };
    upkeep.repeat(order, { everyMs: driftCheckMs, run: () => this.#work(check) });
  }

  /** Does work for the upkeep of an order, for whose end the next order waits. */
  #work(run: () => Promise<void>): Promise<void> {
    const work = run();
    this.#working = Promise.all([this.#working, work.catch(() => {})]);
    return work;
  }

  /** Whether others have changed what was written: then the order has to be decided anew, with what they want. */
  async #hasLost(upkeep: OrderUpkeep): Promise<boolean> {
    const what = await this.#foreign?.lost();
    if (what === undefined || upkeep.isOver) return false;
    this.#onDrift(what);
    return true;
  }
}
