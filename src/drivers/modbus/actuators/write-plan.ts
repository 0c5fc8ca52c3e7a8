/**
 * The write planner: the steps of a command become as few requests as the registers allow. Neighbours that are written
 * one after the other go in one request, so that the device never sees half of them.
 */
import { CommandFailure } from '../../driver.ts';
import { encodePoint, fits, holdable, ownBits, type Words } from '../codec/encode.ts';
import { maxWriteRegisters } from '../codec/pdu-limits.ts';
import { functionCodes, type WriteFunction, type WriteRequest } from '../messages.ts';
import type { ResolvedStep } from '../profiles/controls.ts';
import { evaluate, type Scope } from '../profiles/expression.ts';
import type { Point } from '../profiles/point.ts';

/** A point with the words that are to be in its registers after the write. */
export interface WantedPoint {
  point: Point;
  /** In the unit of the point. */
  value: number;
  words: Words;
}

/** One write request, and the points whose words it writes. */
export type PlannedWrite = { request: WriteRequest; wanted: WantedPoint[] };
/** A write request, or a pause. */
type PlannedStep = PlannedWrite | { waitMs: number };

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

const toRequest = (unit: number, { point, words }: WantedPoint): WriteRequest => {
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
  { point, value: source }: Extract<ResolvedStep, { point: Point }>,
  { scope, exponentOf = () => 0, held = () => undefined }: WriteTarget,
): WantedPoint => {
  const ordered = evaluate(source, scope);
  if (ordered === undefined)
    throw new CommandFailure('INTERLOCK', `${point.name}: ${JSON.stringify(source)} is not known`);
  const exponent = exponentOf(point);
  const value = holdable(point, ordered, exponent);
  if (!fits(point, value, exponent))
    throw new CommandFailure('OUT_OF_RANGE', `${point.name}: ${value} does not fit into its register`);
  return { point, value, words: mergeBits(point, encodePoint(point, value, exponent), held) };
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
  for (const step of steps) {
    if ('waitMs' in step) {
      planned.push(step);
      continue;
    }
    if (step.ifGiven !== undefined && target.scope.name(step.ifGiven) === undefined) continue;
    const wanted = wantedOf(step, { ...target, held });
    for (const { address, word } of wanted.words) written.set(`${wanted.point.table} ${address}`, word);
    const request = toRequest(target.unit, wanted);
    const last = planned.at(-1);
    if (last && 'request' in last && isNeighbour(last.request, request)) {
      last.request.values.push(...request.values);
      last.wanted.push(wanted);
    } else planned.push({ request, wanted: [wanted] });
  }
  return planned;
};
