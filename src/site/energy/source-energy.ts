/** Energies of the sources of a site: both directions of each, and the latest samples of its power; over a restart as well. */
import { moveCounter } from '../counters/counter-state.ts';
import type { Direction } from '../sources/source-counters.ts';
import type { Source } from '../sources/sources.ts';
import { DirectionalEnergy } from './directional-energy.ts';
import type { DirectionalEnergyState } from './directional-energy-state.ts';
import type { EndedSample } from './integrate-power.ts';
import { moveSample, PowerSeries } from './power-series.ts';

/** Both directions, positive first. */
export const directions: readonly Direction[] = ['positive', 'negative'];

/** Bits for what was heard of a source. */
export const heardBits = { power: 1, positive: 2, negative: 4 } as const;

/** The candidate of a counter, and the energy by power when its first reading came, Wh. */
interface CandidateFlow {
  /** Time of the first reading, monotonic ms. */
  ts: number;
  flowedWh: number;
}

/** One source. */
export class SourceEnergy {
  readonly positive: DirectionalEnergy;
  readonly negative: DirectionalEnergy;
  readonly series: PowerSeries;
  /** Bits of what was heard since the source was last heard as a whole. */
  heard = 0;
  /** Running time of the site when a power was last heard, ms. */
  heardMs = Number.NEGATIVE_INFINITY;
  /** Energy by power since the beginning, Wh. */
  readonly #flowedWh: Record<Direction, number> = { positive: 0, negative: 0 };
  readonly #candidates: Record<Direction, CandidateFlow | undefined> = { positive: undefined, negative: undefined };

  /** @param restored what an earlier run has saved */
  constructor(restored: Partial<Pick<SourceEnergy, 'positive' | 'negative' | 'series'>> = {}) {
    this.positive = restored.positive ?? new DirectionalEnergy();
    this.negative = restored.negative ?? new DirectionalEnergy();
    this.series = restored.series ?? new PowerSeries();
  }

  /** @returns whether the source counts in one direction, and its counter is used for that */
  isCountedOneWay({ isOneWay }: Source): boolean {
    return isOneWay && this.positive.state.usesCounter;
  }

  /** @returns bits of what has to be heard for all energy of the source to be known */
  neededBits(source: Source): number {
    const positive = this.positive.followsCounter ? heardBits.positive : heardBits.power;
    if (this.isCountedOneWay(source)) return positive;
    return positive | (this.negative.followsCounter ? heardBits.negative : heardBits.power);
  }

  /** Bits that a sample of power stands for: a counter along which nothing flows need not be heard. */
  get powerBits(): number {
    return (
      heardBits.power |
      (this.positive.isAtRest ? heardBits.positive : 0) |
      (this.negative.isAtRest ? heardBits.negative : 0)
    );
  }

  /** @returns time up to which the energy of a direction is known, monotonic ms */
  knownAt(direction: Direction): number {
    const energy = this[direction];
    const at = energy.followsCounter ? energy.state.counter.last?.ts : this.series.knownUntil;
    return at ?? Number.NEGATIVE_INFINITY;
  }

  /** @returns time up to which all energy of the source is known, monotonic ms; a counter at rest misses nothing */
  wholeKnownAt(source: Source): number {
    const powerAt = this.series.knownUntil ?? Number.NEGATIVE_INFINITY;
    const untilOf = (direction: Direction): number =>
      this[direction].isAtRest ? Math.max(powerAt, this.knownAt(direction)) : this.knownAt(direction);
    return this.isCountedOneWay(source) ? untilOf('positive') : Math.min(untilOf('positive'), untilOf('negative'));
  }

  /** Adds energy by power, Wh. */
  addFlow(direction: Direction, wh: number): void {
    this.#flowedWh[direction] += wh;
  }

  /** Notes the energy by power when the counter began to show what is not trusted yet. */
  noteCandidate(direction: Direction): void {
    const { candidate } = this[direction].state.counter;
    if (candidate && this.#candidates[direction]?.ts !== candidate.first.ts)
      this.#candidates[direction] = { ts: candidate.first.ts, flowedWh: this.#flowedWh[direction] };
  }

  /** @returns energy by power since the first reading of a candidate, Wh; undefined where it is unknown */
  flowedSince(direction: Direction, ts: number): number | undefined {
    const candidate = this.#candidates[direction];
    return candidate?.ts === ts ? this.#flowedWh[direction] - candidate.flowedWh : undefined;
  }

  /** The power, or a counter, was measured so many ms later than was thought. */
  move(kind: 'power' | Direction, ms: number): void {
    if (kind === 'power') {
      this.series.move(ms);
      return;
    }
    const { state } = this[kind];
    state.counter = moveCounter(state.counter, ms);
    const candidate = this.#candidates[kind];
    if (candidate) candidate.ts += ms;
  }
}

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
