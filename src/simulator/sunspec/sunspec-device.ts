/** A simulated SunSpec device: the list of its models in the holding registers of one unit. */
import { RegisterImage, type UnitImages, type WrittenValues } from '../../drivers/modbus/index.ts';
import type { Clock } from '../../model/time.ts';
import type { HouseControls } from '../house/house.ts';
import type { HouseState } from '../house/house-state.ts';
import { commonModel, type DeviceIdentity } from './identity-model.ts';
import { ModelRegisters } from './model-registers.ts';
import type { ReadSetting, SimulatedModel } from './simulated-model.ts';

/** Address of the marker. */
const base = 40_000;
/** "SunS" in ASCII. */
const marker = [0x5375, 0x6e53];
/** The end model: its id, and a length of 0. */
const endModel = [0xffff, 0];

/** A point whose value a controller changes all the time, so that the device notices when it stops. */
interface Heartbeat {
  model: number;
  point: string;
}

/** A device as it is built. */
export interface SunSpecDeviceKind {
  unit: number;
  identity: DeviceIdentity;
  /** The models behind the common one, in their order. */
  models: readonly SimulatedModel[];
  heartbeat?: Heartbeat;
  /** Adds to the orders of the house what clients have written. */
  order?(setting: ReadSetting, controls: HouseControls, state: HouseState): void;
}

/** One unit of the simulated SunSpec server. */
export class SunSpecDevice {
  readonly unit: number;
  readonly images: UnitImages;
  readonly #kind: SunSpecDeviceKind;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #models: ModelRegisters[] = [];
  readonly #startedAt: number;
  /** Monotonic ms; undefined: no controller has sent one. */
  #heartbeatAt: number | undefined;

  /** @param heartbeatS time without a heartbeat after which the device takes back what it was told, s */
  constructor(kind: SunSpecDeviceKind, clock: Clock, heartbeatS: number) {
    const image = new RegisterImage();
    this.unit = kind.unit;
    this.#kind = kind;
    this.#clock = clock;
    this.#heartbeatMs = heartbeatS * 1000;
    this.#startedAt = clock.monotonic();
    marker.forEach((word, n) => void image.set(base + n, word));
    let address = base + marker.length;
    for (const model of [commonModel(kind.unit, kind.identity), ...kind.models]) {
      const registers = new ModelRegisters(model, address, image);
      this.#models.push(registers);
      address = registers.end;
    }
    endModel.forEach((word, n) => void image.set(address + n, word));
    this.images = {
      holding: image,
      refuse: (write) => this.#modelAt(write)?.refuse(write),
      onWritten: (write) => this.#onWritten(write),
    };
  }

  /** @returns the value of a setting */
  setting(model: number, point: string): number {
    return this.#models.find(({ id }) => id === model)?.setting(point) ?? Number.NaN;
  }

  /** Writes into the registers what the device would measure now. */
  update(state: HouseState): void {
    const now = this.#clock.monotonic();
    const measured = {
      state,
      setting: (model: number, point: string) => this.setting(model, point),
      nowMs: this.#clock.now(),
      uptimeS: (now - this.#startedAt) / 1000,
    };
    for (const model of this.#models) model.update(measured, now);
  }

  /** Takes back what has run out, and adds what holds to the orders of the house. */
  react(controls: HouseControls, state: HouseState): void {
    const now = this.#clock.monotonic();
    for (const model of this.#models) model.tick(now);
    if (this.#heartbeatAt !== undefined && now - this.#heartbeatAt > this.#heartbeatMs) {
      this.#heartbeatAt = undefined;
      for (const model of this.#models) model.restore();
    }
    this.#kind.order?.((model, point) => this.setting(model, point), controls, state);
  }

  #onWritten(write: WrittenValues): void {
    const now = this.#clock.monotonic();
    const model = this.#modelAt(write);
    const { heartbeat } = this.#kind;
    const before = heartbeat && this.setting(heartbeat.model, heartbeat.point);
    model?.onWritten(write, now);
    if (heartbeat && this.setting(heartbeat.model, heartbeat.point) !== before) this.#heartbeatAt = now;
  }

  /** @returns the model in whose registers a write begins */
  #modelAt({ address }: WrittenValues): ModelRegisters | undefined {
    return this.#models.find(({ end }) => address < end);
  }
}
