/**
 * A Modbus device of the house as its profile describes it: the state of the house as registers, and orders read back.
 */
import {
  compileDecodeTable,
  decodeBlock,
  encodePoint,
  type Point,
  RegisterImage,
  type ResolvedProfile,
  type UnitImages,
} from '../../drivers/modbus/index.ts';
import type { BatteryOrder } from '../house/battery.ts';
import type { HouseControls } from '../house/house.ts';
import type { HouseState } from '../house/house-state.ts';

export type BatteryMode = 'auto' | 'charge' | 'discharge' | 'hold';

/** Values by the name of their point, in the units of the profile. */
export type PointValues = Record<string, number | string>;

/** How a device understands the registers that an EMS writes. */
export interface DeviceControl {
  /** The battery of the house that the device controls. */
  battery: 'hybrid' | 'storage';
  /** Values of the registers when the device is switched on. */
  initial: PointValues;
  /** @param written gives the value of a point that an EMS writes */
  readOrder(written: (point: string) => number): { mode: BatteryMode; order: BatteryOrder };
  /** Called after each write. */
  onWritten(): void;
  /** Whether the watchdog of the device has run out, so that it goes back to its initial values. */
  isWatchdogExpired(): boolean;
}

interface SimulatedDeviceOptions {
  /** Unit identifier where the profile names none. */
  unit: number;
  measure(state: HouseState): PointValues;
  control?: DeviceControl;
}

/** @param forcedW as in BatteryOrder @returns the word of the model for it */
export const batteryMode = (forcedW: number | undefined): BatteryMode => {
  if (forcedW === undefined) return 'auto';
  if (forcedW === 0) return 'hold';
  return forcedW > 0 ? 'discharge' : 'charge';
};

/** @returns points "name.l1", "name.l2" … with the values of the phases */
export const perPhase = (name: string, values: readonly number[]): PointValues =>
  Object.fromEntries(values.map((value, i) => [`${name}.l${i + 1}`, value]));

/** One simulated device on a Modbus server. */
export class SimulatedDevice {
  readonly profile: string;
  readonly unit: number;
  readonly images: UnitImages = { holding: new RegisterImage(), input: new RegisterImage() };
  readonly #points: ReadonlyMap<string, Point>;
  readonly #measure: (state: HouseState) => PointValues;
  readonly #control: DeviceControl | undefined;
  #currentMode: BatteryMode = 'auto';

  constructor({ profile, points }: ResolvedProfile, { unit, measure, control }: SimulatedDeviceOptions) {
    this.profile = profile.id;
    this.unit = profile.connection?.unitId ?? unit;
    this.#points = new Map(points.map((point) => [point.name, point]));
    this.#measure = measure;
    this.#control = control;
    for (const point of points) {
      if (point.isReadable) this.#setPoint(point, point.type === 'string' ? '' : 0);
      if (/w/.test(point.source.access ?? ''))
        for (const address of point.words) this.images[point.table]?.allowWrite(address);
    }
    this.#openGaps(points, profile.limits?.maxGap ?? 0);
    if (!control) return;
    this.images.onWritten = () => control.onWritten();
    this.#writePoints(control.initial);
  }

  /** Writes into the registers what the device would measure now. */
  update(state: HouseState): void {
    for (const [name, value] of Object.entries(this.#measure(state))) this.#setPoint(this.#find(name), value);
  }

  /** Carries out what an EMS has written into the registers. */
  react(controls: HouseControls): void {
    const control = this.#control;
    if (!control) return;
    if (control.isWatchdogExpired()) this.#writePoints(control.initial);
    const { mode, order } = control.readOrder((name) => this.#readWritten(name));
    this.#currentMode = mode;
    controls[control.battery] = order;
  }

  /** @returns what the device was told last, in the words of the model */
  mode(): BatteryMode {
    return this.#currentMode;
  }

  /** @throws where the profile has no such point: its registers would keep 0 for ever, and nobody would notice */
  #find(name: string): Point {
    const point = this.#points.get(name);
    if (!point) throw new Error(`the simulated ${this.profile} has no point "${name}" in its profile`);
    return point;
  }

  #setPoint(point: Point, value: number | string): void {
    for (const { address, word } of encodePoint(point, value)) this.images[point.table]?.set(address, word);
  }

  /** Writes as a client would, into registers that clients may not read as well. */
  #writePoints(values: PointValues): void {
    for (const [name, value] of Object.entries(values)) {
      const point = this.#find(name);
      for (const { address, word } of encodePoint(point, value)) this.images[point.table]?.write(address, word);
    }
  }

  /** @returns the number in a register that an EMS writes */
  #readWritten(name: string): number {
    const point = this.#find(name);
    const first = Math.min(...point.words);
    const view = new DataView(new ArrayBuffer(point.words.length * 2));
    for (const address of point.words)
      view.setUint16((address - first) * 2, this.images[point.table]?.peek(address) ?? 0);
    const out = new Float64Array([Number.NaN]);
    decodeBlock(compileDecodeTable([{ point, index: 0 }], first), view, out);
    return out[0] ?? Number.NaN;
  }

  /** Makes holes between two readable registers readable. @param maxGap longest such hole, in registers */
  #openGaps(points: readonly Point[], maxGap: number): void {
    for (const table of ['holding', 'input'] as const) {
      const words = points
        .filter((point) => point.table === table && point.isReadable)
        .flatMap((point) => point.words)
        .sort((a, b) => a - b);
      words.forEach((word, i) => {
        const before = words[i - 1];
        if (before !== undefined && word - before - 1 <= maxGap) this.images[table]?.allow(before, word);
      });
    }
  }
}
