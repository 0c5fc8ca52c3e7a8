/** A profile made ready for one device: variants, params and instance applied, every point checked against the model. */
import { didYouMean } from '../../../common/did-you-mean.ts';
import { companionFault } from './companion.ts';
import { conditionFault } from './condition.ts';
import { pointsNeeded, type ResolvedControls } from './controls.ts';
import { identityFault } from './identity-fields.ts';
import { type Checked, type Mistake, refuse } from './mistakes.ts';
import { companionOf, conditionsOf, type DerivedPoint, isTextPoint, type Point, pathOf, type Target } from './point.ts';
import type { ProfilePoint } from './point-schema.ts';
import type { Profile } from './profile-schema.ts';
import { unreadableGroups } from './register-groups.ts';
import { resolveControls } from './resolve-controls.ts';
import { resolveDerived } from './resolve-derived.ts';
import { resolvePoint } from './resolve-point.ts';
import { applyVariants, checkChoice, checkVariants, type ProfileChoice } from './variants.ts';

/** All that a driver needs to know of a device family. Devices with the same profile and choice share one object. */
export interface ResolvedProfile {
  profile: Profile;
  /** Number of the connector, battery or the like, counted from 1. */
  instance: number;
  /** Points with registers of their own. */
  points: Point[];
  derived: DerivedPoint[];
  /** Points that never read 0 while the device works. */
  alive: Point[];
  /** Names of the points of type sunspec, which are known only after a discovery. */
  undecoded: string[];
  controls: ResolvedControls;
}

/** The points of a profile while they are being checked. */
interface Resolution {
  profile: Profile;
  instance: number;
  points: Map<string, Point>;
  derived: DerivedPoint[];
  undecoded: string[];
  /** Notes that a point feeds a quantity, which no other point may feed. */
  feed(name: string, target: Target | undefined): void;
  mistake(name: string, text: string): void;
}

/** Voltages and frequencies of a device's supply. A charger without a car often shows none, so it does not count. */
const isSupply = ({ target, group, isReadable }: Point): boolean =>
  isReadable &&
  group === 'fast' &&
  target !== undefined &&
  target.type !== 'ev_charger' &&
  (target.quantity === 'voltage' || target.quantity === 'frequency');

/** @returns the points to poll, in the order of the profile; a point that nothing depends on is not read */
export const polledPoints = (resolved: Omit<ResolvedProfile, 'undecoded' | 'instance'>): Point[] => {
  const { points, derived, alive } = resolved;
  const needed = pointsNeeded(resolved);
  for (const { name } of alive) needed.add(name);
  for (const { point } of resolved.profile.guards ?? []) needed.add(point);
  for (const { terms } of derived) for (const { name } of terms) needed.add(name);
  const conditions = [
    ...points.flatMap(({ source }) => [source.voidWhile, source.onlyWhile]),
    ...derived.flatMap(conditionsOf),
  ];
  for (const condition of conditions) if (condition) needed.add(condition.point);
  const isWanted = ({ name, target, source }: Point): boolean =>
    target !== undefined || source.identity !== undefined || source.events !== undefined || needed.has(name);
  const wanted = points.filter((point) => point.isReadable && isWanted(point));
  const companions = new Set(wanted.map(({ source }) => companionOf(source)));
  return points.filter((point) => point.isReadable && (isWanted(point) || companions.has(point.name)));
};

const nothingRead = 'nothing of this profile is read: at least one point that can be read needs a quantity';

const isDerived = ({ sum, firstOf, product }: ProfilePoint): boolean => Boolean(sum ?? firstOf ?? product);

/** Resolves the points with registers of their own. */
const resolvePoints = ({ profile, instance, points, undecoded, feed, mistake }: Resolution): void => {
  for (const source of profile.points) {
    if (isDerived(source)) continue;
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
};

/** Checks the references of points to each other, and resolves derived points. */
const resolveReferences = ({ profile, instance, points, derived, undecoded, feed, mistake }: Resolution): void => {
  for (const source of profile.points) {
    const point = points.get(source.name);
    if (point) {
      const fault =
        companionFault(point, points) ??
        (source.voidWhile && conditionFault(source.voidWhile, points)) ??
        (source.onlyWhile && conditionFault(source.onlyWhile, points)) ??
        identityFault(point);
      if (fault !== undefined) mistake(source.name, fault);
    }
    if (!isDerived(source)) continue;
    if ([...(source.sum ?? []), ...(source.firstOf ?? [])].some((term) => undecoded.includes(term.replace(/^-/, '')))) {
      undecoded.push(source.name);
      continue;
    }
    const resolved = resolveDerived(source, points, instance);
    if (resolved.ok) {
      derived.push(resolved.value);
      feed(source.name, resolved.value.target);
    } else mistake(source.name, resolved.reason);
  }
};

/** @param key part of the profile that the names are from */
const checkNumbers = (key: string, names: string[], { points }: Resolution): Mistake[] =>
  names.flatMap((name) => {
    const point = points.get(name);
    if (point?.isReadable && !isTextPoint(point)) return [];
    return [{ path: [key], text: `"${name}" is no number that can be read${didYouMean(name, [...points.keys()])}` }];
  });

/** @returns points that share a name with an earlier one */
const checkUniqueNames = (points: ProfilePoint[]): Mistake[] => {
  const names = new Set<string>();
  return points.flatMap(({ name }, n) => {
    if (names.has(name)) return [{ path: ['points', n], name, text: 'named twice' }];
    names.add(name);
    return [];
  });
};

/** @param given the profile before its variants, whose places in the file mistakes are told with */
const beginResolution = (given: Profile, choice: ProfileChoice, mistakes: Mistake[]): Resolution => {
  const placeOf = new Map(given.points.map(({ name }, n) => [name, n]));
  const feeds = new Map<string, string>();
  const mistake = (name: string, text: string): void =>
    void mistakes.push({ path: ['points', placeOf.get(name) ?? 0], name, text });
  return {
    profile: applyVariants(given, choice.params ?? {}),
    instance: choice.instance ?? 1,
    points: new Map(),
    derived: [],
    undecoded: [],
    feed(name, target) {
      const path = target && pathOf(target);
      if (path === undefined) return;
      const other = feeds.get(path);
      if (other !== undefined) mistake(name, `${name} and ${other} both feed ${path}`);
      feeds.set(path, name);
    },
    mistake,
  };
};

/**
 * Applies params, variants and the instance, and checks every point against the model.
 * @returns the profile ready for planning, decoding and writing; or every mistake in it
 */
export const resolveProfile = (given: Profile, choice: ProfileChoice = {}): Checked<ResolvedProfile> => {
  const mistakes = [...checkVariants(given), ...checkChoice(given, choice)];
  if (mistakes.length > 0) return refuse(mistakes);
  mistakes.push(...checkUniqueNames(given.points));
  const resolution = beginResolution(given, choice, mistakes);
  const { profile, instance, derived, undecoded } = resolution;
  resolvePoints(resolution);
  resolveReferences(resolution);
  mistakes.push(...checkNumbers('alive', profile.alive ?? [], resolution));
  const guards = (profile.guards ?? []).map(({ point }) => point);
  mistakes.push(...checkNumbers('guards', guards, resolution));
  const points = [...resolution.points.values()];
  for (const [point, text] of unreadableGroups(points, profile)) resolution.mistake(point.name, text);
  // The controls are checked last, because a command to a point with a mistake would be told as a second mistake.
  if (mistakes.length > 0) return refuse(mistakes);
  const controls = resolveControls(profile, { points, undecoded, instance });
  if (!controls.ok) return controls;
  const alive = points.filter((point) => profile.alive?.includes(point.name) ?? isSupply(point));
  const resolved = { profile, points, derived, alive, controls: controls.value };
  // Points of type sunspec are read once the device has told where they are.
  if (polledPoints(resolved).length === 0 && undecoded.length === 0)
    return refuse([{ path: ['points'], text: nothingRead }]);
  return { ok: true, value: { ...resolved, instance, undecoded } };
};
