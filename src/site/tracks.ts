/** What is remembered of all sources, by the topic of their power, and over a restart. */
import type { ChannelState } from './channel.ts';
import { moveCounter } from './counters.ts';
import { createPowerSeries, type EndedSample, moveSample, resumeOf } from './power-series.ts';
import type { Source } from './sources.ts';
import { createTrack, directions, type Track } from './track.ts';

export interface EnergySnapshot {
  /** By the topic of the power and the direction. */
  channels: Record<string, ChannelState>;
  powers: Record<string, EndedSample>;
}

export interface Tracks {
  of(source: Source): Track;
  /** @param ms added to all times, which are monotonic here */
  save(ms: number): EnergySnapshot;
}

/** @param saved in times of this run */
export const createTracks = (saved?: EnergySnapshot): Tracks => {
  /** A source is described anew whenever meta changes. */
  const tracks = new Map<string, Track>();
  const found = new WeakMap<Source, Track>();

  const at = (power: string): Track => {
    const track = tracks.get(power) ?? createTrack();
    tracks.set(power, track);
    return track;
  };
  for (const [key, state] of Object.entries(saved?.channels ?? {})) {
    const [power = '', direction] = key.split(' ');
    if (direction === 'positive' || direction === 'negative') at(power)[direction] = state;
  }
  for (const [power, sample] of Object.entries(saved?.powers ?? {})) at(power).series = createPowerSeries(sample);

  return {
    of(source) {
      const known = found.get(source);
      if (known) return known;
      const track = at(source.power);
      found.set(source, track);
      return track;
    },
    save(ms) {
      const channels: EnergySnapshot['channels'] = {};
      const powers: EnergySnapshot['powers'] = {};
      for (const [power, track] of tracks) {
        for (const direction of directions)
          channels[`${power} ${direction}`] = {
            ...track[direction],
            counter: moveCounter(track[direction].counter, ms),
          };
        const last = resumeOf(track.series);
        if (last) powers[power] = moveSample(last, ms);
      }
      return { channels, powers };
    },
  };
};
