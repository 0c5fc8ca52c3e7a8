/**
 * The driver of a SunSpec device: it discovers the device, writes its profile, and has it polled by a Modbus driver. When
 * the models move, grow or show more than they did, the profile is written anew, and what stayed is polled on.
 */
import type { Clock } from '../../model/time.ts';
import {
  type Actuator,
  type Applied,
  CommandFailure,
  type DeviceDescription,
  type DeviceState,
  type Driver,
  type DriverSink,
  type Order,
} from '../driver.ts';
import { lookAtDevice } from './device/device-profile.ts';
import { describeUnprofiled, modbusOptionsOf, type SunSpecDriverOptions } from './device/driver-options.ts';
import { ListWatch } from './device/list-watch.ts';
import { LookLoop } from './device/look-loop.ts';
import { ProfileExchange } from './device/profile-exchange.ts';
import { StateChanges } from './device/state-changes.ts';
import { createMemory } from './quantities/select-candidates.ts';

/** Stands in for the bridge until the driver is started. */
const noSink: DriverSink = { described() {}, cycle() {}, state() {}, drifted() {}, progressed() {}, event() {} };

class SunSpecDriver implements Driver {
  readonly #options: SunSpecDriverOptions;
  readonly #clock: Clock;
  readonly #memory = createMemory();
  readonly #closing = new AbortController();
  readonly #looks: LookLoop;
  readonly #states: StateChanges;
  readonly #polled: ProfileExchange;
  readonly #watch: ListWatch;
  #sink = noSink;

  constructor(options: SunSpecDriverOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const { bus, unit } = options;
    this.#looks = new LookLoop({
      clock,
      signal: this.#closing.signal,
      look: () => this.#look(),
      // A device whose profile is polled tells its state by that.
      failed: (reason, retryMs) => {
        if (!this.#polled.current) this.#tellState({ kind: 'offline', reason, retryMs });
      },
    });
    this.#states = new StateChanges(this.#looks);
    const onDisplaced = (): void => void this.#looks.wantSpaced();
    this.#polled = new ProfileExchange(modbusOptionsOf(options, onDisplaced), clock);
    const current = () => (this.#states.kind === 'offline' ? undefined : this.#polled.current?.profiled.device);
    this.#watch = new ListWatch({ bus, clock, unit, current, want: () => this.#looks.want() });
  }

  describe(): DeviceDescription {
    const { current, channels } = this.#polled;
    return { ...describeUnprofiled(this.#options), ...current?.description, channels };
  }

  inspect(): Map<number, string> {
    return this.#polled.current?.inspect() ?? new Map();
  }

  actuators(): Actuator[] {
    return this.#polled.current?.driver.actuators() ?? [];
  }

  async apply(order: Order, signal: AbortSignal): Promise<Applied> {
    const { name, unit } = this.#options;
    const { current } = this.#polled;
    if (!current)
      throw new CommandFailure('DEVICE_OFFLINE', `${name}: unit ${unit} has not shown its SunSpec models yet`);
    return current.driver.apply(order, signal);
  }

  start(sink: DriverSink): void {
    this.#sink = sink;
    sink.state({ kind: 'connecting' });
    this.#clock.after(this.#options.phaseMs ?? 0, () => void this.#looks.want());
    this.#watch.start();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the driver is closed'));
    this.#watch.close();
    await this.#polled.close();
  }

  /** @returns in words why the device does not show itself */
  async #look(): Promise<string | undefined> {
    const context = { bus: this.#options.bus, clock: this.#clock, signal: this.#closing.signal, memory: this.#memory };
    const look = await lookAtDevice(this.#options, context);
    if (!look.ok) return look.reason;
    if (look.value.signature === this.#polled.current?.profiled.signature) return undefined;
    this.#states.exchanged();
    const sink = { ...this.#sink, state: (state: DeviceState) => this.#tellState(state) };
    if (!(await this.#polled.exchange(look.value, sink))) return undefined;
    // The polls of the former profile have asked for what has just been done.
    this.#looks.settle();
    this.#options.onNotes?.(look.value.notes);
    return undefined;
  }

  #tellState(state: DeviceState): void {
    this.#states.take(state, (told) => this.#sink.state(told));
  }
}

/** Creates a driver, which begins to look for its device when it is started. */
export const createSunSpecDriver = (options: SunSpecDriverOptions, clock: Clock): Driver =>
  new SunSpecDriver(options, clock);
