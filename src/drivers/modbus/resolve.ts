/** A profile made ready for one device: variants, params and instance applied, every point checked against the model. */
import type { Result } from '../../model/time.ts';
import { type ResolvedControls, resolveControls } from './controls.ts';
import { type Checked, type Mistake, refuse } from './mistakes.ts';
import { planFaults } from './plan.ts';
import type { Point, SumPoint, Target } from './point.ts';
import { type PointType, type Profile, type ProfilePoint, wordsOf } from './profile.ts';
import { resolveTarget } from './target.ts';

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
    if (source.len === undefined) return { ok: false, reason: `a ${type} needs len` };
    return { ok: true, value: Array.from({ length: source.len }, (_, i) => first + i) };
  }
  const count = wordsOf[type];
  const inOrder = shifted ?? Array.from({ length: count }, (_, i) => first + i);
  if (inOrder.length !== count) return { ok: false, reason: `${type} has ${count} words` };
  return { ok: true, value: wordOrder === 'little' ? inOrder.reverse() : inOrder };
};

const resolvePoint = (source: ProfilePoint, profile: Profile, instance: number): Result<Point> => {
  const { defaults = {}, instances } = profile;
  if (source.addr === undefined || source.type === undefined)
    return { ok: false, reason: `needs addr and type, or sum` };
  if (typeof source.addr === 'string')
    return { ok: false, reason: `"${source.addr}" is an address of type sunspec only` };
  const shift = instances && !source.shared ? (instance - 1) * instances.stride : 0;
  const words = wordAddresses(source, shift, source.wordOrder ?? defaults.wordOrder ?? 'big');
  if (!words.ok) return words;
  if (words.value.some((word) => word > 65535)) return { ok: false, reason: `address beyond 65535` };
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

const resolveSum = (source: ProfilePoint, known: Set<string>, instance: number): Result<SumPoint> => {
  // The terms carry scale and unit already: a sum is in the unit of its quantity.
  const target = resolveTarget({ ...source, scale: 1, offset: 0 }, instance);
  if (!target.ok) return target;
  const terms: SumPoint['terms'] = [];
  for (const term of source.sum ?? []) {
    const termName = term.replace(/^-/, '');
    if (!known.has(termName)) return { ok: false, reason: `sums "${termName}", which is not a point` };
    terms.push({ name: termName, sign: term.startsWith('-') ? -1 : 1 });
  }
  return { ok: true, value: { name: source.name, target: target.value, terms } };
};

/** The factor is read with its values, in one request: same table, same group, and it is a number. */
const scaleFault = (point: Point, name: string, points: Map<string, Point>): string | undefined => {
  const factor = points.get(name);
  if (!factor) return `scaleFrom "${name}" is not a point`;
  if (factor.table !== point.table) return `scaleFrom "${name}" lies in another table, ${factor.table}`;
  if (factor.group !== point.group) return `scaleFrom "${name}" is read with another group, ${factor.group}`;
  return undefined;
};

const checkChoice = (profile: Profile, { params = {}, instance = 1 }: ProfileChoice): Mistake[] => {
  const mistakes: Mistake[] = [];
  for (const [key, value] of Object.entries(params))
    if (!Object.hasOwn(profile.params?.[key]?.choices ?? {}, value))
      mistakes.push({ path: ['params', key], text: `"${value}" is no choice of "${key}"` });
  const last = profile.instances?.max ?? 1;
  if (instance < 1 || instance > last)
    mistakes.push({ path: ['instances'], text: `instance ${instance} is outside 1..${last}` });
  return mistakes;
};

/** A variant that can never apply, or that changes what is not there. */
const checkVariants = ({ params = {}, variants = [], points }: Profile): Mistake[] => {
  const names = new Set(points.map(({ name }) => name));
  const mistakes: Mistake[] = [];
  for (const [key, { default: usual, choices }] of Object.entries(params))
    if (!Object.hasOwn(choices, usual))
      mistakes.push({ path: ['params', key, 'default'], text: `"${usual}" is no choice of "${key}"` });
  variants.forEach(({ when, points: changed = {} }, n) => {
    for (const [key, value] of Object.entries(when))
      if (!Object.hasOwn(params[key]?.choices ?? {}, value))
        mistakes.push({ path: ['variants', n, 'when', key], text: `"${value}" is no choice of "${key}"` });
    for (const name of Object.keys(changed))
      if (!names.has(name)) mistakes.push({ path: ['variants', n, 'points', name], text: 'there is no such point' });
  });
  return mistakes;
};

const pathOf = ({ type, index, quantity, part }: Target): string =>
  [type, index, quantity, part].filter((level) => level !== undefined).join('/');

/**
 * Applies params, variants and the instance, and checks every point against the model.
 * @returns the points ready for planning and decoding, or everything that does not fit, in words
 */
export const resolveProfile = (given: Profile, choice: ProfileChoice = {}): Checked<ResolvedProfile> => {
  const mistakes = [...checkVariants(given), ...checkChoice(given, choice)];
  if (mistakes.length > 0) return refuse(mistakes);
  const instance = choice.instance ?? 1;
  const profile = applyVariants(given, choice.params ?? {});
  const points = new Map<string, Point>();
  const undecoded: string[] = [];
  const sums: SumPoint[] = [];
  const terms = new Set(profile.points.filter(({ sum, type }) => !sum && type !== 'sunspec').map(({ name }) => name));
  const names = new Set<string>();
  const feeds = new Map<string, string>();
  const mistake = (n: number, text: string): void =>
    void mistakes.push({ path: ['points', n], name: profile.points[n]?.name ?? '', text });
  const feed = (n: number, name: string, target: Target | undefined): void => {
    const path = target && pathOf(target);
    if (path === undefined) return;
    const other = feeds.get(path);
    if (other !== undefined) mistake(n, `${name} and ${other} both feed ${path}`);
    feeds.set(path, name);
  };

  profile.points.forEach((source, n) => {
    if (names.has(source.name)) mistake(n, 'named twice');
    names.add(source.name);
    if (source.sum) return;
    if (source.type === 'sunspec') {
      undecoded.push(source.name);
      return;
    }
    const resolved = resolvePoint(source, profile, instance);
    if (resolved.ok) {
      points.set(source.name, resolved.value);
      feed(n, source.name, resolved.value.target);
    } else mistake(n, resolved.reason);
  });
  profile.points.forEach((source, n) => {
    const point = points.get(source.name);
    if (source.scaleFrom !== undefined && point) {
      const fault = scaleFault(point, source.scaleFrom, points);
      if (fault !== undefined) mistake(n, fault);
    }
    if (!source.sum) return;
    const resolved = resolveSum(source, terms, instance);
    if (resolved.ok) {
      sums.push(resolved.value);
      feed(n, source.name, resolved.value.target);
    } else mistake(n, resolved.reason);
  });
  const known = [...points.values()];
  const unreadable = planFaults(known, profile);
  for (const [point, text] of unreadable) mistake(profile.points.indexOf(point.source), text);
  // A command that steers a wrong point would be told as a second mistake.
  if (mistakes.length > 0) return refuse(mistakes);
  const controls = resolveControls(profile, known, undecoded, instance);
  return controls.ok
    ? { ok: true, value: { profile, points: known, sums, undecoded, controls: controls.value } }
    : controls;
};
