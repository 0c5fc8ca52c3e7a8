/** The actuators block: the controls of a profile, and the orders that its actuators carry out. */
import type { Code } from '../../../model/command.ts';
import type { Clock } from '../../../model/time.ts';
import { type Actuator, type Applied, CommandFailure, type DriverSink, isHeld, type Order } from '../../driver.ts';
import type { DeviceMessage, DriverBlock } from '../device/device-context.ts';
import { createWriteHabits, type WriteHabits } from '../device/write-habits.ts';
import { type FailureKind, ModbusFailure } from '../failures.ts';
import { createPointReader } from '../polling/point-reader.ts';
import { createSettingScope, type Scope } from '../profiles/expression.ts';
import type { ResolvedProfile } from '../profiles/resolve-profile.ts';
import type { Bus } from '../transport/bus/bus.ts';
import type { ActuatorDevice } from './actuator-device.ts';
import { describeActuator } from './describe-actuator.ts';
import type { ForeignMemory } from './foreign-words.ts';
import { createPlacedReader } from './placed-reader.ts';
import { RegisterActuator } from './register-actuator.ts';
import { RegisterWriter } from './register-writer.ts';
import { Verifier } from './verification.ts';

/** The part of a device's context that its actuators work on. */
interface ActuatorContext {
  resolved: ResolvedProfile;
  bus: Bus;
  unit: number;
  clock: Clock;
  /** Settings that the integrator entered, by name and in the unit of the setting. */
  settings: Readonly<Record<string, number>>;
  /** The bridge, which may be exchanged. */
  sink: Pick<DriverSink, 'described' | 'drifted' | 'memory'> & Partial<Pick<DriverSink, 'event'>>;
  /** How the device takes writes; absent: not known. */
  writeHabits?: WriteHabits;
  /** @returns the last polled value of a point, in its unit */
  polled(point: string): number | undefined;
}

const codeOf: Record<FailureKind, Code> = {
  timeout: 'TIMEOUT',
  exception: 'DEVICE_REJECTED',
  expired: 'EXPIRED',
  asleep: 'DEVICE_OFFLINE',
  disconnected: 'DEVICE_OFFLINE',
  unreachable: 'DEVICE_OFFLINE',
  unconfirmed: 'READBACK_MISMATCH',
  malformed: 'INTERNAL',
  displaced: 'INTERNAL',
  refused: 'INTERNAL',
};

const toCommandFailure = (error: unknown): unknown =>
  error instanceof ModbusFailure ? new CommandFailure(codeOf[error.kind], error.message) : error;

/** @returns the failure with what to switch on, if the device refuses what it should take, or does not keep it */
const withAdvice = (failure: unknown, advice: string | undefined): unknown =>
  advice !== undefined &&
  failure instanceof CommandFailure &&
  (failure.code === 'DEVICE_REJECTED' || failure.code === 'READBACK_MISMATCH')
    ? new CommandFailure(failure.code, `${failure.message}. ${advice}`)
    : failure;

/**
 * The memory of an actuator is a fact that the bridge keeps; without one, nothing can be remembered.
 * @param registers tells the registers of the actuator from others that it may have had before
 */
const memoryOf = (context: Pick<ActuatorContext, 'sink'>, actuator: string, registers: string): ForeignMemory => {
  const key = `foreign ${actuator} ${registers}`;
  return {
    load: () => context.sink.memory?.load(key),
    save: (facts, isUrgent) => context.sink.memory?.save(key, facts, isUrgent) ?? false,
  };
};

const createDevice = (context: ActuatorContext, settings: Scope): ActuatorDevice => {
  const { resolved, bus, unit, clock, writeHabits = createWriteHabits() } = context;
  const readPoints = createPlacedReader(resolved, unit, createPointReader(resolved, bus, unit));
  return {
    unit,
    clock,
    settings,
    readPoints,
    isGuarded: (resolved.profile.guards ?? []).length > 0,
    writer: new RegisterWriter(bus, writeHabits),
    memoryOf: (actuator, registers) => memoryOf(context, actuator, registers),
    event: (event) => context.sink.event?.(event),
    verifier: new Verifier(readPoints, clock),
    pointOf(name) {
      const point = resolved.points.find((each) => each.name === name);
      if (!point) throw new CommandFailure('INTERNAL', `the profile has no point ${name}`);
      return point;
    },
  };
};

/** All actuators of one device. */
export class ModbusActuators implements DriverBlock {
  readonly #context: ActuatorContext;
  /** The scope of the settings. */
  readonly #settings: Scope;
  readonly #actuators = new Map<string, RegisterActuator>();
  /** The actuators as they were described last, as JSON; empty before the first description. */
  #described = '';

  constructor(context: ActuatorContext) {
    const { resolved, settings } = context;
    this.#context = context;
    this.#settings = createSettingScope(resolved.profile.settings ?? {}, settings, (name) => context.polled(name));
    const { actuators } = resolved.controls;
    if (actuators.length === 0) return;
    const device = createDevice(context, this.#settings);
    for (const actuator of actuators)
      this.#actuators.set(
        actuator.key,
        new RegisterActuator(actuator, device, (what) => context.sink.drifted(actuator.key, what)),
      );
  }

  /** @returns the actuators with the ranges that are known at the moment */
  describe(): Actuator[] {
    return this.#context.resolved.controls.actuators.map((actuator) => describeActuator(actuator, this.#settings));
  }

  /**
   * Carries out an order, and verifies it.
   * @throws CommandFailure
   */
  async apply(order: Order, signal: AbortSignal): Promise<Applied> {
    const actuator = this.#actuators.get(order.actuator);
    if (!actuator) throw new CommandFailure('UNSUPPORTED', `there is no ${order.actuator}`);
    try {
      return await actuator.apply(order, signal);
    } catch (error) {
      const failure = withAdvice(toCommandFailure(error), actuator.advice);
      const isUnreachable = failure instanceof CommandFailure && failure.code === 'DEVICE_OFFLINE';
      if (isUnreachable && !isHeld(order)) this.#context.bus.reconnectSoon();
      throw failure;
    }
  }

  usable(): void {
    for (const actuator of this.#actuators.values()) actuator.forget();
  }

  /** Tells the bridge about ranges that the device itself has told, once its slow points were read. */
  on(message: DeviceMessage): void {
    if (message.kind !== 'polled' || this.#actuators.size === 0) return;
    const described = JSON.stringify(this.describe());
    if (described !== this.#described && this.#described !== '') this.#context.sink.described();
    this.#described = described;
  }

  close(): void {
    for (const actuator of this.#actuators.values()) actuator.stop();
  }
}
