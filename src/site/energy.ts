/** Energies of all sources of a site: counters and power as they come, booked once (aggregation §3). */
import {
  type Booking,
  type ChannelState,
  cover,
  dropCounter,
  missPower,
  takeCounted,
  takeIntegrated,
} from './channel.ts';
import type { EnergySink } from './energy-sink.ts';
import type { PowerSample } from './integrate.ts';
import { append, type Change, type EndedSample, endLast, type Gap, holdLast, insert, lastOf } from './power-series.ts';
import { pauseMs } from './settlement.ts';
import type { Counter, Direction } from './source-counters.ts';
import type { Source } from './sources.ts';
import {
  bits,
  directions,
  heardBits,
  isCountedOneWay,
  knownAt,
  moveTrack,
  neededBits,
  noteCandidate,
  powerSince,
  type Track,
  wholeKnownAt,
} from './track.ts';
import { createTracks, type EnergySnapshot } from './tracks.ts';

export interface EnergyMeter {
  /** @param isLate others that were measured later are known already */
  takePower(source: Source, sample: PowerSample, isLate: boolean, isEstimated: boolean): void;
  /** The power of a source that tells each change still is what it told last. @param at monotonic, ms */
  holdPower(source: Source, at: number, isEstimated: boolean): void;
  /** A source that tells each change says that it does not know its power, or is gone. @param at monotonic, ms */
  endPower(source: Source, at: number): void;
  /** @param ts monotonic time of measurement, ms */
  takeCounter(source: Source, direction: Direction, wh: number, ts: number): void;
  channel(source: Source, direction: Direction): ChannelState;
  /** Up to when the energy is known, monotonic, ms. */
  knownAt(source: Source, direction: Direction): number;
  /** The last one that was measured, however old, in this run or before. */
  lastPower(source: Source): EndedSample | undefined;
  /** Directions that matter. */
  neededOf(source: Source): Direction[];
  /** Monotonic times of a topic were so much later than was thought, ms. */
  move(source: Source, kind: 'power' | Direction, ms: number): void;
  /** @param ms added to all times, which are monotonic here */
  save(ms: number): EnergySnapshot;
}

/**
 * @param elapsedMs how long the site has run
 * @param isAsleep a source that has switched itself off gives nothing: it is no gap
 */
export const createEnergyMeter = (
  sink: EnergySink,
  elapsedMs: () => number,
  isAsleep: (source: Source) => boolean,
  saved?: EnergySnapshot,
): EnergyMeter => {
  const tracks = createTracks(saved);
  const trackOf = tracks.of;

  const begin = (source: Source, direction: Direction, channel: ChannelState): void => {
    if (channel.hasData) return;
    channel.hasData = true;
    channel.startedMs = elapsedMs();
    sink.add(source, direction, 0);
  };

  const book = (source: Source, direction: Direction, counter: Counter, { wh, trust }: Booking, gap?: Gap): void => {
    if (wh !== 0) sink.add(source, direction, wh, gap);
    if (trust) sink.trust(counter.topic, trust);
  };

  const hear = (source: Source, track: Track, bit: number): void => {
    if (!sink.awaits(source)) return;
    track.heard |= bit;
    const needed = neededBits(track, source);
    if ((track.heard & needed) !== needed) return;
    track.heard = 0;
    sink.hear(source, wholeKnownAt(track, source));
  };

  const takeChange = (source: Source, track: Track, change: Change, isLate: boolean, isEstimated: boolean): void => {
    const { positiveWh, negativeWh, coveredMs, uncoveredMs, gap } = change;
    const slept = gap && !isLate && isAsleep(source) ? uncoveredMs : 0;
    const isMissing = gap && !isLate && slept === 0;
    const ms = coveredMs + slept;
    const filled = isLate ? gap : undefined;
    for (const direction of directions) {
      const channel = track[direction];
      const counter = source.counters[direction];
      const wh = direction === 'positive' ? positiveWh : negativeWh;
      if (!counter || !channel.usesCounter) {
        // What it goes on to count is booked already.
        if (channel.usesCounter) dropCounter(channel);
        cover(channel, ms, isEstimated);
        if (wh !== 0) sink.add(source, direction, wh, filled);
        continue;
      }
      track.flowedWh[direction] += wh;
      if (isMissing) missPower(channel);
      const integrated = { wh, ms, isLate, isFilling: filled !== undefined, isEstimated };
      const booking = takeIntegrated(channel, integrated, counter.rules);
      book(source, direction, counter, booking, filled);
    }
    if (isMissing && neededBits(track, source) & bits.power) sink.miss(source, gap);
    if (gap && change.isFilled) sink.fill(source, gap);
  };

  return {
    takePower(source, sample, isLate, isEstimated) {
      const track = trackOf(source);
      const rules = source.integration;
      const isFirst = track.series.knots.length === 0;
      track.heardMs = elapsedMs();
      const change = isLate ? insert(track.series, sample, rules) : append(track.series, sample, rules);
      if (isFirst) {
        for (const direction of directions) begin(source, direction, track[direction]);
        if (neededBits(track, source) & bits.power) sink.miss(source, 'unknown');
      }
      if (change) takeChange(source, track, change, isLate, isEstimated);
      if (!isLate) hear(source, track, heardBits(track));
    },
    holdPower(source, at, isEstimated) {
      const track = trackOf(source);
      if (!source.integration.isHeld || elapsedMs() - track.heardMs < pauseMs) return;
      const change = holdLast(track.series, at, source.integration);
      if (!change) return;
      takeChange(source, track, change, false, isEstimated);
      hear(source, track, heardBits(track));
    },
    endPower(source, at) {
      if (source.integration.isHeld) endLast(trackOf(source).series, at);
    },
    takeCounter(source, direction, wh, ts) {
      const described = source.counters[direction];
      if (!described) return;
      const track = trackOf(source);
      const channel = track[direction];
      const { hasData, counter } = channel;
      const beforeWh = counter.last?.wh ?? wh;
      begin(source, direction, channel);
      const power = lastOf(track.series);
      const isPowerKnown = power !== undefined && ts - power.at <= source.integration.gapMs;
      const counted = takeCounted(channel, wh, ts, described.limits, described.rules, isPowerKnown, (since) =>
        powerSince(track, direction, since),
      );
      noteCandidate(track, direction);
      book(source, direction, described, counted);
      if (counted.event)
        sink.counter(described.topic, { name: counted.event, beforeWh, afterWh: wh, bookedWh: counted.wh });
      if (!hasData) sink.miss(source, 'unknown');
      if (counted.isAccepted) hear(source, track, bits[direction]);
    },
    channel: (source, direction) => trackOf(source)[direction],
    knownAt: (source, direction) => knownAt(trackOf(source), direction),
    lastPower: (source) => lastOf(trackOf(source).series),
    neededOf: (source) => (isCountedOneWay(trackOf(source), source) ? ['positive'] : directions),
    move: (source, kind, ms) => moveTrack(trackOf(source), kind, ms),
    save: tracks.save,
  };
};
