/** The requirements on every device profile, shipped or documented, in one assert. */
import assert from 'node:assert/strict';
import { createSeededRandom } from '../../../src/common/seeded-random.ts';
import type { Order, ParameterRange } from '../../../src/drivers/driver.ts';
import { describeActuator } from '../../../src/drivers/modbus/actuators/describe-actuator.ts';
import { planWrites } from '../../../src/drivers/modbus/actuators/write-plan.ts';
import { decodeBlock } from '../../../src/drivers/modbus/codec/decode.ts';
import { compileDecodeTable } from '../../../src/drivers/modbus/codec/decode-table.ts';
import { decodeText } from '../../../src/drivers/modbus/codec/decode-text.ts';
import { encodePattern, encodePoint } from '../../../src/drivers/modbus/codec/encode.ts';
import { checkRequest } from '../../../src/drivers/modbus/codec/pdu.ts';
import { planReads } from '../../../src/drivers/modbus/polling/read-plan.ts';
import { choicesOf } from '../../../src/drivers/modbus/profiles/checker.ts';
import type { ResolvedAction } from '../../../src/drivers/modbus/profiles/controls.ts';
import { createOrderScope, createSettingScope, type Scope } from '../../../src/drivers/modbus/profiles/expression.ts';
import { unusedPoints } from '../../../src/drivers/modbus/profiles/hints.ts';
import { isTextPoint, type Point } from '../../../src/drivers/modbus/profiles/point.ts';
import { type Profile, readProfile } from '../../../src/drivers/modbus/profiles/profile-schema.ts';
import { type ResolvedProfile, resolveProfile } from '../../../src/drivers/modbus/profiles/resolve-profile.ts';
import type { Params } from '../../../src/model/command.ts';
import { findVerb, type Parameter } from '../../../src/model/verbs.ts';

type Words = { address: number; word: number }[];

/** Two points may look at one register only where each takes its own bits of it, or shows them all. */
const assertNoOverlap = (points: Point[]): void => {
  const owner = new Map<string, Point>();
  const isPart = ({ type, source }: Point): boolean =>
    Boolean(source.mask ?? source.bits ?? source.format) || type === 'u8h' || type === 'u8l';
  for (const point of points.filter(({ isReadable }) => isReadable))
    for (const word of point.words) {
      const key = `${point.table} ${word}`;
      const other = owner.get(key);
      assert.ok(!other || (isPart(other) && isPart(point)), `${point.name} and ${other?.name} overlap at ${key}`);
      owner.set(key, point);
    }
};

const assertPlan = ({ points, profile }: ResolvedProfile): void => {
  const { maxRegs = 125, maxGap = 0, forbidden = [], perPoint = false, blocks = [] } = profile.limits ?? {};
  const readable = points.filter(({ isReadable }) => isReadable);
  const planned = planReads(readable, profile);
  for (const point of readable) {
    const block = planned.find((each) => each.table === point.table && each.points.includes(point));
    assert.ok(block, `${point.name} is in no request`);
    for (const word of point.words)
      assert.ok(word >= block.address && word < block.address + block.count, `${point.name} is outside its request`);
  }
  for (const { address, count, points: inside } of planned) {
    const isKnownBlock = blocks.some(([from, length]) => address >= from && address + count <= from + length);
    assert.ok(count <= maxRegs || isKnownBlock, `a request of ${count} registers at ${address}`);
    assert.ok(!perPoint || inside.length === 1, `several values in one request at ${address}`);
    for (const [from, to] of forbidden)
      assert.ok(address > to || address + count - 1 < from, `the request at ${address} touches ${from}..${to}`);
    // Words between those of one value are read with the value.
    const span = ({ words }: Point): number[] => {
      const first = Math.min(...words);
      return Array.from({ length: Math.max(...words) - first + 1 }, (_, i) => first + i);
    };
    const used = new Set(inside.flatMap(span));
    let gap = 0;
    for (let word = address; word < address + count; word++) {
      gap = used.has(word) ? 0 : gap + 1;
      assert.ok(gap <= maxGap || isKnownBlock, `a gap of ${gap} at ${word}`);
    }
  }
};

const numberRange: Record<string, [number, number]> = {
  bool: [0, 1],
  u8h: [0, 255],
  u8l: [0, 255],
  int16: [-32_000, 32_000],
  uint16: [0, 65_000],
  int32: [-2e9, 2e9],
  uint32: [0, 4e9],
  int64: [-1e15, 1e15],
  uint64: [0, 1e15],
  float16: [-500, 500],
  float32: [-1e6, 1e6],
  float64: [-1e9, 1e9],
  bcd16: [0, 9999],
  bcd32: [0, 99_999_999],
};

/** A value the register can hold exactly, in the unit of the quantity. */
const sampleValue = ({ type, source, target }: Point, random: () => number): number => {
  const [low, high] = numberRange[type] ?? [0, 1];
  const shift = source.shift ?? 0;
  const limit = source.mask === undefined ? high : Number(BigInt(source.mask) >> BigInt(shift));
  const raw = Math.round(low + random() * (Math.min(high, limit) - low));
  const factor = target ? target.factor : (source.scale ?? 1);
  const offset = target ? target.offset : (source.offset ?? 0);
  return raw * factor + offset;
};

const viewOf = (words: Words, address: number, count: number): DataView => {
  const view = new DataView(new ArrayBuffer(count * 2));
  for (const { address: at, word } of words)
    if (at >= address && at < address + count)
      view.setUint16((at - address) * 2, view.getUint16((at - address) * 2) | word);
  return view;
};

const isBitTable = ({ table }: Point): boolean => table === 'coil' || table === 'discrete';

const decodeOne = (point: Point, words: Words): number | string | null => {
  const address = Math.min(...point.words);
  const count = Math.max(...point.words) - address + 1;
  const view = viewOf(words, address, count);
  if (isTextPoint(point)) return decodeText(point, address, view);
  const out = new Float64Array([Number.NaN]);
  decodeBlock(compileDecodeTable([{ point, index: 0 }], address), view, out);
  return Number.isNaN(out[0]) ? null : (out[0] as number);
};

/** A register image made from values gives the values back; what means "not available" gives nothing. */
const assertRoundTrip = (points: Point[], seed: number): void => {
  const random = createSeededRandom(seed);
  for (const point of points) {
    if (isBitTable(point) || point.type === 'datetime') continue;
    if (isTextPoint(point)) {
      const isHex = point.source.format === 'hex' || point.type === 'bytes';
      const text = isHex ? 'a5'.repeat(point.words.length * 2) : 'Meter 7'.slice(0, point.words.length * 2);
      assert.equal(decodeOne(point, encodePoint(point, text)), text.trim(), point.name);
      continue;
    }
    const value = sampleValue(point, random);
    const decoded = decodeOne(point, encodePoint(point, value));
    const tolerance = Math.max(Math.abs(value) * 1e-6, 2e-6);
    assert.ok(
      decoded !== null && Math.abs(Number(decoded) - value) <= tolerance,
      `${point.name}: ${decoded}, not ${value}`,
    );
    for (const pattern of point.source.nan ?? [])
      assert.equal(decodeOne(point, encodePattern(point, pattern)), null, `${point.name}: ${pattern} is a value`);
  }
};

/** The settings as an integrator finds them in the form, and a device whose points all say 100. */
const probeScope = (settings: NonNullable<Profile['settings']>): Scope =>
  createSettingScope(
    settings,
    Object.fromEntries(Object.keys(settings).map((name) => [name, settings[name]?.max ?? 100])),
    () => 100,
  );

/** The smallest and the largest command there is, and each of its choices. */
const extremes = (params: Record<string, ParameterRange>, known: Record<string, Parameter>): Params[] => {
  const all = (pick: (range: ParameterRange, name: string) => Params[string] | undefined): Params =>
    Object.fromEntries(
      Object.entries(params).flatMap(([name, range]): [string, Params[string]][] => {
        const picked = pick(range, name);
        return picked === undefined ? [] : [[name, picked]];
      }),
    );
  const longest = Math.max(1, ...Object.values(params).map(({ choices = [] }) => choices.length));
  const typed = (choice: string | undefined, name: string): Params[string] | undefined =>
    choice !== undefined && known[name]?.value === 'number' ? Number(choice) : choice;
  return Array.from({ length: longest }, (_, n) => n).flatMap((n) => [
    all(({ choices, min }, name) => (choices ? typed(choices[n % choices.length], name) : min)),
    all(({ choices, max }, name) => (choices ? typed(choices[n % choices.length], name) : max)),
  ]);
};

/** Every command of every actuator is offered, and becomes requests that keep the protocol's limits. */
const assertControls = ({ controls, profile }: ResolvedProfile): void => {
  const scope = probeScope(profile.settings ?? {});
  for (const actuator of controls.actuators) {
    const { key, type, actions, fallback, setup } = actuator;
    const { verbs } = describeActuator(actuator, scope);
    assert.deepEqual(
      Object.keys(verbs).sort(),
      [...Object.keys(actions), ...Object.keys(actuator.limits)].sort(),
      `${key} does not offer what it has`,
    );
    const assertRequests = (name: string, action: ResolvedAction, params: Params): void => {
      const order: Order = { actuator: key, params, limits: {}, startBy: 0, notAfter: 0 };
      const plan = planWrites(action.steps, {
        unit: 1,
        scope: createOrderScope({ actuator, action }, order, { settings: scope, now: () => 0 }),
        held: () => 0,
      });
      for (const part of plan)
        if ('request' in part) assert.equal(checkRequest(part.request), undefined, `${key} ${name}`);
    };
    for (const [name, action] of Object.entries(actions))
      for (const params of extremes(verbs[name]?.params ?? {}, findVerb(type, name)?.params ?? {}))
        assertRequests(name, action, params);
    if (fallback) assertRequests('fallback', fallback, {});
    assertRequests('setup', { params: {}, steps: setup, requires: [] }, {});
  }
};

/** @throws AssertionError with the point and what is wrong with it */
export const assertProfile = (json: unknown): void => {
  const read = readProfile(json);
  assert.ok(read.ok, read.ok ? '' : read.reason);
  const profile = read.value;
  for (const choice of choicesOf(profile)) {
    const resolved = resolveProfile(profile, choice);
    assert.ok(resolved.ok, resolved.ok ? '' : resolved.reason);
    assert.deepEqual(unusedPoints(resolved.value), [], 'points that nothing uses');
    assertNoOverlap(resolved.value.points);
    assertPlan(resolved.value);
    assertControls(resolved.value);
    for (const seed of [1, 2, 3]) assertRoundTrip(resolved.value.points, seed);
  }
};
