/** A profile made ready for one device: variants, params and instance applied, every point checked against the model. */
import { findQuantity, isVendorWord } from '../../model/quantities.ts';
import type { Result } from '../../model/time.ts';
import { parseTopic } from '../../model/topic.ts';
import { type Conversion, canonicalUnit, conversion, isUnit } from '../../model/units.ts';
import { type ResolvedControls, resolveControls } from './controls.ts';
import type { Point, SumPoint, Target } from './point.ts';
import { type PointType, type Profile, type ProfilePoint, wordsOf } from './profile.ts';

/** What the integrator chose for one device. */
export interface ProfileChoice {
  params?: Record<string, string>;
  instance?: number;
}

export interface ResolvedProfile {
  profile: Profile;
  points: Point[];
  sums: SumPoint[];
  /** SunSpec points: known, but only read after model discovery. */
  undecoded: string[];
  controls: ResolvedControls;
}

const isText = (type: PointType | undefined): boolean => type === 'string' || type === 'bytes' || type === 'datetime';

const convertUnit = (source: ProfilePoint, unit: string | undefined): Result<Conversion | undefined> => {
  if (unit === undefined || !isUnit(unit)) return { ok: true, value: undefined };
  const from = source.unit ?? (unit === '1' ? '1' : undefined);
  if (from === undefined) return { ok: false, reason: `${source.name}: no unit; ${source.quantity} is in ${unit}` };
  const convert = conversion(from, unit);
  return convert
    ? { ok: true, value: convert }
    : { ok: false, reason: `${source.name}: ${from} cannot be converted to ${unit} of ${source.quantity}` };
};

/** A quantity the model does not know: its unit is the source's, brought to a code of the wire. */
const vendorTarget = (source: ProfilePoint): { unit?: string; value: Target['value']; min: number; max: number } => {
  const isWord = Boolean(source.enum || source.bits || source.format) || isText(source.type);
  const value = isWord ? 'text' : source.type === 'bool' ? 'boolean' : 'number';
  const unit = value === 'number' ? canonicalUnit(source.unit ?? '1') : undefined;
  return {
    ...(unit === undefined ? {} : { unit }),
    value,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  };
};

const resolveTarget = (source: ProfilePoint, instance: number): Result<Target> => {
  const path = (source.quantity ?? '').replace('{i}', String(instance));
  const topic = parseTopic(`devices/x/${path}`);
  if (!topic.ok) return { ok: false, reason: `${source.name}: ${path}: ${topic.reason}` };
  if (topic.value.kind !== 'reading') return { ok: false, reason: `${source.name}: ${path} is not a quantity` };
  const { type, index, quantity, part } = topic.value;
  const known = findQuantity(type, quantity);
  if (!known && !isVendorWord(quantity) && !isVendorWord(type))
    return { ok: false, reason: `${source.name}: ${type} has no quantity "${quantity}"` };
  const vendor = vendorTarget(source);
  if (!known && vendor.value === 'number' && vendor.unit === undefined)
    return { ok: false, reason: `${source.name}: "${source.unit}" is not a unit we know` };
  const unitText = known ? known.unit : vendor.unit;
  const convert = convertUnit(source, unitText);
  if (!convert.ok) return convert;
  const sign = source.sign ?? 1;
  const { factor = 1, offset = 0 } = convert.value ?? {};
  const { scale = 1, offset: rawOffset = 0 } = source;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, value } = known ?? vendor;
  if (known?.members)
    for (const member of Object.values(source.enum ?? {}))
      if (!known.members.includes(String(member)))
        return { ok: false, reason: `${source.name}: "${member}" is no ${quantity} of ${type}` };
  return {
    ok: true,
    value: {
      type,
      ...(index === undefined ? {} : { index }),
      quantity,
      ...(part === undefined ? {} : { part }),
      factor: scale * factor * sign,
      offset: (rawOffset * factor + offset) * sign,
      ...(unitText === undefined ? {} : { unit: unitText }),
      value,
      min: Math.max(min, source.min ?? min),
      max: Math.min(max, source.max ?? max),
    },
  };
};

const applyVariants = (profile: Profile, params: Record<string, string>): Profile => {
  let { points, defaults = {} } = profile;
  for (const variant of profile.variants ?? []) {
    const applies = Object.entries(variant.when).every(
      ([key, wanted]) => (params[key] ?? profile.params?.[key]?.default) === wanted,
    );
    if (!applies) continue;
    defaults = { ...defaults, ...variant.defaults };
    points = points.map((original) => ({ ...original, ...variant.points?.[original.name] }));
  }
  return { ...profile, points, defaults };
};

const wordAddresses = (source: ProfilePoint, base: number, wordOrder: 'big' | 'little'): Result<number[]> => {
  const type = source.type as Exclude<PointType, 'sunspec'>;
  const shifted = Array.isArray(source.addr) ? source.addr.map((a) => a + base) : undefined;
  const first = typeof source.addr === 'number' ? source.addr + base : (shifted?.[0] ?? 0);
  if (type === 'string' || type === 'bytes') {
    if (source.len === undefined) return { ok: false, reason: `${source.name}: a ${type} needs len` };
    return { ok: true, value: Array.from({ length: source.len }, (_, i) => first + i) };
  }
  const count = wordsOf[type];
  const inOrder = shifted ?? Array.from({ length: count }, (_, i) => first + i);
  if (inOrder.length !== count) return { ok: false, reason: `${source.name}: ${type} has ${count} words` };
  return { ok: true, value: wordOrder === 'little' ? inOrder.reverse() : inOrder };
};

const resolvePoint = (source: ProfilePoint, profile: Profile, instance: number): Result<Point> => {
  const { defaults = {}, instances } = profile;
  if (source.addr === undefined || source.type === undefined)
    return { ok: false, reason: `${source.name}: needs addr and type, or sum` };
  if (typeof source.addr === 'string')
    return { ok: false, reason: `${source.name}: "${source.addr}" is an address of type sunspec only` };
  const shift = instances && !source.shared ? (instance - 1) * instances.stride : 0;
  const words = wordAddresses(source, shift, source.wordOrder ?? defaults.wordOrder ?? 'big');
  if (!words.ok) return words;
  if (words.value.some((word) => word > 65535)) return { ok: false, reason: `${source.name}: address beyond 65535` };
  const target = source.quantity === undefined ? undefined : resolveTarget(source, instance);
  if (target && !target.ok) return target;
  return {
    ok: true,
    value: {
      name: source.name,
      source,
      table: source.table ?? defaults.table ?? 'holding',
      type: source.type,
      words: words.value,
      byteOrder: source.byteOrder ?? defaults.byteOrder ?? 'big',
      ...(target ? { target: target.value } : {}),
      group: source.group ?? (source.identity ? 'once' : 'fast'),
      isReadable: source.access !== 'w',
    },
  };
};

const resolveSum = (source: ProfilePoint, points: Map<string, Point>, instance: number): Result<SumPoint> => {
  // The terms carry scale and unit already: a sum is in the unit of its quantity.
  const target = resolveTarget({ ...source, scale: 1, offset: 0 }, instance);
  if (!target.ok) return target;
  const terms: SumPoint['terms'] = [];
  for (const term of source.sum ?? []) {
    const termName = term.replace(/^-/, '');
    if (!points.has(termName)) return { ok: false, reason: `${source.name}: sums "${termName}", which is not a point` };
    terms.push({ name: termName, sign: term.startsWith('-') ? -1 : 1 });
  }
  return { ok: true, value: { name: source.name, target: target.value, terms } };
};

/**
 * Applies params, variants and the instance, and checks every point against the model.
 * @returns the points ready for planning and decoding, or the first thing that does not fit, in words
 */
export const resolveProfile = (given: Profile, choice: ProfileChoice = {}): Result<ResolvedProfile> => {
  for (const [key, value] of Object.entries(choice.params ?? {}))
    if (!Object.hasOwn(given.params?.[key]?.choices ?? {}, value))
      return { ok: false, reason: `${given.id}: "${value}" is no choice of "${key}"` };
  const instance = choice.instance ?? 1;
  if (instance < 1 || instance > (given.instances?.max ?? 1))
    return { ok: false, reason: `${given.id}: instance ${instance} is outside 1..${given.instances?.max ?? 1}` };
  const profile = applyVariants(given, choice.params ?? {});
  const points = new Map<string, Point>();
  const undecoded: string[] = [];
  const sums: SumPoint[] = [];
  for (const source of profile.points) {
    if (points.has(source.name)) return { ok: false, reason: `${source.name}: named twice` };
    if (source.sum) continue;
    if (source.type === 'sunspec') {
      undecoded.push(source.name);
      continue;
    }
    const resolved = resolvePoint(source, profile, instance);
    if (!resolved.ok) return { ok: false, reason: `${profile.id}: ${resolved.reason}` };
    points.set(source.name, resolved.value);
  }
  for (const source of profile.points) {
    if (source.scaleFrom !== undefined && !points.has(source.scaleFrom))
      return { ok: false, reason: `${profile.id}: ${source.name}: scaleFrom "${source.scaleFrom}" is not a point` };
    if (!source.sum) continue;
    const resolved = resolveSum(source, points, instance);
    if (!resolved.ok) return { ok: false, reason: `${profile.id}: ${resolved.reason}` };
    sums.push(resolved.value);
  }
  const known = [...points.values()];
  const controls = resolveControls(profile, known, undecoded, instance);
  if (!controls.ok) return controls;
  return { ok: true, value: { profile, points: known, sums, undecoded, controls: controls.value } };
};
