/** One model of a simulated SunSpec device in its registers: measured values in, settings of clients out. */
import { exceptionCodes, type RegisterImage, type WrittenValues } from '../../drivers/modbus/index.ts';
import {
  compileModel,
  decodeModel,
  encodeModel,
  findModelDefinition,
  layOutModel,
  type ModelCodec,
  type ModelDefinition,
  type PlacedPoint,
  type PointGroup,
  type PointValue,
} from '../../drivers/sunspec/index.ts';
import type { Measured, RevertingControl, SimulatedModel } from './simulated-model.ts';

/** Registers of ID and L, which the length of a model does not count. */
const headerSize = 2;

/** @returns registers of a group with all groups in it */
const sizeOf = ({ points, groups }: PointGroup, countOf: (group: PointGroup) => number): number =>
  points.reduce((sum, { size }) => sum + size, 0) +
  groups.reduce((sum, group) => sum + countOf(group) * sizeOf(group, countOf), 0);

const codecOf = (definition: ModelDefinition, address: number, { counts = {}, repeats = 0 }: SimulatedModel) => {
  const countOf = ({ count = 1 }: PointGroup): number =>
    typeof count === 'string' ? (counts[count] ?? 0) : count || repeats;
  const length = sizeOf(definition.group, countOf) - headerSize;
  return compileModel(layOutModel({ definition, address, length, counts: new Map(Object.entries(counts)) }));
};

/** A model at its place in the registers of a device. */
export class ModelRegisters {
  readonly id: number;
  readonly #model: SimulatedModel;
  readonly #codec: ModelCodec;
  readonly #image: RegisterImage;
  readonly #settings: Map<string, number>;
  /** Monotonic ms at which a control ends. */
  readonly #deadlines = new Map<RevertingControl, number>();

  /** @param address of the point ID @throws where the package does not have the model */
  constructor(model: SimulatedModel, address: number, image: RegisterImage) {
    const definition = findModelDefinition(model.id);
    if (!definition) throw new Error(`SunSpec has no model ${model.id}`);
    this.id = model.id;
    this.#model = model;
    this.#image = image;
    this.#codec = codecOf(definition, address, model);
    const settings = Object.entries(model.settings ?? {});
    this.#settings = new Map(settings.map(([path, { initial }]) => [path, initial]));
    for (const [path] of settings) {
      const point = this.#codec.layout.points.get(path);
      if (!point) throw new Error(`model ${model.id} has no point ${path}`);
      for (let n = 0; n < point.definition.size; n++) image.allowWrite(point.address + n);
    }
  }

  /** Address behind the last register: the point ID of the next model. */
  get end(): number {
    const { address, length } = this.#codec.layout;
    return address + headerSize + length;
  }

  /** @returns the value of a setting */
  setting(path: string): number {
    return this.#settings.get(path) ?? Number.NaN;
  }

  /** Puts all values into the registers. @param now monotonic, ms */
  update(measured: Measured, now: number): void {
    for (const [path, { initial, isMomentary = false }] of Object.entries(this.#model.settings ?? {}))
      if (isMomentary) this.#settings.set(path, initial);
    const remaining = (this.#model.controls ?? []).flatMap((control): [string, PointValue][] => {
      const deadline = this.#deadlines.get(control) ?? now;
      return control.remaining === undefined ? [] : [[control.remaining, Math.ceil((deadline - now) / 1000)]];
    });
    const counts = Object.entries(this.#model.counts ?? {});
    const values = new Map<string, PointValue>([
      ...Object.entries(this.#model.measure(measured)),
      ...counts,
      ...remaining,
      ...this.#settings,
    ]);
    const data = encodeModel(this.#codec, values);
    const { address } = this.#codec.layout;
    for (let n = 0; n < data.length / 2; n++) this.#image.set(address + n, data.readUInt16BE(n * 2));
  }

  /** @returns the exception code with which the device refuses a write; undefined: it takes it */
  refuse(write: WrittenValues): number | undefined {
    const values = this.#decode(write);
    for (const { path, address, definition } of this.#writtenPoints(write)) {
      const isWhole = address >= write.address && address + definition.size <= write.address + write.values.length;
      // Half of a number is none.
      if (!isWhole) return exceptionCodes.illegalDataAddress;
      const value = values.get(path);
      if (typeof value !== 'number' || !this.#model.settings?.[path]?.allows(value))
        return exceptionCodes.illegalDataValue;
    }
    return undefined;
  }

  /** Takes the settings that a client has written. @param now monotonic, ms @returns paths of the settings */
  onWritten(write: WrittenValues, now: number): string[] {
    const values = this.#decode(write);
    const paths = this.#writtenPoints(write).map(({ path }) => path);
    for (const path of paths) this.#settings.set(path, Number(values.get(path)));
    for (const control of this.#model.controls ?? [])
      if (control.points.some((point) => paths.includes(point))) this.#startTime(control, now);
    return paths;
  }

  /** Takes back what has been told for long enough. @param now monotonic, ms */
  tick(now: number): void {
    for (const [control, deadline] of this.#deadlines)
      if (now >= deadline) {
        this.#deadlines.delete(control);
        this.#revert(control);
      }
  }

  /** Takes everything back that would revert in time. */
  restore(): void {
    this.#deadlines.clear();
    for (const control of this.#model.controls ?? [])
      if (control.isActive((path) => this.setting(path))) this.#revert(control);
  }

  #revert(control: RevertingControl): void {
    const reverted = control.revert((path) => this.setting(path));
    for (const [path, value] of Object.entries(reverted)) this.#settings.set(path, value);
  }

  #startTime(control: RevertingControl, now: number): void {
    const timeoutS = this.setting(control.timeout);
    if (timeoutS > 0 && control.isActive((path) => this.setting(path)))
      this.#deadlines.set(control, now + timeoutS * 1000);
    else this.#deadlines.delete(control);
  }

  /** @returns the values of the model as they are after a write */
  #decode({ address, values }: WrittenValues) {
    const { layout, size } = this.#codec;
    const data = Buffer.alloc(size * 2);
    for (let n = 0; n < size; n++) data.writeUInt16BE(this.#image.peek(layout.address + n), n * 2);
    for (const [n, value] of values.entries()) data.writeUInt16BE(value, (address - layout.address + n) * 2);
    return decodeModel(this.#codec, data);
  }

  #writtenPoints({ address, values }: WrittenValues): PlacedPoint[] {
    const end = address + values.length;
    return this.#codec.points
      .map(({ placed }) => placed)
      .filter((placed) => placed.address < end && placed.address + placed.definition.size > address);
  }
}
