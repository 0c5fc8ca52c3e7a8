/** The settings of a station, as far as the values of its sessions hang on them: only what differs is changed. */

import {
  type DeviceVariables,
  isSameList,
  listOf,
  localListNamesOf,
  namesOf,
  registerMeasurand,
  wantedMeasurands,
} from '../station/device-variables.ts';
import type { FactStore } from '../station/station-facts.ts';

export interface MeteringSettings {
  /** Between two samples, s. */
  intervalS: number;
  /** Measurands of the preset: no others are tried. */
  measurands: string[] | undefined;
  /** The station is to look up tags in a list of its own. */
  hasList: boolean;
}

/** Sets a variable. @returns whether the station accepted it */
export type Setter = (name: string, value: string) => Promise<boolean>;

export interface ConfigurationContext {
  factStore: FactStore;
  set: Setter;
}

/** Whether there is such a setting that can be changed; where nothing was told, it is tried. */
const isOpen = (settings: DeviceVariables, name: string): boolean => {
  const variable = settings.find(name);
  return variable ? variable.isReadOnly !== true : settings.isEmpty;
};

const setInterval = async (settings: DeviceVariables, intervalS: number, set: Setter): Promise<void> => {
  const { interval } = namesOf(settings.version);
  if (isOpen(settings, interval) && settings.number(interval) !== intervalS) await set(interval, String(intervalS));
};

/** All that is wanted at once; where that is refused, one after the other, and what was taken is remembered. */
const chooseMeasurands = async (
  settings: DeviceVariables,
  preset: string[] | undefined,
  { factStore, set }: ConfigurationContext,
): Promise<void> => {
  const names = namesOf(settings.version);
  const most = settings.number(names.mostMeasurands) ?? Number.POSITIVE_INFINITY;
  const wanted = (preset ?? wantedMeasurands).slice(0, Math.max(1, most));
  const known = factStore.facts.measurands;
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
  factStore.note({ measurands: { wanted: wanted.join(), taken } });
};

/** 2.x: without the register at its ends, a session has no energy (OCPP 2.0.1 part 2, J02). */
const measureEnds = async (settings: DeviceVariables, set: Setter): Promise<void> => {
  for (const name of namesOf(settings.version).endMeasurands) {
    const told = listOf(settings.text(name) ?? '');
    const isThere = told.some((each) => each.toLowerCase() === registerMeasurand.toLowerCase());
    if (!isThere && isOpen(settings, name)) await set(name, [...told, registerMeasurand].join());
  }
};

const useList = async (settings: DeviceVariables, set: Setter): Promise<void> => {
  for (const name of localListNamesOf(settings.version).switches)
    if (settings.flag(name) === false && isOpen(settings, name)) await set(name, 'true');
};

/** Sets the sampling interval and the measurands, where they differ from what is wanted. */
export const configureMetering = async (
  settings: DeviceVariables,
  { intervalS, measurands, hasList }: MeteringSettings,
  { factStore, set }: ConfigurationContext,
): Promise<void> => {
  await setInterval(settings, intervalS, set);
  await chooseMeasurands(settings, measurands, { factStore, set });
  await measureEnds(settings, set);
  if (hasList) await useList(settings, set);
};
