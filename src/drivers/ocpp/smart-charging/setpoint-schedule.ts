/** Setpoints in amperes or watts, on the phases and at the voltage that an EVSE has now. */
import type { Station } from '../station/station.ts';
import { type SchedulePeriod, type Supply, toCurrent, toSettableCurrent } from './amperes-and-watts.ts';

/** A per phase or W of all phases, each from startS on (s after the first). */
export type SetpointSchedule = ({ startS: number; currentA: number } | { startS: number; powerW: number })[];

/** The current that the installation allows. */
export interface Installation {
  /** A per phase; less is a pause. */
  minCurrentA: number;
  /** A per phase. */
  maxCurrentA: number;
  phases: 1 | 2 | 3;
}

interface SupplyContext {
  settings: Installation;
  station: Pick<Station, 'evse' | 'factStore'>;
}

/** OCPP 1.6 §9.4.3: few stations take more periods. */
export const maxPeriods = 24;

const usualVoltage = 230;
const toPhases = (count: number): 1 | 2 | 3 => (count === 1 || count === 2 ? count : 3);

/** @returns to how many phases an EVSE was switched; undefined: it never was */
export const switchedPhases = ({ station }: Pick<SupplyContext, 'station'>, evse: number): number | undefined =>
  station.factStore.facts.phases?.[String(evse)]?.phases;

/** @returns voltage and phases: those that the car takes as long as they show, else those that it may take */
export const supplyOf = (context: SupplyContext, evse: number): Supply => {
  const { voltage, phases } = context.station.evse(evse).measured;
  return {
    voltage: voltage?.value ?? usualVoltage,
    phases: toPhases(phases?.value ?? switchedPhases(context, evse) ?? context.settings.phases),
  };
};

/** @returns the phases that a profile has to name, because they were switched or are not the usual three */
export const phasesToName = (context: SupplyContext, evse: number): 1 | 2 | 3 | undefined => {
  const { phases: installed } = context.settings;
  const switched = switchedPhases(context, evse);
  return switched === undefined && installed === 3 ? undefined : toPhases(switched ?? installed);
};

/** @returns the currents of a setpoint schedule within the installation, A per phase */
export const toPeriods = (
  setpoints: SetpointSchedule,
  supply: Supply,
  { minCurrentA, maxCurrentA }: Installation,
): SchedulePeriod[] =>
  setpoints.map((setpoint): SchedulePeriod => {
    const { startS } = setpoint;
    const wantedA = 'powerW' in setpoint ? toCurrent(setpoint.powerW, supply) : setpoint.currentA;
    const currentA = toSettableCurrent(Math.min(wantedA, maxCurrentA), minCurrentA);
    if (!('powerW' in setpoint)) return { startS, currentA };
    const powerW = Math.min(setpoint.powerW, maxCurrentA * supply.voltage * supply.phases);
    return { startS, currentA, powerW };
  });

/** @returns what is left of a schedule: it goes on where it is, however often it is set. @param elapsedS since it began */
export const remaining = (periods: SchedulePeriod[], elapsedS: number): SchedulePeriod[] => {
  const current = Math.max(
    0,
    periods.findLastIndex(({ startS }) => startS <= elapsedS),
  );
  return periods.slice(current).map((period) => ({ ...period, startS: Math.max(0, period.startS - elapsedS) }));
};

/** @returns the period of two that allows less */
const lowerOf = (a: SchedulePeriod, b: SchedulePeriod): SchedulePeriod => {
  if (a.currentA !== b.currentA) return a.currentA < b.currentA ? a : b;
  // The watts of a period may come to a little more than its current, which was rounded down.
  return (a.powerW ?? 0) <= (b.powerW ?? 0) ? a : b;
};

/** @returns the lower limit of two at each time; both begin at the same time */
export const lowerLimits = (a: SchedulePeriod[], b: SchedulePeriod[]): SchedulePeriod[] => {
  const at = (periods: SchedulePeriod[], startS: number): SchedulePeriod =>
    periods.findLast((each) => each.startS <= startS) ?? { startS, currentA: 0 };
  return [...new Set([...a, ...b].map(({ startS }) => startS))]
    .sort((x, y) => x - y)
    .map((startS) => ({ ...lowerOf(at(a, startS), at(b, startS)), startS }))
    .filter(
      (period, i, all) => i === 0 || period.currentA !== all[i - 1]?.currentA || period.powerW !== all[i - 1]?.powerW,
    );
};
