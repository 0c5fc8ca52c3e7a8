/** State of the energy of one direction of one source, as it is saved. */
import { type CounterComparison, createCounterComparison } from '../counters/counter-power-comparison.ts';
import { type CounterState, emptyCounter } from '../counters/counter-state.ts';

/** Energy by counter and by power since both last agreed, Wh. */
export interface EnergyAccount {
  countedWh: number;
  integratedWh: number;
  /** Energy counted while the power was not known all along, and what of it the power has seen. */
  aloneWh: number;
  seenWh: number;
  /** Energy that was added to the totals. */
  bookedWh: number;
}

/** The state of one direction; saved as it is, but for the times of the counter. */
export interface DirectionalEnergyState {
  counter: CounterState;
  /** Once a counter was seen, only its increments count: a failed read is made up for by the next one. */
  usesCounter: boolean;
  /** Whether anything was measured yet. */
  hasData: boolean;
  check: CounterComparison;
  account: EnergyAccount;
  /** Running time of the site when this began, ms. */
  startedMs: number;
  /** Time of which the energy is known, and how much of that is estimated, ms. */
  coveredMs: number;
  estimatedMs: number;
}

/** @returns an account of nothing */
export const emptyAccount = (): EnergyAccount => ({
  countedWh: 0,
  integratedWh: 0,
  aloneWh: 0,
  seenWh: 0,
  bookedWh: 0,
});

/** @returns the state of a direction of which nothing was measured yet */
export const createDirectionalEnergyState = (): DirectionalEnergyState => ({
  counter: emptyCounter,
  usesCounter: false,
  hasData: false,
  check: createCounterComparison(),
  account: emptyAccount(),
  startedMs: 0,
  coveredMs: 0,
  estimatedMs: 0,
});
