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
import { lookAtDevice, type ProfiledDevice } from './device/device-profile.ts';
import { DeviceRecord } from './device/device-record.ts';
import { describeUnprofiled, modbusOptionsOf, type SunSpecDriverOptions } from './device/driver-options.ts';
import { ListWatch } from './device/list-watch.ts';
import { LookLoop } from './device/look-loop.ts';
import { ProfileExchange } from './device/profile-exchange.ts';
import { SleepWatch } from './device/sleep-watch.ts';
import { StateChanges } from './device/state-changes.ts';
import type { SunSpecDevice } from './discovery/discovered-device.ts';

/** Stands in for the bridge until the driver is started. */
const noSink: DriverSink = { described() {}, cycle() {}, state() {}, drifted() {}, progressed() {}, event() {} };

/** Looks in vain from one that asks other units to the next: the device may answer elsewhere. */
const looksPerSearch = 20;

/** @returns a text that is the same for two looks that have found the same list, wherever it stands */
const listOf = ({ models }: SunSpecDevice): string => models.map(({ id, length }) => `${id}:${length}`).join();

class SunSpecDriver implements Driver {
  readonly #options: SunSpecDriverOptions;
  readonly #clock: Clock;
  readonly #record: DeviceRecord;
  readonly #closing = new AbortController();
  readonly #looks: LookLoop;
  readonly #states: StateChanges;
  readonly #sleep: SleepWatch;
  readonly #polled: ProfileExchange;
  readonly #watch: ListWatch;
  #sink = noSink;
  #vainLooks = 0;

  constructor(options: SunSpecDriverOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const { bus, unit } = options;
    this.#record = new DeviceRecord(options);
    this.#looks = new LookLoop({
      clock,
      signal: this.#closing.signal,
      look: () => this.#look(),
      failed: (reason, retryMs) => this.#lookFailed(reason, retryMs),
    });
    this.#states = new StateChanges(this.#looks);
    this.#sleep = new SleepWatch(this.#record.asleepSince);
    const onDisplaced = (): void => void this.#looks.wantSpaced();
    const onLost = (actuator: string, what: string): void => this.#sink.drifted(actuator, what);
    this.#polled = new ProfileExchange(modbusOptionsOf(options, onDisplaced), { clock, onLost });
    this.#polled.remember(this.#record.description?.channels ?? []);
    const current = () => (this.#states.kind === 'offline' ? undefined : this.#polled.current?.profiled.device);
    this.#watch = new ListWatch({ bus, clock, unit, current, want: () => this.#looks.want() });
  }

  describe(): DeviceDescription {
    const { current, channels } = this.#polled;
    return { ...describeUnprofiled(this.#options), ...(current?.description ?? this.#record.description), channels };
  }

  inspect(): Map<number, string> {
    return this.#polled.current?.inspect() ?? new Map();
  }

  actuators(): Actuator[] {
    return this.#polled.current?.driver.actuators() ?? [];
  }

  async apply(order: Order, signal: AbortSignal): Promise<Applied> {
    const { name, unit } = this.#options;
    const applied = await this.#polled.apply(order, signal);
    if (!applied)
      throw new CommandFailure('DEVICE_OFFLINE', `${name}: unit ${unit} has not shown its SunSpec models yet`);
    return applied;
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
    const { bus, say } = this.#options;
    const isThorough = !this.#polled.current && this.#vainLooks % looksPerSearch === 1;
    const { memory } = this.#record;
    const context = { bus, clock: this.#clock, signal: this.#closing.signal, memory, isThorough };
    const look = await lookAtDevice(this.#options, { ...context, ...(say && { say }) });
    if (!look.ok) return look.reason;
    this.#vainLooks = 0;
    if (look.value.signature !== this.#polled.current?.profiled.signature) await this.#exchange(look.value);
    this.#record.save(this.#polled.current?.description, this.#sleep.since);
    return undefined;
  }

  #lookFailed(reason: string, retryMs: number): void {
    this.#vainLooks++;
    // A device whose profile is polled tells its state by that.
    if (this.#polled.current) return;
    this.#tellState({ kind: 'offline', reason, retryMs });
    // The bridge tells its state along with a cycle.
    this.#sink.cycle(this.#polled.unheard(reason));
  }

  async #exchange(profiled: ProfiledDevice): Promise<void> {
    const before = this.#polled.current?.profiled.device;
    this.#states.exchanged();
    const isPolled = await this.#polled.exchange(profiled, {
      ...this.#sink,
      state: (state) => this.#tellState(state),
      cycle: (cycle) => {
        this.#sleep.take(cycle, this.#polled.channels);
        this.#sink.cycle(cycle);
      },
    });
    if (!isPolled) return;
    // The polls of the former profile have asked for what has just been done.
    this.#looks.settle();
    this.#options.onMissing?.(profiled.missing);
    if (!before || listOf(before) === listOf(profiled.device)) return;
    this.#sink.event({ name: 'models_changed', severity: 'info', data: profiled.facts });
  }

  #tellState(state: DeviceState): void {
    const { channels, current } = this.#polled;
    const before = this.#sleep.since;
    const device = () => ({ channels, ratedPowerW: this.describe().ratedPowerW });
    const explained = this.#sleep.explain(state, device, this.#clock.now());
    this.#states.take(explained, (told) => this.#sink.state(told));
    const { since } = this.#sleep;
    if (since !== before) this.#record.save(current?.description, since);
  }
}

/** Creates a driver, which begins to look for its device when it is started. */
export const createSunSpecDriver = (options: SunSpecDriverOptions, clock: Clock): Driver =>
  new SunSpecDriver(options, clock);
