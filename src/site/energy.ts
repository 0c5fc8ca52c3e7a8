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

export interface EnergyMeter {
  takePower(source: Source, sample: PowerSample): void;
  takeCounter(source: Source, direction: Direction, wh: number, ts: number): CounterEvent | undefined;
  channel(source: Source, direction: Direction): ChannelState;
  save(): Record<string, ChannelState>;
}

const keyOf = (source: Source, direction: Direction): string => `${source.power} ${direction}`;

/**
 * @param add receives every increment, Wh, >= 0
 * @param saved what save() returned in an earlier run
 */
export const createEnergyMeter = (
  add: (source: Source, direction: Direction, wh: number) => void,
  saved: Record<string, ChannelState> = {},
): EnergyMeter => {
  const channels = new Map<string, ChannelState>(Object.entries(saved));
  const lastPower = new Map<string, PowerSample>();

  const channel = (source: Source, direction: Direction): ChannelState => {
    const key = keyOf(source, direction);
    let state = channels.get(key);
    if (!state) {
      state = { counter: emptyCounter, usesCounter: false, hasData: false };
      channels.set(key, state);
    }
    return state;
  };

  return {
    takePower(source, sample) {
      const before = lastPower.get(source.power);
      lastPower.set(source.power, sample);
      const positive = channel(source, 'positive');
      const negative = channel(source, 'negative');
      if (!before) return;
      const { positiveWh, negativeWh } = integrate(before, sample, source.gapMs);
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
      const state = channel(source, direction);
      const step = stepCounter(
        state.counter,
        { wh, ts },
        {
          maxPowerW: source.maxPowerW,
          resolutionWh: source.counterResolutionWh,
          ...(source.modulusWh === undefined ? {} : { modulusWh: source.modulusWh }),
          gapMs: source.gapMs,
        },
      );
      state.counter = step.state;
      state.usesCounter = true;
      state.hasData = true;
      add(source, direction, step.deltaWh);
      return step.event;
    },
    channel,
    save: () => Object.fromEntries(channels),
  };
};
