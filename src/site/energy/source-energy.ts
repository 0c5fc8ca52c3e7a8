/** Energy of one source: both of its directions, and the latest samples of its power. */
import { moveCounter } from '../counters/counter-state.ts';
import type { Direction } from '../sources/source-counters.ts';
import { isOneWay, type Source } from '../sources/sources.ts';
import { DirectionalEnergy } from './directional-energy.ts';
import { PowerSeries } from './power-series.ts';

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
  isCountedOneWay({ term }: Source): boolean {
    return isOneWay(term) && this.positive.state.usesCounter;
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
    const known = this.#candidates[direction];
    if (!candidate) this.#candidates[direction] = undefined;
    else if (known?.ts !== candidate.first.ts)
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
