/** The settings of a station, as far as the values of its sessions hang on them: only what differs is changed. */
import type { Memory } from './memory.ts';
import {
  isSameList,
  listNamesOf,
  listOf,
  namesOf,
  registerMeasurand,
  type Settings,
  wantedMeasurands,
} from './settings.ts';

export interface Wishes {
  /** Between two samples, s. */
  intervalS: number;
  /** Of its preset: nothing else is tried. */
  measurands: string[] | undefined;
  /** It is to look up tags in a list of its own. */
  hasList: boolean;
}

/** @returns whether it was taken */
export type Setter = (name: string, value: string) => Promise<boolean>;

/** Whether there is such a setting that can be changed; where nothing was told, it is tried. */
const isOpen = (settings: Settings, name: string): boolean => {
  const variable = settings.find(name);
  return variable ? variable.isReadOnly !== true : settings.isEmpty;
};

const setInterval = async (settings: Settings, intervalS: number, set: Setter): Promise<void> => {
  const { interval } = namesOf(settings.version);
  if (isOpen(settings, interval) && settings.number(interval) !== intervalS) await set(interval, String(intervalS));
};

/** All that is wanted at once; where that is refused, one after the other, and what was taken is remembered. */
const chooseMeasurands = async (
  settings: Settings,
  preset: string[] | undefined,
  memory: Memory,
  set: Setter,
): Promise<void> => {
  const names = namesOf(settings.version);
  const most = settings.number(names.mostMeasurands) ?? Number.POSITIVE_INFINITY;
  const wanted = (preset ?? wantedMeasurands).slice(0, Math.max(1, most));
  const known = memory.facts.measurands;
  const goal = known?.wanted === wanted.join() ? known.taken : wanted.join();
  if (!isOpen(settings, names.measurands) || isSameList(settings.text(names.measurands) ?? '', goal)) return;
  let taken = '';
  if (await set(names.measurands, goal)) taken = goal;
  else if (preset) return;
  else
    for (const each of wanted) {
      const more = taken === '' ? each : `${taken},${each}`;
      if (await set(names.measurands, more)) taken = more;
    }
  memory.note({ measurands: { wanted: wanted.join(), taken } });
};

/** 2.x: without the register at its ends, a session has no energy (OCPP 2.0.1 part 2, J02). */
const measureEnds = async (settings: Settings, set: Setter): Promise<void> => {
  for (const name of namesOf(settings.version).endMeasurands) {
    const told = listOf(settings.text(name) ?? '');
    const isThere = told.some((each) => each.toLowerCase() === registerMeasurand.toLowerCase());
    if (!isThere && isOpen(settings, name)) await set(name, [...told, registerMeasurand].join());
  }
};

const useList = async (settings: Settings, set: Setter): Promise<void> => {
  for (const name of listNamesOf(settings.version).switches)
    if (settings.flag(name) === false && isOpen(settings, name)) await set(name, 'true');
};

export const tune = async (
  settings: Settings,
  { intervalS, measurands, hasList }: Wishes,
  memory: Memory,
  set: Setter,
): Promise<void> => {
  await setInterval(settings, intervalS, set);
  await chooseMeasurands(settings, measurands, memory, set);
  await measureEnds(settings, set);
  if (hasList) await useList(settings, set);
};
