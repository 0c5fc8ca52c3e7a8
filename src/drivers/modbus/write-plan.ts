/**
 * The write planner: the steps of a command become as few requests as the registers allow. Neighbours that are
 * written one after the other go in one request, so the device never sees half of them.
 */
import { CommandFailure } from '../driver.ts';
import type { ResolvedStep } from './controls.ts';
import { encodePoint, fits, holdable, type Words } from './encode.ts';
import { evaluate, type Scope } from './expression.ts';
import type { Point } from './point.ts';
import type { WriteFunction, WriteRequest } from './request.ts';

/** A point and the words that are to be in its registers afterwards. */
export interface Wanted {
  point: Point;
  value: number;
  words: Words;
}

export type PlannedStep = { request: WriteRequest; wanted: Wanted[] } | { waitMs: number };

/** MODBUS Application Protocol V1.1b3 §6.12 */
const mostRegisters = 123;

const functionOf = ({ table, words, source }: Point): WriteFunction =>
  source.writeFc ?? (table === 'coil' ? 5 : words.length === 1 ? 6 : 16);

const toRequest = (unit: number, wanted: Wanted): WriteRequest => {
  const words = [...wanted.words].sort((a, b) => a.address - b.address);
  return {
    unit,
    fc: functionOf(wanted.point),
    address: words[0]?.address ?? 0,
    values: words.map(({ word }) => (wanted.point.table === 'coil' ? Math.min(1, word) : word)),
  };
};

/** Whether b can travel in one request behind a. */
const isNeighbour = (a: WriteRequest, b: WriteRequest): boolean =>
  a.fc === b.fc &&
  (a.fc === 15 || a.fc === 16) &&
  b.address === a.address + a.values.length &&
  a.values.length + b.values.length <= mostRegisters;

/**
 * @param exponentOf power of ten of a point that is scaled by another
 * @throws CommandFailure where a value is not known, or does not fit into its register
 */
export const planWrites = (
  steps: ResolvedStep[],
  unit: number,
  scope: Scope,
  exponentOf: (point: Point) => number = () => 0,
): PlannedStep[] => {
  const planned: PlannedStep[] = [];
  for (const step of steps) {
    if ('waitMs' in step) {
      planned.push(step);
      continue;
    }
    const { point, value: source, ifGiven } = step;
    if (ifGiven !== undefined && scope.name(ifGiven) === undefined) continue;
    const ordered = evaluate(source, scope);
    if (ordered === undefined)
      throw new CommandFailure('INTERLOCK', `${point.name}: ${JSON.stringify(source)} is not known`);
    const exponent = exponentOf(point);
    const value = holdable(point, ordered, exponent);
    if (!fits(point, value, exponent))
      throw new CommandFailure('OUT_OF_RANGE', `${point.name}: ${value} does not fit into its register`);
    const wanted: Wanted = { point, value, words: encodePoint(point, value, exponent) };
    const request = toRequest(unit, wanted);
    const last = planned.at(-1);
    if (last && 'request' in last && isNeighbour(last.request, request)) {
      last.request.values.push(...request.values);
      last.wanted.push(wanted);
    } else planned.push({ request, wanted: [wanted] });
  }
  return planned;
};
