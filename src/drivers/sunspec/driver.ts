/**
 * The driver of a SunSpec device: it discovers the device, writes its profile, and has it polled by a Modbus driver. When
 * the models move, grow or show more than they did, the profile is written anew, and what stayed is polled on.
 */
import type { Clock, Timer } from '../../model/time.ts';
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
import type { Bus, ModbusDriverOptions } from '../modbus/index.ts';
import { ChannelList } from './device/channel-list.ts';
import { type DeviceWish, lookAtDevice, type ProfiledDevice } from './device/device-profile.ts';
import { Generation } from './device/generation.ts';
import { hasGrown } from './device/list-growth.ts';
import { LookLoop } from './device/look-loop.ts';
import { createMemory } from './quantities/select-candidates.ts';

/** A SunSpec device: its place on a bus, and what the integrator entered. */
export interface SunSpecDriverOptions extends DeviceWish {
  /** Outlives the driver. */
  bus: Bus;
  /** Interval of the fast points, and of the polls. */
  intervalMs: number;
  /** Name of the device in the source of its readings. */
  name: string;
  /** Time before the first look at the device, so that many devices do not ask at once. */
  phaseMs?: number;
  settings?: ModbusDriverOptions['settings'];
  /** Points that could not be taken over, and models that were left out, in words; told with each new profile. */
  onNotes?(notes: string[]): void;
}

/** Time between two looks at the end of the list of models, ms. */
const watchMs = 60_000;
/** After so many of these, all models are read again: points that had no value may have one. */
const watchesPerLook = 15;

/** Stands in for the bridge until the driver is started. */
const noSink: DriverSink = { described() {}, cycle() {}, state() {}, drifted() {}, progressed() {}, event() {} };

class SunSpecDriver implements Driver {
  readonly #options: SunSpecDriverOptions;
  readonly #clock: Clock;
  readonly #channels = new ChannelList();
  readonly #memory = createMemory();
  readonly #toldBits = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #looks: LookLoop;
  #sink = noSink;
  #generation: Generation | undefined;
  #state: DeviceState['kind'] = 'connecting';
  /** The profile that is polled has been answered. */
  #isAnswered = false;
  #watches = 0;
  #watch: Timer | undefined;

  constructor(options: SunSpecDriverOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#looks = new LookLoop({
      clock,
      signal: this.#closing.signal,
      look: () => this.#look(),
      // A device whose profile is polled tells its state by that.
      failed: (reason, retryMs) => {
        if (!this.#generation) this.#tellState({ kind: 'offline', reason, retryMs });
      },
    });
  }

  describe(): DeviceDescription {
    const { name } = this.#options;
    const { device } = this.#generation?.profiled ?? {};
    const { serial, version: firmware } = device?.common ?? {};
    const protocol = this.#protocol;
    return {
      protocol,
      source: `${protocol}/${name}`,
      components: {},
      ...(serial === undefined ? {} : { serial }),
      ...(firmware === undefined ? {} : { firmware }),
      ...this.#generation?.driver.describe(),
      channels: this.#channels.channels,
    };
  }

  inspect(): Map<number, string> {
    return this.#generation?.inspect() ?? new Map();
  }

  actuators(): Actuator[] {
    return this.#generation?.driver.actuators() ?? [];
  }

  async apply(order: Order, signal: AbortSignal): Promise<Applied> {
    const { name, unit } = this.#options;
    if (!this.#generation)
      throw new CommandFailure('DEVICE_OFFLINE', `${name}: unit ${unit} has not shown its SunSpec models yet`);
    return this.#generation.driver.apply(order, signal);
  }

  start(sink: DriverSink): void {
    this.#sink = sink;
    sink.state({ kind: 'connecting' });
    const { phaseMs = 0 } = this.#options;
    this.#clock.after(phaseMs, () => void this.#looks.want());
    this.#watch = this.#clock.every(watchMs, () => void this.#watchModels());
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the driver is closed'));
    this.#watch?.cancel();
    await this.#generation?.driver.close();
  }

  get #protocol(): string {
    return this.#options.named ? 'modbus' : 'sunspec';
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** @returns in words why the device does not show itself */
  async #look(): Promise<string | undefined> {
    const { bus } = this.#options;
    const context = { bus, clock: this.#clock, signal: this.#closing.signal, memory: this.#memory };
    const look = await lookAtDevice(this.#options, context);
    if (!look.ok) return look.reason;
    if (look.value.signature !== this.#generation?.profiled.signature) await this.#exchange(look.value);
    return undefined;
  }

  /** Polls another profile from now on. */
  async #exchange(profiled: ProfiledDevice): Promise<void> {
    const before = this.#generation;
    const { bus, unit, intervalMs, name, settings = {} } = this.#options;
    const generation = new Generation(
      profiled,
      {
        bus,
        unit,
        intervalMs,
        name,
        settings,
        protocol: this.#protocol,
        toldBits: this.#toldBits,
        onDisplaced: () => void this.#looks.want(),
      },
      this.#clock,
    );
    this.#generation = generation;
    this.#isAnswered = false;
    await before?.driver.close();
    if (this.#isClosed) return generation.driver.close();
    // The polls of the former profile have asked for what has just been done.
    this.#looks.settle();
    const places = this.#channels.take(generation.driver.describe().channels);
    this.#sink.described();
    generation.start({ ...this.#sink, state: (state) => this.#tellState(state) }, places);
    const lost = before?.lostIn(generation, this.#clock.now()) ?? [];
    // Channels that the device does not have any more keep no old value.
    if (lost.length > 0) this.#sink.cycle({ samples: lost, durationMs: 0, errors: [] });
    this.#options.onNotes?.(profiled.notes);
  }

  #tellState(state: DeviceState): void {
    // Another profile of a device that is known does not begin from nothing.
    if (state.kind === 'connecting') return;
    const isBack = this.#isAnswered && this.#state === 'offline' && state.kind !== 'offline';
    this.#state = state.kind;
    this.#isAnswered ||= state.kind !== 'offline';
    this.#sink.state(state);
    // A device that was away may list other models, or have woken up.
    if (isBack) void this.#looks.want();
    // A device that refuses what it had may list fewer models.
    if (state.kind === 'degraded') void this.#looks.wantUnlessRecent(watchMs);
  }

  async #watchModels(): Promise<void> {
    const { bus, unit } = this.#options;
    this.#watches++;
    const { device } = this.#generation?.profiled ?? {};
    if (!device || this.#state === 'offline') return;
    // The walk along the list may have ended too early.
    const isDoubtful = device.end.kind === 'silent' || device.end.kind === 'moving';
    if (isDoubtful || this.#watches % watchesPerLook === 0 || (await hasGrown(bus, { ...device, unit })))
      await this.#looks.want();
  }
}

/** Creates a driver, which begins to look for its device when it is started. */
export const createSunSpecDriver = (options: SunSpecDriverOptions, clock: Clock): Driver =>
  new SunSpecDriver(options, clock);
