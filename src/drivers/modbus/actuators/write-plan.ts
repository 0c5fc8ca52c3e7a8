/**
 * The write planner: the steps of a command become as few requests as the registers allow. Neighbours that are written
 * one after the other go in one request, so that the device never sees half of them; and so do those that a step writes
 * together, whatever their order.
 */
import { CommandFailure } from '../../driver.ts';
import { encodePoint, fits, holdable, ownBits, type Words } from '../codec/encode.ts';
import { maxWriteRegisters } from '../codec/pdu-limits.ts';
import { functionCodes, type WriteFunction, type WriteRequest } from '../messages.ts';
import type { ResolvedStep, ResolvedWrite } from '../profiles/controls.ts';
import { evaluate, type Scope } from '../profiles/expression.ts';
import type { Point } from '../profiles/point.ts';

/** A point with the words that are to be in its registers after the write. */
export interface WantedPoint {
  point: Point;
  /** In the unit of the point; null for words that stand for no value. */
  value: number | null;
  words: Words;
  /** The words are those that are there already: they are written only to complete a request. */
  isFiller?: boolean;
}

/** One write request, and the points whose words it writes. */
export type PlannedWrite = { request: WriteRequest; wanted: WantedPoint[] };
/** A write request, or a pause. */
export type PlannedStep = PlannedWrite | { waitMs: number };

/** The device that is written to, and the values of the names in the steps. */
interface WriteTarget {
  unit: number;
  scope: Scope;
  /** @returns the power of ten of a point that is scaled by another one; 0 for all other points */
  exponentOf?: (point: Point) => number;
  /** @returns a register as it was read, for points that are a part of it; undefined if it could not be read */
  held?: (point: Point, address: number) => number | undefined;
}

const { writeSingleCoil, writeSingleRegister, writeMultipleCoils, writeMultipleRegisters } = functionCodes;

const functionFor = ({ table, words, source }: Point): WriteFunction => {
  if (source.writeFc !== undefined) return source.writeFc;
  if (table === 'coil') return writeSingleCoil;
  return words.length === 1 ? writeSingleRegister : writeMultipleRegisters;
};

/** @returns the request that writes one point */
export const toRequest = (unit: number, { point, words }: WantedPoint): WriteRequest => {
  const sorted = [...words].sort((a, b) => a.address - b.address);
  return {
    unit,
    functionCode: functionFor(point),
    address: sorted[0]?.address ?? 0,
    values: sorted.map(({ word }) => (point.table === 'coil' ? Math.min(1, word) : word)),
  };
};

/** Whether b can be appended to a in one request. */
const isNeighbour = (a: WriteRequest, b: WriteRequest): boolean =>
  a.functionCode === b.functionCode &&
  (a.functionCode === writeMultipleCoils || a.functionCode === writeMultipleRegisters) &&
  b.address === a.address + a.values.length &&
  a.values.length + b.values.length <= maxWriteRegisters;

/**
 * The registers of a point that has only some of their bits: the others stay what they are.
 * @throws CommandFailure if a register is not known
 */
const mergeBits = (point: Point, words: Words, held: NonNullable<WriteTarget['held']>): Words =>
  words.map(({ address, word }) => {
    const bits = ownBits(point)?.find((each) => each.address === address)?.word ?? 0xffff;
    if (bits === 0xffff) return { address, word };
    const others = held(point, address);
    if (others === undefined)
      throw new CommandFailure('DEVICE_REJECTED', `${point.name}: the rest of register ${address} is not known`);
    return { address, word: (others & ~bits) | (word & bits) };
  });

/** @throws CommandFailure if the value is not known, or does not fit into the registers */
const wantedOf = (
  { point, value: source }: ResolvedWrite,
  { scope, exponentOf = () => 0, held = () => undefined }: WriteTarget,
): WantedPoint => {
  const ordered = evaluate(source, scope);
  if (ordered === undefined)
    throw new CommandFailure('INTERLOCK', `${point.name}: ${JSON.stringify(source)} is not known`);
  const exponent = exponentOf(point);
  const value = holdable(point, ordered, exponent);
  if (!fits(point, value, exponent))
    throw new CommandFailure('OUT_OF_RANGE', `${point.name}: ${value} does not fit into its register`);
  const words = mergeBits(point, encodePoint(point, value, exponent), held);
  return { point, value, words, ...(source === `found@${point.name}` ? { isFiller: true } : {}) };
};

/** @returns the requests for points that are written one after the other */
const planInOrder = (unit: number, points: readonly WantedPoint[]): PlannedWrite[] => {
  const planned: PlannedWrite[] = [];
  for (const wanted of points) {
    const request = toRequest(unit, wanted);
    const last = planned.at(-1);
    if (last && isNeighbour(last.request, request)) {
      last.request.values.push(...request.values);
      last.wanted.push(wanted);
    } else planned.push({ request, wanted: [wanted] });
  }
  return planned;
};

/** @returns one request for all points where their registers are neighbours; otherwise those in the order given */
export const planTogether = (unit: number, points: readonly WantedPoint[]): PlannedWrite[] => {
  const words = points.flatMap((each) => each.words).sort((a, b) => a.address - b.address);
  const [first] = words;
  const isOneRequest =
    first !== undefined &&
    points.every(({ point: { table, source } }) => table === 'holding' && (source.writeFc ?? 16) === 16) &&
    words.length <= maxWriteRegisters &&
    words.every(({ address }, n) => address === first.address + n);
  if (!isOneRequest) return planInOrder(unit, points);
  const values = words.map(({ word }) => word);
  const request = { unit, functionCode: writeMultipleRegisters, address: first.address, values };
  return [{ request, wanted: [...points] }];
};

/**
 * Plans the requests for the steps of a command.
 * @throws CommandFailure if a value is not known, or does not fit into its registers
 */
export const planWrites = (steps: ResolvedStep[], target: WriteTarget): PlannedStep[] => {
  const planned: PlannedStep[] = [];
  /** Registers that an earlier step writes, by table and address. */
  const written = new Map<string, number>();
  const held = (point: Point, address: number): number | undefined =>
    written.get(`${point.table} ${address}`) ?? target.held?.(point, address);
  const wantedOfAll = (writes: readonly ResolvedWrite[]): WantedPoint[] =>
    writes
      .filter(({ ifGiven }) => ifGiven === undefined || target.scope.name(ifGiven) !== undefined)
      .map((write) => {
        const wanted = wantedOf(write, { ...target, held });
        for (const { address, word } of wanted.words) written.set(`${wanted.point.table} ${address}`, word);
        return wanted;
      });
  /** Points that are written one after the other. */
  let row: WantedPoint[] = [];
  const endRow = (): void => {
    planned.push(...planInOrder(target.unit, row));
    row = [];
  };
  for (const step of steps) {
    if ('point' in step) {
      row.push(...wantedOfAll([step]));
      continue;
    }
    endRow();
    planned.push(...('together' in step ? planTogether(target.unit, wantedOfAll(step.together)) : [step]));
  }
  endRow();
  return planned;
};
