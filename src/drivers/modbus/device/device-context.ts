/** The context of one device, which all blocks of its driver work on, and the hooks that these blocks may have. */
import type { Clock } from '../../../model/time.ts';
import type { DriverSink } from '../../driver.ts';
import type { Point } from '../profiles/point.ts';
import type { ResolvedProfile } from '../profiles/resolve-profile.ts';
import type { Bus } from '../transport/bus/bus.ts';
import type { BusNotice } from '../transport/bus/bus-notices.ts';
import type { AbsentPoints } from './absent-points.ts';
import type { PollIntervals } from './device-description.ts';
import type { LearntRange } from './learnt-ranges.ts';
import { PointValues } from './point-values.ts';
import { layoutOf, type ProfileLayout } from './profile-layout.ts';
import { createWriteHabits, type WriteHabits } from './write-habits.ts';

/** A poll is over that has read more than the fast points. */
interface PolledMessage {
  kind: 'polled';
  /** Points that were answered, if the once points were due; empty otherwise. */
  answered: readonly Point[];
}

/** A message to all blocks of a device. */
export type DeviceMessage = BusNotice | PolledMessage;

/** A functional block of a driver. Every hook is called on all blocks, in the order of their list. */
export interface DriverBlock {
  /** The connection to the device was opened. */
  connected?(): void;
  /** The device answers again after it was offline: it may have forgotten what it was told. */
  usable?(): void;
  on?(message: DeviceMessage): void;
  /** The interval of the device has passed. */
  tick?(): Promise<void>;
  close?(): void;
}

/** A device: its profile, its place on a bus, and what the integrator entered. */
export interface ModbusDriverOptions {
  resolved: ResolvedProfile;
  /** Outlives the driver. */
  bus: Bus;
  /** Unit identifier. */
  unit: number;
  /** Interval of the fast points, and of the polls. */
  intervalMs: number;
  /** Name of the device in the source of its readings. */
  name: string;
  /** Protocol in the description and in the source of the readings; by default "modbus". */
  protocol?: string;
  /** Time before the first poll, so that many devices do not ask at once. */
  phaseMs?: number;
  /** Ranges that proved unreadable in an earlier run. */
  learnt?: LearntRange[];
  /** Settings of the profile that the integrator entered, by name and in the unit of the setting. */
  settings?: Record<string, number>;
  /** Another range has proved unreadable; called with all of them. */
  onLearnt?(ranges: LearntRange[]): void;
  /** Bits that were told to be set, by the name of their point: events of a driver that this one takes the place of. */
  toldBits?: Map<string, number>;
  /** Values of points, in their units, that stand in until these are polled. */
  known?: ReadonlyMap<string, number>;
  /** How the device takes writes, as a driver has found out that this one takes the place of. */
  writeHabits?: WriteHabits;
  /** A guard of the profile holds another number; called after each poll in which one does. */
  onDisplaced?(reason: string): void;
}

/** Calls a hook on all blocks. */
export interface Hooks {
  usable(): void;
  on(message: DeviceMessage): void;
}

const defaultSlowMs = 60_000;

/** Stands in for the bridge until the driver is started. */
const noSink: DriverSink = { described() {}, cycle() {}, state() {}, drifted() {}, progressed() {}, event() {} };

/** The state of one device that its blocks share. */
export class DeviceContext {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly unit: number;
  readonly protocol: string;
  readonly name: string;
  readonly resolved: ResolvedProfile;
  readonly layout: ProfileLayout;
  readonly intervals: PollIntervals;
  readonly settings: Readonly<Record<string, number>>;
  readonly values: PointValues;
  /** Points that the device refuses although it answers others; undefined for a device that has refused none. */
  absent: AbsentPoints | undefined;
  readonly toldBits: Map<string, number>;
  readonly writeHabits: WriteHabits;
  readonly hooks: Hooks;
  sink: DriverSink = noSink;
  isClosed = false;
  readonly #learnt: LearntRange[];
  readonly #known: ReadonlyMap<string, number> | undefined;
  readonly #onLearnt: ModbusDriverOptions['onLearnt'];
  readonly #onDisplaced: ModbusDriverOptions['onDisplaced'];

  constructor(options: ModbusDriverOptions, clock: Clock, hooks: Hooks) {
    const {
      resolved,
      bus,
      unit,
      name,
      protocol = 'modbus',
      intervalMs,
      learnt = [],
      settings = {},
      onLearnt,
      toldBits = new Map(),
      writeHabits = createWriteHabits(),
      onDisplaced,
    } = options;
    this.clock = clock;
    this.bus = bus;
    this.unit = unit;
    this.protocol = protocol;
    this.name = name;
    this.resolved = resolved;
    this.layout = layoutOf(resolved);
    this.intervals = { intervalMs, slowMs: Math.max(intervalMs, resolved.profile.slowMs ?? defaultSlowMs) };
    this.settings = settings;
    this.values = new PointValues(this.layout);
    this.hooks = hooks;
    this.#learnt = [...learnt];
    this.#known = options.known;
    this.#onLearnt = onLearnt;
    this.#onDisplaced = onDisplaced;
    this.toldBits = toldBits;
    this.writeHabits = writeHabits;
  }

  get learnt(): readonly LearntRange[] {
    return this.#learnt;
  }

  /** A range has proved unreadable: no request may read over it from now on. */
  learn(range: LearntRange): void {
    this.#learnt.push(range);
    this.#onLearnt?.(this.#learnt);
  }

  /** The registers do not mean what the profile says. @param reason in words */
  onDisplaced(reason: string): void {
    this.#onDisplaced?.(reason);
  }

  /** @returns the last polled value of a point, in its unit; undefined if it is no number, or not known */
  polled(name: string): number | undefined {
    const value = this.values.valueOf(name);
    return typeof value === 'number' ? value : this.#known?.get(name);
  }
}
