/** Proposals for a device that answered: an id that is free, a name, and what its meter measures. */
import type { FoundDevice } from './scan-answers.ts';

/** Characters of an id that people still like to read. */
const longestId = 40;

/** @returns words as a part of a topic: "Symo 10.0-3-M" becomes "symo-10-0-3-m"; empty where nothing is left */
const slug = (words: string): string =>
  words
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longestId)
    .replace(/^-+|-+$/g, '');

/** @returns maker and model as people say them; devices write the maker into the model, or neither */
export const nameOf = ({ maker = '', model = '', profiles }: FoundDevice): string => {
  const isSaidTwice = model.toLowerCase().startsWith(maker.toLowerCase());
  const name = (isSaidTwice ? model : `${maker} ${model}`).trim();
  return name === '' ? (profiles[0]?.title ?? '') : name;
};

/** @param taken ids of other devices. @returns an id that none of them has */
export const freeId = (device: FoundDevice, taken: ReadonlySet<string>): string => {
  const base = slug(nameOf(device)) || 'device';
  if (!taken.has(base)) return base;
  let n = 2;
  while (taken.has(`${base}-${n}`)) n++;
  return `${base}-${n}`;
};

/** @returns grid for a device that is nothing but a meter, which most are; empty: as its profile or its models say */
export const proposedRole = ({ components }: FoundDevice): string =>
  components.length === 1 && components[0] === 'meter' ? 'grid' : '';

/** A direction that the integrator sees at the device itself. */
export interface SignQuestion {
  /** The field that holds the answer: the sign, or whether the meter is mounted the other way round. */
  sign: 'meter_sign' | 'battery_sign' | 'reversed';
  /** The value that answers it. */
  path: string;
  /** Directions in which the value of the model is positive and negative. */
  directions: readonly [positive: string, negative: string];
}

/** Power below which a direction is a matter of chance, W. */
export const leastPowerW = 50;

/** @returns what only the integrator can tell of a device */
export const signQuestions = ({ kind, signs, components }: FoundDevice): SignQuestion[] => {
  const meter = { path: 'meter/power', directions: ['import', 'export'] } as const;
  const battery = { path: 'battery/power', directions: ['discharge', 'charge'] } as const;
  if (kind !== 'sunspec')
    return components.length === 1 && components[0] === 'meter' ? [{ sign: 'reversed', ...meter }] : [];
  return [
    ...(signs.includes('meter_sign') ? [{ sign: 'meter_sign', ...meter } as const] : []),
    ...(signs.includes('battery_sign') ? [{ sign: 'battery_sign', ...battery } as const] : []),
  ];
};

/**
 * @param power as the preview shows it, W: taken as the model's sign has it
 * @param seen the direction that the integrator sees
 * @returns the direction in which the device counts as positive
 */
export const positiveDirection = ({ directions }: SignQuestion, power: number, seen: string): string => {
  const [positive, negative] = directions;
  return power > 0 === (seen === positive) ? positive : negative;
};
