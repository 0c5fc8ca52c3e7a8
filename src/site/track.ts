/** What is remembered of one source: both directions of its energy, and the last samples of its power. */
import { type ChannelState, createChannel, followsCounter, isAtRest } from './channel.ts';
import { moveCounter } from './counters.ts';
import { createPowerSeries, knownUntil, moveSeries, type PowerSeries } from './power-series.ts';
import type { Direction } from './source-counters.ts';
import { isOneWay, type Source } from './sources.ts';

export const directions: Direction[] = ['positive', 'negative'];

export interface Track {
  positive: ChannelState;
  negative: ChannelState;
  series: PowerSeries;
  /** Energy by power since the beginning, and when a counter began to count what is not believed yet, by direction. */
  flowedWh: Record<Direction, number>;
  candidates: Record<Direction, { ts: number; flowedWh: number } | undefined>;
  /** What was heard since the source was heard as a whole. */
  heard: number;
  /** What the site had run when a power was heard last, ms. */
  heardMs: number;
}

export const bits = { power: 1, positive: 2, negative: 4 } as const;

export const createTrack = (): Track => ({
  positive: createChannel(),
  negative: createChannel(),
  series: createPowerSeries(),
  flowedWh: { positive: 0, negative: 0 },
  candidates: { positive: undefined, negative: undefined },
  heard: 0,
  heardMs: Number.NEGATIVE_INFINITY,
});

export const isCountedOneWay = ({ positive }: Track, { term }: Source): boolean =>
  isOneWay(term) && positive.usesCounter;

/** What has to be heard for all that matters of a source to be known. */
export const neededBits = (track: Track, source: Source): number => {
  const positive = followsCounter(track.positive) ? bits.positive : bits.power;
  if (isCountedOneWay(track, source)) return positive;
  return positive | (followsCounter(track.negative) ? bits.negative : bits.power);
};

/** What a sample of power tells: also of counters along which nothing flows. */
export const heardBits = ({ positive, negative }: Track): number =>
  bits.power | (isAtRest(positive) ? bits.positive : 0) | (isAtRest(negative) ? bits.negative : 0);

/** Up to when the energy of a direction is known, monotonic, ms. */
export const knownAt = (track: Track, direction: Direction): number => {
  const channel = track[direction];
  const at = followsCounter(channel) ? channel.counter.last?.ts : knownUntil(track.series);
  return at ?? Number.NEGATIVE_INFINITY;
};

/** Up to when all that matters of a source is known: nothing has flowed that a counter at rest has not counted. */
export const wholeKnownAt = (track: Track, source: Source): number => {
  const powerAt = knownUntil(track.series) ?? Number.NEGATIVE_INFINITY;
  const untilOf = (direction: Direction): number =>
    isAtRest(track[direction]) ? Math.max(powerAt, knownAt(track, direction)) : knownAt(track, direction);
  return isCountedOneWay(track, source) ? untilOf('positive') : Math.min(untilOf('positive'), untilOf('negative'));
};

/** The counter may have begun to count what is not believed yet. */
export const noteCandidate = (track: Track, direction: Direction): void => {
  const { candidate } = track[direction].counter;
  const known = track.candidates[direction];
  if (!candidate) track.candidates[direction] = undefined;
  else if (known?.ts !== candidate.first.ts)
    track.candidates[direction] = { ts: candidate.first.ts, flowedWh: track.flowedWh[direction] };
};

/** Energy by power since then, Wh; undefined where it is not known. */
export const powerSince = ({ candidates, flowedWh }: Track, direction: Direction, ts: number): number | undefined => {
  const candidate = candidates[direction];
  return candidate?.ts === ts ? flowedWh[direction] - candidate.flowedWh : undefined;
};

/** Monotonic times of its power, or of a counter, were so much later than was thought, ms. */
export const moveTrack = (track: Track, kind: 'power' | Direction, ms: number): void => {
  if (kind === 'power') {
    moveSeries(track.series, ms);
    return;
  }
  track[kind].counter = moveCounter(track[kind].counter, ms);
  const candidate = track.candidates[kind];
  if (candidate) candidate.ts += ms;
};
