/** The choices of an integrator for one device: parameters and instance of a profile, and the points they change. */
import { didYouMean, knownWords } from '../../../common/did-you-mean.ts';
import type { Mistake } from './mistakes.ts';
import type { ProfilePoint } from './point-schema.ts';
import type { Profile } from './profile-schema.ts';

/** The choice for one device. */
export interface ProfileChoice {
  /** Chosen values of the profile's params, by their names. */
  params?: Record<string, string>;
  /** Number of the connector, battery or the like, counted from 1. */
  instance?: number;
}

/** Leaves points out, also as terms of sums and as sources. */
const leaveOut = (points: ProfilePoint[], names: ReadonlySet<string>): ProfilePoint[] =>
  points
    .filter(({ name }) => !names.has(name))
    .map((point) => ({
      ...point,
      ...(point.sum && { sum: point.sum.filter((term) => !names.has(term.replace(/^-/, ''))) }),
      ...(point.firstOf && { firstOf: point.firstOf.filter((source) => !names.has(source)) }),
    }));

/** @returns the profile with the variants that apply to the chosen params, or to their defaults */
export const applyVariants = (profile: Profile, params: Record<string, string>): Profile => {
  let { points, defaults = {} } = profile;
  for (const variant of profile.variants ?? []) {
    const applies = Object.entries(variant.when).every(
      ([key, wanted]) => (params[key] ?? profile.params?.[key]?.default) === wanted,
    );
    if (!applies) continue;
    defaults = { ...defaults, ...variant.defaults };
    points = points.map((original) => ({ ...original, ...variant.points?.[original.name] }));
    if (variant.without) points = leaveOut(points, new Set(variant.without));
  }
  return { ...profile, points, defaults };
};

/** @returns what the profile does not offer of a choice */
export const checkChoice = (profile: Profile, { params = {}, instance = 1 }: ProfileChoice): Mistake[] => {
  const mistakes: Mistake[] = [];
  for (const [key, value] of Object.entries(params)) {
    const choices = profile.params?.[key]?.choices ?? {};
    if (!Object.hasOwn(choices, value))
      mistakes.push({
        path: ['params', key],
        text: `"${value}" is no choice of "${key}"${knownWords(value, Object.keys(choices))}`,
      });
  }
  const last = profile.instances?.max ?? 1;
  if (instance < 1 || instance > last)
    mistakes.push({ path: ['instances'], text: `instance ${instance} is outside 1..${last}` });
  return mistakes;
};

/** @returns variants that can never apply, or that change points which do not exist */
export const checkVariants = ({ params = {}, variants = [], points }: Profile): Mistake[] => {
  const names = points.map(({ name }) => name);
  const mistakes: Mistake[] = [];
  const mistake = (path: Mistake['path'], text: string): void => void mistakes.push({ path, text });
  for (const [key, { default: usual, choices }] of Object.entries(params))
    if (!Object.hasOwn(choices, usual))
      mistake(
        ['params', key, 'default'],
        `"${usual}" is no choice of "${key}"${knownWords(usual, Object.keys(choices))}`,
      );
  variants.forEach(({ when, points: changed = {}, without = [] }, n) => {
    for (const [key, value] of Object.entries(when)) {
      const choices = params[key]?.choices;
      if (!choices)
        mistake(
          ['variants', n, 'when', key],
          `"${value}" is no choice of "${key}": there is no such parameter${knownWords(key, Object.keys(params))}`,
        );
      else if (!Object.hasOwn(choices, value))
        mistake(
          ['variants', n, 'when', key],
          `"${value}" is no choice of "${key}"${knownWords(value, Object.keys(choices))}`,
        );
    }
    for (const name of Object.keys(changed))
      if (!names.includes(name))
        mistake(['variants', n, 'points', name], `there is no such point${didYouMean(name, names)}`);
    without.forEach((name, i) => {
      if (!names.includes(name))
        mistake(['variants', n, 'without', i], `there is no point "${name}"${didYouMean(name, names)}`);
    });
  });
  return mistakes;
};
