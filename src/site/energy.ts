/** Energy totals of a site: increments of device counters where there are any, else power over time. */
import { type CounterEvent, type CounterState, emptyCounter, stepCounter } from './counters.ts';
import { integrate, type PowerSample } from './integrate.ts';
import type { Source } from './sources.ts';

export type Direction = 'positive' | 'negative';

/** One direction of one source. Persisted without its power sample. */
export interface ChannelState {
  counter: CounterState;
  /** Once a counter was seen, only its increments count: a failed read is made up for by the next one. */
  usesCounter: boolean;
  /** Whether anything was measured yet. */
  hasData: boolean;
}

/** Something happened to a counter: what it showed before and shows now, and what was booked, Wh. */
export interface CounterNews {
  name: CounterEvent;
  beforeWh: number;
  afterWh: number;
  bookedWh: number;
}

export interface EnergyMeter {
  takePower(source: Source, sample: PowerSample): void;
  takeCounter(source: Source, direction: Direction, wh: number, ts: number): CounterNews | undefined;
  channel(source: Source, direction: Direction): ChannelState;
  save(): Record<string, ChannelState>;
}

/** What is remembered of one source. */
interface Track {
  positive: ChannelState;
  negative: ChannelState;
  lastPower: PowerSample | undefined;
}

const emptyChannel = (): ChannelState => ({ counter: emptyCounter, usesCounter: false, hasData: false });
const emptyTrack = (): Track => ({ positive: emptyChannel(), negative: emptyChannel(), lastPower: undefined });

/**
 * @param add receives every increment, Wh, >= 0
 * @param saved what save() returned in an earlier run
 */
export const createEnergyMeter = (
  add: (source: Source, direction: Direction, wh: number) => void,
  saved: Record<string, ChannelState> = {},
): EnergyMeter => {
  /** By the topic of the power: a source is described anew whenever meta changes. */
  const tracks = new Map<string, Track>();
  const found = new WeakMap<Source, Track>();

  for (const [key, state] of Object.entries(saved)) {
    const [power = '', direction] = key.split(' ');
    const track = tracks.get(power) ?? emptyTrack();
    if (direction === 'positive' || direction === 'negative') track[direction] = state;
    tracks.set(power, track);
  }

  const trackOf = (source: Source): Track => {
    const known = found.get(source);
    if (known) return known;
    const track = tracks.get(source.power) ?? emptyTrack();
    tracks.set(source.power, track);
    found.set(source, track);
    return track;
  };

  return {
    takePower(source, sample) {
      const track = trackOf(source);
      const { lastPower, positive, negative } = track;
      track.lastPower = sample;
      if (!lastPower) return;
      const { positiveWh, negativeWh } = integrate(lastPower, sample, source.gapMs);
      if (!positive.usesCounter) {
        positive.hasData = true;
        add(source, 'positive', positiveWh);
      }
      if (!negative.usesCounter) {
        negative.hasData = true;
        add(source, 'negative', negativeWh);
      }
    },
    takeCounter(source, direction, wh, ts) {
      const limits = source.counters[direction]?.limits;
      if (!limits) return undefined;
      const state = trackOf(source)[direction];
      const beforeWh = state.counter.last?.wh ?? wh;
      const { state: next, deltaWh, event } = stepCounter(state.counter, { wh, ts }, limits);
      state.counter = next;
      state.usesCounter = true;
      state.hasData = true;
      add(source, direction, deltaWh);
      return event && { name: event, beforeWh, afterWh: wh, bookedWh: deltaWh };
    },
    channel: (source, direction) => trackOf(source)[direction],
    save: () =>
      Object.fromEntries(
        [...tracks].flatMap(([power, { positive, negative }]) => [
          [`${power} positive`, positive],
          [`${power} negative`, negative],
        ]),
      ),
  };
};
