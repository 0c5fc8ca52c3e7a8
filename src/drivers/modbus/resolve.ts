/** A profile made ready for one device: variants, params and instance applied, every point checked against the model. */
import { conditionFault } from './condition.ts';
import { pointsNeeded, type ResolvedControls, resolveControls } from './controls.ts';
import { isTextPoint } from './decode-text.ts';
import { didYouMean } from './did-you-mean.ts';
import { identityFault } from './identity.ts';
import { type Checked, refuse } from './mistakes.ts';
import { planFaults } from './plan.ts';
import { conditionsOf, type DerivedPoint, type Point, type Target } from './point.ts';
import type { Profile } from './profile.ts';
import { resolveDerived } from './resolve-derived.ts';
import { resolvePoint } from './resolve-point.ts';
import { applyVariants, checkChoice, checkVariants, type ProfileChoice } from './variants.ts';

export interface ResolvedProfile {
  profile: Profile;
  points: Point[];
  /** Sums, and the firsts of several sources. */
  derived: DerivedPoint[];
  /** Those that never read 0 while the device works. */
  alive: Point[];
  /** SunSpec points: known, but only read after model discovery. */
  undecoded: string[];
  controls: ResolvedControls;
}

/** The factor is read with its values, in one request: same table, same group, and it is a number. */
const scaleFault = (point: Point, name: string, points: Map<string, Point>): string | undefined => {
  const factor = points.get(name);
  if (!factor) return `scaleFrom "${name}" is not a point${didYouMean(name, [...points.keys()])}`;
  if (factor.table !== point.table) return `scaleFrom "${name}" lies in another table, ${factor.table}`;
  if (factor.group !== point.group) return `scaleFrom "${name}" is read with another group, ${factor.group}`;
  return undefined;
};

const pathOf = ({ type, index, quantity, part }: Target): string =>
  [type, index, quantity, part].filter((level) => level !== undefined).join('/');

/** A charger without a car often shows no voltage; of everything else it is what its electronics live on. */
const isSupply = ({ target, group, isReadable }: Point): boolean =>
  isReadable &&
  group === 'fast' &&
  target !== undefined &&
  target.type !== 'ev_charger' &&
  (target.quantity === 'voltage' || target.quantity === 'frequency');

/** Points that are read from the device: what nobody needs to know is not asked for. */
export const polledPoints = (resolved: Omit<ResolvedProfile, 'undecoded'>): Point[] => {
  const { points, derived, alive } = resolved;
  const needed = pointsNeeded(resolved);
  for (const { name } of alive) needed.add(name);
  for (const { terms } of derived) for (const { name } of terms) needed.add(name);
  const conditions = [...points.map(({ source }) => source.voidWhile), ...derived.flatMap(conditionsOf)];
  for (const condition of conditions) if (condition) needed.add(condition.point);
  const isWanted = ({ name, target, source }: Point): boolean =>
    target !== undefined || source.identity !== undefined || needed.has(name);
  const wanted = points.filter((point) => point.isReadable && isWanted(point));
  const factors = new Set(wanted.map(({ source }) => source.scaleFrom));
  return points.filter((point) => point.isReadable && (isWanted(point) || factors.has(point.name)));
};

const nothingRead = (undecoded: string[]): string =>
  undecoded.length > 0
    ? `nothing of this profile can be read: ${undecoded.join(', ')} are of type sunspec, which is not read yet; give registers with addr and type`
    : 'nothing of this profile is read: at least one point that can be read needs a quantity';

/**
 * Applies params, variants and the instance, and checks every point against the model.
 * @returns the points ready for planning and decoding, or everything that does not fit, in words
 */
export const resolveProfile = (given: Profile, choice: ProfileChoice = {}): Checked<ResolvedProfile> => {
  const mistakes = [...checkVariants(given), ...checkChoice(given, choice)];
  if (mistakes.length > 0) return refuse(mistakes);
  const instance = choice.instance ?? 1;
  const profile = applyVariants(given, choice.params ?? {});
  // Variants may leave points out: mistakes are told where they stand in the file.
  const placeOf = new Map(given.points.map(({ name }, n) => [name, n]));
  const points = new Map<string, Point>();
  const undecoded: string[] = [];
  const derived: DerivedPoint[] = [];
  const names = new Set<string>();
  const feeds = new Map<string, string>();
  const mistake = (name: string, text: string, n = placeOf.get(name) ?? 0): void =>
    void mistakes.push({ path: ['points', n], name, text });
  const feed = (name: string, target: Target | undefined): void => {
    const path = target && pathOf(target);
    if (path === undefined) return;
    const other = feeds.get(path);
    if (other !== undefined) mistake(name, `${name} and ${other} both feed ${path}`);
    feeds.set(path, name);
  };

  given.points.forEach(({ name }, n) => {
    if (names.has(name)) mistake(name, 'named twice', n);
    names.add(name);
  });
  for (const source of profile.points) {
    if (source.sum || source.firstOf) continue;
    if (source.type === 'sunspec') {
      undecoded.push(source.name);
      continue;
    }
    const resolved = resolvePoint(source, profile, instance);
    if (resolved.ok) {
      points.set(source.name, resolved.value);
      feed(source.name, resolved.value.target);
    } else mistake(source.name, resolved.reason);
  }
  for (const source of profile.points) {
    const point = points.get(source.name);
    if (point) {
      const fault =
        (source.scaleFrom === undefined ? undefined : scaleFault(point, source.scaleFrom, points)) ??
        (source.voidWhile && conditionFault(source.voidWhile, points)) ??
        identityFault(point);
      if (fault !== undefined) mistake(source.name, fault);
    }
    if (!source.sum && !source.firstOf) continue;
    const resolved = resolveDerived(source, points, instance);
    if (resolved.ok) {
      derived.push(resolved.value);
      feed(source.name, resolved.value.target);
    } else mistake(source.name, resolved.reason);
  }
  const known = [...points.values()];
  for (const name of profile.alive ?? []) {
    const point = points.get(name);
    if (point?.isReadable && !isTextPoint(point)) continue;
    mistakes.push({
      path: ['alive'],
      text: `"${name}" is no number that can be read${didYouMean(name, [...points.keys()])}`,
    });
  }
  for (const [point, text] of planFaults(known, profile)) mistake(point.name, text);
  // A command that steers a wrong point would be told as a second mistake.
  if (mistakes.length > 0) return refuse(mistakes);
  const controls = resolveControls(profile, known, undecoded, instance);
  if (!controls.ok) return controls;
  const alive = known.filter((point) => profile.alive?.includes(point.name) ?? isSupply(point));
  const resolved = { profile, points: known, derived, alive, controls: controls.value };
  if (polledPoints(resolved).length === 0) return refuse([{ path: ['points'], text: nothingRead(undecoded) }]);
  return { ok: true, value: { ...resolved, undecoded } };
};
