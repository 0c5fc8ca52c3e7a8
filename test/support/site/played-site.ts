/** Readings that arrive at other times than they were measured at, played to a site on virtual time. */
import assert from 'node:assert/strict';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import type { Reading } from '../../../src/model/reading.ts';
import { readSnapshot, type SiteSnapshot } from '../../../src/site/site-snapshot.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { type RunningSite, startSite } from './running-site.ts';
import { metaOf, readingOf } from './site-messages.ts';

/** Seconds since the play began. */
export interface Played {
  /** When it arrives. */
  at: number;
  /** When it was measured, by the clock of its source. */
  ts: number;
  path: string;
  value: Reading['value'];
  more?: Partial<Reading>;
}

/** A component whose power is read every so many seconds, and more of its quantities with it. */
export const every = (
  intervalS: number,
  component: Pick<ComponentMeta, 'type' | 'role'> & Partial<ComponentMeta>,
): ComponentMeta => ({
  ...component,
  quantities: {
    power: { unit: 'W', interval_s: intervalS, max_age_s: Math.max(30, 3 * intervalS) },
    ...component.quantities,
  },
});

/** One reading every so many seconds, which arrives as it was measured. */
export const steady = (
  path: string,
  everyS: number,
  forS: number,
  valueAt: number | ((s: number) => number),
): Played[] =>
  Array.from({ length: Math.floor(forS / everyS) + 1 }, (_, i) => {
    const s = i * everyS;
    return { at: s, ts: s, path, value: typeof valueAt === 'number' ? valueAt : valueAt(s) };
  });

/** The same, gathered: whatever was measured in a time arrives together at its end. */
export const inBursts = (played: Played[], everyS: number): Played[] =>
  played.map((each) => ({ ...each, at: (Math.floor(each.ts / everyS) + 1) * everyS + (each.ts % everyS) / 1000 }));

/** @param devices components by device */
export const startPlay = (
  devices: Record<string, ComponentMeta[]>,
  ...more: Parameters<typeof startSite>
): RunningSite & { play(played: Played[], tickMs?: number): void } => {
  const running = startSite(...more);
  running.say(...Object.entries(devices).map(([device, components]) => metaOf(device, ...components)));
  running.pass(4000);
  const wait = (ms: number, tickMs: number): void => {
    for (let left = ms; left > 0; left -= tickMs) {
      running.clock.advance(Math.min(tickMs, left));
      running.site.tick();
    }
  };
  return {
    ...running,
    /** The last of them has arrived at the end. Where nobody looks, long times pass in longer steps. */
    play(played, tickMs = played.length > 1000 ? 5000 : 1000) {
      const { clock, say } = running;
      const begin = clock.now();
      for (const { at, ts, path, value, more: facts } of played.toSorted((a, b) => a.at - b.at)) {
        wait(begin + at * 1000 - clock.now(), tickMs);
        say(readingOf(path, value, begin + ts * 1000, facts));
      }
    },
  };
};

/** The snapshot of a run, as a file brings it back. */
export const savedOf = ({ site }: RunningSite): SiteSnapshot => {
  const saved = readSnapshot(JSON.parse(JSON.stringify(site.snapshot())));
  assert.ok(saved.ok, saved.ok ? '' : saved.reason);
  return saved.value;
};

/** Another run with what the one before has saved, after some time. */
export const restart = (
  first: RunningSite,
  devices: Record<string, ComponentMeta[]>,
  afterMs: number,
  saved = savedOf(first),
): ReturnType<typeof startPlay> =>
  startPlay(devices, { boot: 'next' }, saved, createVirtualClock(first.clock.now() + afterMs));

/** Until the energies are told that are known now. */
export const tellEnergy = ({ pass }: RunningSite): void => pass(12_000);

/** Whether a number is as expected, within a share of it. */
export const isNear = (value: number | null | undefined, expected: number, share = 0.01): boolean =>
  typeof value === 'number' && Math.abs(value - expected) <= share * Math.abs(expected) + 1e-6;
