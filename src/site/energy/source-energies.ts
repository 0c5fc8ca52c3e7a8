/** Energies of all sources, by the topic of their power, and over a restart. */
import { moveCounter } from '../counters/counter-state.ts';
import type { Source } from '../sources/sources.ts';
import { DirectionalEnergy } from './directional-energy.ts';
import type { DirectionalEnergyState } from './directional-energy-state.ts';
import type { EndedSample } from './late-samples.ts';
import { moveSample, PowerSeries } from './power-series.ts';
import { directions, SourceEnergy } from './source-energy.ts';

/** The saved state. */
export interface EnergySnapshot {
  /** States by topic of the power and direction. */
  channels: Record<string, DirectionalEnergyState>;
  /** The last power by its topic. */
  powers: Record<string, EndedSample>;
}

const restoreEnergies = ({ channels, powers }: EnergySnapshot): Map<string, SourceEnergy> => {
  const states = new Map<string, Partial<Record<'positive' | 'negative', DirectionalEnergy>>>();
  for (const [key, state] of Object.entries(channels)) {
    const [power = '', direction] = key.split(' ');
    if (direction === 'positive' || direction === 'negative')
      states.set(power, { ...states.get(power), [direction]: new DirectionalEnergy(state) });
  }
  const topics = new Set([...states.keys(), ...Object.keys(powers)]);
  return new Map(
    [...topics].map((power) => {
      const last = powers[power];
      return [power, new SourceEnergy({ ...states.get(power), ...(last && { series: new PowerSeries(last) }) })];
    }),
  );
};

/** The sources of one site. */
export class SourceEnergies {
  readonly #byPower: Map<string, SourceEnergy>;
  /** The same by source, which is described anew whenever meta changes. */
  readonly #bySource = new WeakMap<Source, SourceEnergy>();

  /** @param saved in times of this run */
  constructor(saved?: EnergySnapshot) {
    this.#byPower = saved ? restoreEnergies(saved) : new Map();
  }

  /** @returns the energy of a source */
  of(source: Source): SourceEnergy {
    const known = this.#bySource.get(source);
    if (known) return known;
    const energy = this.#byPower.get(source.power) ?? new SourceEnergy();
    this.#byPower.set(source.power, energy);
    this.#bySource.set(source, energy);
    return energy;
  }

  /** @param ms added to all times, which are monotonic here */
  save(ms: number): EnergySnapshot {
    const channels: EnergySnapshot['channels'] = {};
    const powers: EnergySnapshot['powers'] = {};
    for (const [power, energy] of this.#byPower) {
      for (const direction of directions) {
        const { state } = energy[direction];
        channels[`${power} ${direction}`] = { ...state, counter: moveCounter(state.counter, ms) };
      }
      const last = energy.series.resumeSample;
      if (last) powers[power] = moveSample(last, ms);
    }
    return { channels, powers };
  }
}
