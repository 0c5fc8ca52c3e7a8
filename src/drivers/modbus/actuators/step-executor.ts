/** The steps of a command on the wire: powers of ten and shared registers are read first, then the steps are written. */
import { pause } from '../../../common/pause.ts';
import { CommandFailure, type Order } from '../../driver.ts';
import { ownBits } from '../codec/encode.ts';
import { isPlausibleExponent, maxExponent } from '../codec/point-scaling.ts';
import { type ResolvedStep, writesOf } from '../profiles/controls.ts';
import type { Scope } from '../profiles/expression.ts';
import type { Point } from '../profiles/point.ts';
import type { ActuatorDevice } from './actuator-device.ts';
import { differences } from './verification.ts';
import type { OrderUpkeep } from './watchdogs.ts';
import { type PlannedStep, type PlannedWrite, planWrites, type WantedPoint } from './write-plan.ts';

/** An order while it is being carried out. */
export interface Execution {
  order: Order;
  scope: Scope;
  upkeep: OrderUpkeep;
}

/** Hears of the points that are written, request by request. */
export interface WriteListener {
  /** @throws CommandFailure if nothing may be written */
  begin(requests: readonly (readonly WantedPoint[])[]): void;
  written(requests: readonly (readonly WantedPoint[])[]): void;
}

/** @returns the points that each request of a plan writes */
const requestsOf = (plan: readonly PlannedStep[]): WantedPoint[][] =>
  plan.flatMap((step) => ('request' in step ? [step.wanted] : []));

/** Carries out the steps of commands on one device. */
export class StepExecutor {
  readonly #device: ActuatorDevice;
  readonly #listener: WriteListener | undefined;

  constructor(device: ActuatorDevice, listener?: WriteListener) {
    this.#device = device;
    this.#listener = listener;
  }

  /**
   * @returns the points that were written
   * @throws CommandFailure, ModbusFailure
   */
  async execute(steps: ResolvedStep[], execution: Execution): Promise<WantedPoint[]> {
    const { unit, isGuarded, readPoints } = this.#device;
    if (isGuarded) await readPoints(writesOf(steps).flatMap(({ point }) => (point.isReadable ? [point] : [])));
    const exponentOf = await this.#readExponents(steps);
    const held = await this.#readParts(steps);
    return this.write(planWrites(steps, { unit, scope: execution.scope, exponentOf, held }), execution);
  }

  /**
   * @returns the points that were written
   * @throws CommandFailure, ModbusFailure
   */
  async write(plan: PlannedStep[], { order, upkeep }: Pick<Execution, 'order' | 'upkeep'>): Promise<WantedPoint[]> {
    const { writer, clock } = this.#device;
    const requests = requestsOf(plan);
    let notAfter = Math.min(order.startBy, order.notAfter);
    if (!upkeep.isOver) this.#listener?.begin(requests);
    for (const step of plan) {
      if (upkeep.isOver) throw new CommandFailure('INTERNAL', 'replaced by a newer order');
      if ('waitMs' in step) await pause(step.waitMs, clock);
      else if (!(await this.#isThereAlready(step))) await writer.write(step, notAfter);
      // Only the first write has to begin in time: an order that has begun is carried out to its end.
      notAfter = order.notAfter;
    }
    if (!upkeep.isOver) this.#listener?.written(requests);
    return requests.flat();
  }

  /**
   * Reads the powers of ten of the points that are to be written, because they may change at any time.
   * @throws CommandFailure from the function: the device tells none, or one that reading would not believe either
   */
  async #readExponents(steps: ResolvedStep[]): Promise<(point: Point) => number> {
    const { readPoints, pointOf } = this.#device;
    const factors = writesOf(steps).flatMap(({ point }) =>
      point.source.scaleFrom === undefined ? [] : [pointOf(point.source.scaleFrom)],
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
    const parts = writesOf(steps).flatMap(({ point }) => (ownBits(point) ? [point] : []));
    if (parts.length === 0) return () => undefined;
    const snapshot = await this.#device.readPoints(parts);
    return ({ table }, address) => snapshot.word(table, address);
  }

  /** Whether registers that wear out hold the wanted words already, so that they need not be written. */
  async #isThereAlready({ wanted }: PlannedWrite): Promise<boolean> {
    if (!wanted.every(({ point }) => point.source.persistent && point.isReadable)) return false;
    return differences(wanted, await this.#device.readPoints(wanted.map(({ point }) => point))).length === 0;
  }
}
