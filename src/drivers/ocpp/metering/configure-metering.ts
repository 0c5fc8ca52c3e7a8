/** The settings of a station, as far as the values of its sessions hang on them: only what differs is changed. */

import {
  type DeviceVariables,
  isSameList,
  listOf,
  namesOf,
  registerMeasurand,
  type Setter,
  wantedMeasurands,
} from '../station/device-variables.ts';
import type { FactStore } from '../station/station-facts.ts';

export interface MeteringSettings {
  /** Between two samples, s. */
  intervalS: number;
  /** Measurands of the preset: no others are tried. */
  measurands: string[] | undefined;
}

export interface ConfigurationContext {
  factStore: FactStore;
  set: Setter;
}

const setInterval = async (settings: DeviceVariables, intervalS: number, set: Setter): Promise<void> => {
  const { interval } = namesOf(settings.version);
  if (settings.isOpen(interval) && settings.number(interval) !== intervalS) await set(interval, String(intervalS));
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
  if (!settings.isOpen(names.measurands) || isSameList(settings.text(names.measurands) ?? '', goal)) return;
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
    if (!isThere && settings.isOpen(name)) await set(name, [...told, registerMeasurand].join());
  }
};

/** Sets the sampling interval and the measurands, where they differ from what is wanted. */
export const configureMetering = async (
  settings: DeviceVariables,
  { intervalS, measurands }: MeteringSettings,
  { factStore, set }: ConfigurationContext,
): Promise<void> => {
  await setInterval(settings, intervalS, set);
  await chooseMeasurands(settings, measurands, { factStore, set });
  await measureEnds(settings, set);
};
