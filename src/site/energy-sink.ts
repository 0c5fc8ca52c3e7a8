/** What the measuring of energies tells to those who book them and report on them. */
import type { Trust } from './channel.ts';
import type { CounterEvent } from './counters.ts';
import type { Gap } from './power-series.ts';
import type { Direction } from './source-counters.ts';
import type { Source } from './sources.ts';

/** Something happened to a counter: what it showed before and shows now, and what was booked, Wh. */
export interface CounterNews {
  name: CounterEvent;
  beforeWh: number;
  afterWh: number;
  bookedWh: number;
}

/** Where what was measured is booked. */
export interface EnergySink {
  /** @param wh may be less than nothing: something is booked anew. @param gap time that was missing until now */
  add(source: Source, direction: Direction, wh: number, gap?: Gap): void;
  /** Whether a source is part of a sum that waits for each of its parts. */
  awaits(source: Source): boolean;
  /** All energies of a source are known up to a time of measurement, monotonic, ms. */
  hear(source: Source, at: number): void;
  /** For a time they were not; "unknown": for good. */
  miss(source: Source, gap: Gap | 'unknown'): void;
  fill(source: Source, gap: Gap): void;
  counter(topic: string, news: CounterNews): void;
  trust(topic: string, trust: Trust): void;
}
