/** Receiver of the energies of the sources, and of the events of their counters. */
import type { Mismatch } from '../counters/counter-power-comparison.ts';
import type { CounterEvent } from '../counters/counter-state.ts';
import type { Direction } from '../sources/source-counters.ts';
import type { Source } from '../sources/sources.ts';
import type { Gap } from './late-samples.ts';

/** Energy of one direction of a source, to be added to the totals. */
export interface AddedEnergy {
  source: Source;
  direction: Direction;
  /** Wh; negative where too much was added before. */
  wh: number;
  /** Gap into which the energy belongs. */
  gap?: Gap | undefined;
}

/** The sums that energies are added to. */
export interface EnergySums {
  add(added: AddedEnergy): void;
  /** @returns whether a source is part of a sum that waits for each of its parts */
  awaits(source: Source): boolean;
  /** All energy of a source is known up to a time of measurement, monotonic ms. */
  hear(source: Source, at: number): void;
  /** The energy of a source is unknown for a time; "unknown": for good. */
  miss(source: Source, gap: Gap | 'unknown'): void;
  /** Late samples have filled a gap of a source. */
  fill(source: Source, gap: Gap): void;
}

/** An event of a counter with what the counter showed before and shows now, and the energy that was added, Wh. */
export interface CounterNews {
  name: CounterEvent;
  beforeWh: number;
  afterWh: number;
  bookedWh: number;
}

/** A counter that is not trusted any more, or is trusted again. */
export interface CounterTrustEvent {
  isDoubted: boolean;
  reason?: Mismatch;
  /** Counted energy by energy that flowed. */
  ratio?: number;
  /** Energy by which the totals are corrected, Wh; negative where they were too high. */
  correctedWh: number;
}

/** Receiver of the events of counters. */
export interface CounterEventSink {
  counterEvent(topic: string, news: CounterNews): void;
  counterTrust(topic: string, trust: CounterTrustEvent): void;
}
