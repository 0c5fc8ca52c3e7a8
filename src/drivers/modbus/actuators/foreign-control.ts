/**
 * The part of others in the orders of one actuator: what they have set is looked at before anything is written, bounds the
 * orders, and is written back after the last of them.
 */
import { type Applied, CommandFailure, type DriverEvent, type Order } from '../../driver.ts';
import type { ResolvedActuator, ResolvedForeign } from '../profiles/controls.ts';
import type { ActuatorDevice } from './actuator-device.ts';
import { boundByForeign, type ForeignPart, foreignPartOf } from './foreign-limits.ts';
import { ForeignWords } from './foreign-words.ts';
import { type Execution, StepExecutor, type WriteListener } from './step-executor.ts';
import { planTogether, type WantedPoint } from './write-plan.ts';

/** Nobody else has set anything. */
const nothing: ForeignPart = { limits: {}, isInForce: false, objection: undefined, timerS: 0 };

const nothingToRestore: Applied = { verified: true, by: 'register' };

/** What others have set in the registers of one actuator. */
export class ForeignControl implements WriteListener {
  readonly #actuator: ResolvedActuator;
  readonly #device: ActuatorDevice;
  readonly #words: ForeignWords;
  readonly #executor: StepExecutor;
  #part = nothing;
  /** The part of others as it was told last, as JSON. */
  #told = JSON.stringify(nothing);

  constructor(actuator: ResolvedActuator, foreign: ResolvedForeign, device: ActuatorDevice) {
    this.#actuator = actuator;
    this.#device = device;
    this.#words = new ForeignWords(foreign, {
      device,
      memory: device.memoryOf(actuator.key, foreign.source.keep[0] ?? ''),
      scope: () => ({
        ...device.settings,
        name: (name) => (name === 'foreign' ? this.isInForce : device.settings.name(name)),
        found: (point) => this.found(point),
      }),
    });
    this.#executor = new StepExecutor(device, this);
  }

  get isInForce(): boolean {
    return this.#part.isInForce;
  }

  /** @returns the value of a point before our writes */
  found(point: string): number | undefined {
    return this.#words.found(point);
  }

  /**
   * Looks at what others have set, before an order of ours is written.
   * @throws CommandFailure INTERLOCK if nothing of ours may be written; ModbusFailure
   */
  async prepare({ verb = '' }: Order): Promise<void> {
    const { written } = await this.#words.look();
    this.#update(written);
    const { objection } = this.#part;
    if (objection && (objection.verbs?.includes(verb) ?? true)) throw new CommandFailure('INTERLOCK', objection.why);
  }

  /** @returns the order within the limits of others */
  bound(order: Order): Order {
    return boundByForeign(order, this.#actuator, this.#part);
  }

  /** @returns the limits of others that are stricter than those of an order, by verb */
  stricterThan({ limits }: Order): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.#part.limits).filter(([verb, value]) => value < (limits[verb] ?? Number.POSITIVE_INFINITY)),
    );
  }

  /** @returns in words what others have written, or the device has dropped; undefined: the registers are as we left them */
  async lost(): Promise<string | undefined> {
    const { written, lost } = await this.#words.look();
    this.#update(written);
    return lost.length === 0 ? undefined : lost.join(', ');
  }

  begin(requests: readonly (readonly WantedPoint[])[]): void {
    this.#words.begin(requests);
  }

  written(requests: readonly (readonly WantedPoint[])[]): void {
    this.#words.written(requests);
  }

  /**
   * Writes back what others had set.
   * @throws CommandFailure READBACK_MISMATCH, ModbusFailure
   */
  async restore(execution: Pick<Execution, 'order' | 'upkeep'>, signal: AbortSignal): Promise<Applied> {
    if (!this.#words.isOurs) return nothingToRestore;
    const { written, isRestored } = await this.#words.look();
    this.#update(written);
    if (isRestored) {
      this.#words.forget();
      return nothingToRestore;
    }
    const { unit, verifier } = this.#device;
    const wanted = await this.#executor.write(planTogether(unit, this.#words.restoration()), execution);
    const applied = await verifier.registers(wanted, this.#actuator.settleMs, signal);
    if (applied?.verified) this.#words.forget();
    return applied ?? { verified: false, reason: 'no_readback' };
  }

  #update(written: readonly string[]): void {
    this.#part = foreignPartOf(this.#actuator, this.#words, this.#device.settings);
    const told = JSON.stringify(this.#part);
    if (told === this.#told) return;
    this.#told = told;
    this.#device.event(this.#event(written));
  }

  #event(written: readonly string[]): DriverEvent {
    const { type, index, key } = this.#actuator;
    const { limits, isInForce, timerS } = this.#part;
    const seen = written.length === 0 ? '' : ` (${written.join(', ')})`;
    const what = isInForce
      ? `somebody else has set ${limitsText(limits) || 'what keeps our orders away'}${seen}: the stricter of both applies, and theirs comes back after ours`
      : `nobody else sets anything that bounds ${key}${seen}`;
    const timer =
      timerS > 0 ? `; the device drops what is written ${timerS} s after each write, as somebody else has set` : '';
    return {
      component: { type, ...(index === undefined ? {} : { index }) },
      name: timerS > 0 ? 'foreign_timer' : 'foreign_limit',
      severity: isInForce || timerS > 0 ? 'warning' : 'info',
      message: `${what}${timer}`,
      data: { actuator: key, ...limits, ...(timerS > 0 ? { timer_s: timerS } : {}) },
    };
  }
}

const limitsText = (limits: Record<string, number>): string =>
  Object.entries(limits)
    .map(([verb, value]) => `${verb} to ${Math.round(value)} W`)
    .join(' and ');
