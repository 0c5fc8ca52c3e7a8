/** What is asked for in amperes or watts, on the phases and at the voltage that an EVSE has now. */
import type { Connector } from '../station/connector.ts';
import type { Memory } from '../station/memory.ts';
import { bringCurrent, type Grid, type Step, toCurrent } from './limit-form.ts';

/** Amperes per phase or watts of all, from startS on. */
export type Wish = ({ startS: number; currentA: number } | { startS: number; powerW: number })[];

export interface Installation {
  minCurrentA: number;
  maxCurrentA: number;
  phases: 1 | 2 | 3;
}

export interface Translation {
  grid(evse: number): Grid;
  /** To how many phases it was switched; undefined: it never was. */
  switchedTo(evse: number): number | undefined;
  /** Where they have to be said: they were switched, or are not the usual three. */
  phasesToSay(evse: number): 1 | 2 | 3 | undefined;
  steps(wish: Wish, grid: Grid): Step[];
}

const usualVoltage = 230;
const toPhases = (count: number): 1 | 2 | 3 => (count === 1 || count === 2 ? count : 3);

export const createTranslation = (
  { minCurrentA, maxCurrentA, phases: installed }: Installation,
  memory: Memory,
  connector: (evse: number) => Connector,
): Translation => {
  const switchedTo = (evse: number): number | undefined => memory.facts.phases?.[String(evse)]?.phases;

  return {
    switchedTo,
    grid(evse) {
      const { voltage, phases } = connector(evse).measured;
      return {
        voltage: voltage?.value ?? usualVoltage,
        // What the car takes, as long as it shows; else what it may.
        phases: toPhases(phases?.value ?? switchedTo(evse) ?? installed),
      };
    },
    phasesToSay(evse) {
      const switched = switchedTo(evse);
      return switched === undefined && installed === 3 ? undefined : toPhases(switched ?? installed);
    },
    steps: (wish, grid) =>
      wish.map((each): Step => {
        const wanted = 'powerW' in each ? toCurrent(each.powerW, grid) : each.currentA;
        const currentA = bringCurrent(Math.min(wanted, maxCurrentA), minCurrentA);
        if (!('powerW' in each)) return { startS: each.startS, currentA };
        const powerW = Math.min(each.powerW, maxCurrentA * grid.voltage * grid.phases);
        return { startS: each.startS, currentA, powerW };
      }),
  };
};
