/**
 * A day in a house as its devices measure it, and what has truly flowed: by the sum over its seconds, which has nothing
 * in common with how a site integrates. The same seed lives the same day again.
 */

import { createSeededRandom } from '../../../src/common/seeded-random.ts';
import type { ComponentMeta, QuantityMeta } from '../../../src/model/meta.ts';
import { every, type Played } from './played-site.ts';

export const dayS = 86_400;

/** W at each second. */
type Course = Float64Array;

export interface Dice {
  /** Within [from, to). */
  between(from: number, to: number): number;
  whole(from: number, to: number): number;
  oneOf<T>(of: readonly T[]): T;
  isIn(share: number): boolean;
}

const diceOf = (seed: number): Dice => {
  const random = createSeededRandom(seed);
  const between = (from: number, to: number): number => from + random() * (to - from);
  const whole = (from: number, to: number): number => Math.floor(between(from, to + 1));
  return {
    between,
    whole,
    oneOf: <T>(of: readonly T[]): T => of[whole(0, of.length - 1)] as T,
    isIn: (share) => random() < share,
  };
};

const courseOf = (wattsAt: (s: number) => number): Course =>
  Float64Array.from({ length: dayS + 1 }, (_, s) => wattsAt(s));

/** The sun behind clouds that come and go within minutes. */
const sunCourse = ({ between }: Dice, peakW: number): Course => {
  const clouds = Array.from({ length: dayS / 300 + 2 }, () => between(0.25, 1));
  return courseOf((s) => {
    const at = s / 300;
    const [a = 1, b = 1] = [clouds[Math.floor(at)], clouds[Math.floor(at) + 1]];
    const height = Math.max(0, Math.sin((2 * Math.PI * (s - 6 * 3600)) / dayS));
    return Math.round(peakW * height * (a + (b - a) * (at % 1)));
  });
};

/** A load that is switched on and off again, a few times a day. */
const switchedCourse = (
  { between, whole }: Dice,
  times: number,
  [leastS, mostS]: [number, number],
  [leastW, mostW]: [number, number],
  restW = 0,
): Course => {
  const course = courseOf(() => restW);
  for (let i = 0; i < times; i++) {
    const w = Math.round(between(leastW, mostW));
    const start = whole(0, dayS - mostS);
    course.fill(w, start, start + whole(leastS, mostS));
  }
  return course;
};

const combine = (courses: Course[], sum: (...watts: number[]) => number): Course =>
  courseOf((s) => sum(...courses.map((course) => course[s] ?? 0)));

const plus = (w: number): number => Math.max(0, w);

const flowed = (course: Course, sign: 1 | -1 = 1): number =>
  course.subarray(0, dayS).reduce((sum, w) => sum + plus(sign * w), 0) / 3600;

/** Readings of the power, once per interval, which arrive as they were measured. */
const measured = (path: string, course: Course, intervalS: number, phaseS: number): Played[] =>
  Array.from({ length: Math.floor((dayS - phaseS) / intervalS) + 1 }, (_, i): Played => {
    const s = phaseS + i * intervalS;
    return { at: s, ts: s, path: `${path}/power`, value: course[s] ?? 0 };
  });

const onlyChanges = (played: Played[]): Played[] =>
  played.filter(({ value, ts }, i) => value !== played[i - 1]?.value || ts === dayS);

/** The reading of a counter, by what it has counted. */
export type Show = (wh: number, s: number) => number;

const counterS = 30;

const counted = (path: string, course: Course, sign: 1 | -1, phaseS: number, show: Show): Played[] => {
  const all: Played[] = [];
  let wh = 0;
  for (let s = 0; s <= dayS; s++) {
    if (s >= phaseS && (s - phaseS) % counterS === 0) all.push({ at: s, ts: s, path, value: show(wh, s) });
    wh += plus(sign * (course[s] ?? 0)) / 3600;
  }
  return all;
};

export interface DayOptions {
  /** The devices have counters of this resolution, Wh; what they show is made of what they have counted. */
  counters?: { stepWh: number; isStated: boolean; showOf(device: string, dice: Dice): Show };
  /** The battery and one inverter stand behind a meter of the sun. */
  isNested?: boolean;
  /** The heat pump tells each change, and nothing else. */
  isHeld?: boolean;
}

export interface LivedDay {
  dice: Dice;
  devices: Record<string, ComponentMeta[]>;
  intervalS: Record<string, number>;
  /** Components by device. */
  told: Record<string, Played[]>;
  /** Energy that has truly flowed, Wh, by its name in the site energy. */
  truth: Record<string, number>;
}

const held: QuantityMeta = { unit: 'W', interval_s: 900, max_age_s: dayS, report: 'on_change' };

export const liveDay = (seed: number, { counters, isNested, isHeld }: DayOptions): LivedDay => {
  const dice = diceOf(seed);
  const { between, oneOf, whole } = dice;
  const suns = [sunCourse(dice, between(2000, 15_000)), sunCourse(dice, between(800, 8000))] as const;
  const house = switchedCourse(dice, 40, [60, 3600], [300, 4000], between(80, 400));
  const car = switchedCourse(dice, 4, [3600, 9000], [1400, 11_000]);
  const heat = switchedCourse(dice, 12, [900, 2400], [800, 5000]);
  const storeW = between(2000, 6000);
  const need = combine([house, car, heat, ...suns], (h, c, p, a, b) => h + c + p - a - b);
  const battery = combine([need], (w) => Math.round(Math.max(-storeW, Math.min(storeW, w * 0.9))));
  const grid = combine([need, battery], (w, b) => w - b);

  const stepWh = counters?.stepWh ?? 1;
  const counter: QuantityMeta = {
    unit: 'Wh',
    interval_s: counterS,
    max_age_s: 4 * counterS,
    ...(counters?.isStated && { resolution: stepWh }),
  };
  const devices: LivedDay['devices'] = {};
  const intervalS: LivedDay['intervalS'] = {};
  const told: LivedDay['told'] = {};
  const add = (
    device: string,
    component: Pick<ComponentMeta, 'type' | 'role'> & Partial<ComponentMeta>,
    course: Course,
    seconds: number,
    counts: Record<string, 1 | -1> = {},
  ): void => {
    const own = counters ? Object.entries(counts) : [];
    const quantities = { ...Object.fromEntries(own.map(([name]) => [name, counter])), ...component.quantities };
    devices[device] = [every(seconds, { ...component, quantities })];
    intervalS[device] = seconds;
    const path = `${device}/${component.type}`;
    const isSilent = component.quantities?.power?.report === 'on_change';
    const power = isSilent ? onlyChanges(measured(path, course, 1, 0)) : measured(path, course, seconds, whole(0, 4));
    const shown = own.flatMap(([name, sign]) =>
      counted(`${path}/${name}`, course, sign, whole(0, 9), counters?.showOf(device, dice) ?? ((wh) => wh)),
    );
    told[device] = [...power, ...shown];
  };
  const parent = isNested ? { parent: 'gen' } : {};
  const behind = combine([suns[0], battery], (a, b) => a + b);
  add('grid', { type: 'meter', role: 'grid' }, grid, oneOf([10, 15]), { energy_import: 1, energy_export: -1 });
  if (isNested) add('gen', { type: 'meter', role: 'solar' }, behind, 10);
  const roof = { type: 'solar', role: 'solar', rated_power_w: 15_000, ...parent } as const;
  add('a', roof, suns[0], oneOf([5, 10, 15, 30, 60]), { energy_produced: 1 });
  add('b', { type: 'solar', role: 'solar' }, suns[1], oneOf([5, 10, 15, 30, 60]));
  const storage = { type: 'battery', role: 'battery', ...parent } as const;
  add('bat', storage, battery, oneOf([10, 15, 30]), { energy_discharged: 1, energy_charged: -1 });
  const box = { type: 'ev_charger', role: 'ev', rated_power_w: 11_000 } as const;
  add('car', box, car, oneOf([5, 10, 30]), { energy_imported: 1 });
  const pump = { type: 'heat_pump', role: 'heat', ...(isHeld && { quantities: { power: held } }) } as const;
  add('heat', pump, heat, oneOf([5, 10, 30]));

  return {
    dice,
    devices,
    intervalS,
    told,
    truth: {
      grid_import_wh: flowed(grid),
      grid_export_wh: flowed(grid, -1),
      solar_wh: flowed(suns[0]) + flowed(suns[1]),
      battery_discharged_wh: flowed(battery),
      battery_charged_wh: flowed(battery, -1),
      ev_wh: flowed(car),
      heat_wh: flowed(heat),
      consumption_wh: flowed(house) + flowed(car) + flowed(heat),
    },
  };
};
