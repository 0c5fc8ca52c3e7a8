/** Meters the energies of all sources of a site from counters and power as they come, each counted once (aggregation §3). */
import type { Counter, Direction } from '../sources/source-counters.ts';
import type { Source } from '../sources/sources.ts';
import { pauseMs } from './combined-energy.ts';
import type { EnergyIncrement, IntegratedEnergy } from './directional-energy.ts';
import type { DirectionalEnergyState } from './directional-energy-state.ts';
import type { CounterEventSink, EnergySums } from './energy-sink.ts';
import type { EndedSample, PowerSample } from './integrate-power.ts';
import type { EnergyChange, Gap } from './late-samples.ts';

import { directions, type EnergySnapshot, heardBits, SourceEnergies, type SourceEnergy } from './source-energy.ts';

/** Receivers and running time of the metering. */
export interface MeteringContext {
  sums: EnergySums;
  events: CounterEventSink;
  /** @returns running time of the site, ms */
  elapsedMs(): number;
  /** @returns whether a source has switched itself off, so that its silence is no gap */
  isAsleep(source: Source): boolean;
}

/** A reading of a counter with its direction. */
export interface DirectionReading {
  direction: Direction;
  wh: number;
  /** Time of measurement, monotonic ms. */
  at: number;
}

/** How a sample of power is taken. */
export interface SampleFlags {
  /** Samples that were measured later are known already. */
  isLate: boolean;
  isEstimated: boolean;
}

/** A source with its energy. */
interface MeteredSource {
  source: Source;
  energy: SourceEnergy;
}

/** A change of the energy of one direction. */
interface DirectionChange extends IntegratedEnergy {
  /** The gap that late energy fills. */
  filled: Gap | undefined;
  isMissing: boolean;
}

/** The energies of all sources of one site. */
export class EnergyMetering {
  readonly #context: MeteringContext;
  readonly #energies: SourceEnergies;

  constructor(context: MeteringContext, saved?: EnergySnapshot) {
    this.#context = context;
    this.#energies = new SourceEnergies(saved);
  }

  /** Takes a sample of power. */
  takePower(source: Source, sample: PowerSample, flags: SampleFlags): void {
    const { sums, elapsedMs } = this.#context;
    const energy = this.#energies.of(source);
    const { series } = energy;
    const isFirst = series.isEmpty;
    energy.heardMs = elapsedMs();
    const change = flags.isLate ? series.insert(sample, source.integration) : series.append(sample, source.integration);
    if (isFirst) {
      for (const direction of directions) this.#begin(source, direction, energy[direction].state);
      if (energy.neededBits(source) & heardBits.power) sums.miss(source, 'unknown');
    }
    const metered = { source, energy };
    if (change) this.#takeChange(metered, change, flags);
    if (!flags.isLate) this.#hear(metered, energy.powerBits);
  }

  /** The power of a source that reports on change is still its last value. @param at monotonic ms */
  holdPower(source: Source, at: number, isEstimated: boolean): void {
    const energy = this.#energies.of(source);
    if (!source.integration.isHeld || this.#context.elapsedMs() - energy.heardMs < pauseMs) return;
    const change = energy.series.holdLast(at, source.integration);
    if (!change) return;
    const metered = { source, energy };
    this.#takeChange(metered, change, { isLate: false, isEstimated });
    this.#hear(metered, energy.powerBits);
  }

  /** A source that reports on change says that its power is unknown, or is gone. @param at monotonic ms */
  endPower(source: Source, at: number): void {
    if (source.integration.isHeld) this.#energies.of(source).series.endLast(at);
  }

  /** Takes a reading of a counter. */
  takeCounter(source: Source, { direction, wh, at }: DirectionReading): void {
    const counter = source.counters[direction];
    if (!counter) return;
    const energy = this.#energies.of(source);
    const directional = energy[direction];
    const { hasData } = directional.state;
    const beforeWh = directional.state.counter.last?.wh ?? wh;
    this.#begin(source, direction, directional.state);
    const power = energy.series.last;
    const isPowerKnown = power !== undefined && at - power.at <= source.integration.gapMs;
    const flowedSince = (since: number): number | undefined => energy.flowedSince(direction, since);
    const counted = directional.takeCounted({ wh, ts: at, isPowerKnown, flowedSince }, counter);
    energy.noteCandidate(direction);
    this.#add(source, direction, { counter, increment: counted });
    const { sums, events } = this.#context;
    const { event: name, wh: bookedWh } = counted;
    if (name) events.counterEvent(counter.topic, { name, beforeWh, afterWh: wh, bookedWh });
    if (!hasData) sums.miss(source, 'unknown');
    if (counted.isAccepted) this.#hear({ source, energy }, heardBits[direction]);
  }

  /** @returns what is known of one direction of a source */
  stateOf(source: Source, direction: Direction): DirectionalEnergyState {
    return this.#energies.of(source)[direction].state;
  }

  /** @returns whether the energy of a direction is that of its counter */
  followsCounter(source: Source, direction: Direction): boolean {
    return this.#energies.of(source)[direction].followsCounter;
  }

  /** @returns time up to which the energy of a direction is known, monotonic ms */
  knownAt(source: Source, direction: Direction): number {
    return this.#energies.of(source).knownAt(direction);
  }

  /** @returns the last power that was measured, however old, in this run or before */
  lastPower(source: Source): EndedSample | undefined {
    return this.#energies.of(source).series.last;
  }

  /** @returns the directions that count */
  neededOf(source: Source): readonly Direction[] {
    return this.#energies.of(source).isCountedOneWay(source) ? ['positive'] : directions;
  }

  /** The power, or a counter, of a source was measured so many ms later than was thought. */
  move(source: Source, kind: 'power' | Direction, ms: number): void {
    this.#energies.of(source).move(kind, ms);
  }

  /** @param ms added to all times, which are monotonic here */
  save(ms: number): EnergySnapshot {
    return this.#energies.save(ms);
  }

  #begin(source: Source, direction: Direction, state: DirectionalEnergyState): void {
    if (state.hasData) return;
    state.hasData = true;
    state.startedMs = this.#context.elapsedMs();
    this.#context.sums.add({ source, direction, wh: 0 });
  }

  #add(
    source: Source,
    direction: Direction,
    { counter, increment, gap }: { counter: Counter; increment: EnergyIncrement; gap?: Gap | undefined },
  ): void {
    const { wh, trust } = increment;
    if (wh !== 0) this.#context.sums.add({ source, direction, wh, gap });
    if (trust) this.#context.events.counterTrust(counter.topic, trust);
  }

  /** Notes what was heard of a source; once all was heard that counts, its sums are told. */
  #hear({ source, energy }: MeteredSource, bits: number): void {
    const { sums } = this.#context;
    if (!sums.awaits(source)) return;
    energy.heard |= bits;
    const needed = energy.neededBits(source);
    if ((energy.heard & needed) !== needed) return;
    energy.heard = 0;
    sums.hear(source, energy.wholeKnownAt(source));
  }

  #takeChange(metered: MeteredSource, change: EnergyChange, { isLate, isEstimated }: SampleFlags): void {
    const { sums, isAsleep } = this.#context;
    const { source, energy } = metered;
    const { gap } = change;
    const asleepMs = gap && !isLate && isAsleep(source) ? change.uncoveredMs : 0;
    const isMissing = gap !== undefined && !isLate && asleepMs === 0;
    const filled = isLate ? gap : undefined;
    const isFilling = filled !== undefined;
    const ms = change.coveredMs + asleepMs;
    const part = { wh: change.positiveWh, ms, isLate, isFilling, isEstimated, filled, isMissing };
    this.#takeDirection(metered, 'positive', part);
    part.wh = change.negativeWh;
    this.#takeDirection(metered, 'negative', part);
    if (isMissing && energy.neededBits(source) & heardBits.power) sums.miss(source, gap);
    if (gap && change.isFilled) sums.fill(source, gap);
  }

  #takeDirection({ source, energy }: MeteredSource, direction: Direction, change: DirectionChange): void {
    const { wh, filled } = change;
    const directional = energy[direction];
    const counter = source.counters[direction];
    if (!counter || !directional.state.usesCounter) {
      // The energy that a dropped counter would count from here on is that of the power.
      if (directional.state.usesCounter) directional.dropCounter();
      directional.cover(change.ms, change.isEstimated);
      if (wh !== 0) this.#context.sums.add({ source, direction, wh, gap: filled });
      return;
    }
    energy.addFlow(direction, wh);
    if (change.isMissing) directional.missPower();
    const increment = directional.takeIntegrated(change, counter.rules);
    this.#add(source, direction, { counter, increment, gap: filled });
  }
}
