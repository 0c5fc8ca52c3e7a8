/** The state of a site: its devices, what they say now, and what was counted since the site began. */
import { type Quality, worst } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import type { Meta } from '../model/meta.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { createSleepers } from './asleep.ts';
import { type Composition, compose, type Use } from './composition.ts';
import { createEnergyMeter } from './energy.ts';
import { type EnergyFields, stateEnergy } from './energy-statement.ts';
import { createEnergyTotals } from './energy-totals.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { createFeeds } from './feeds.ts';
import { createKnown } from './known.ts';
import type { Reporter } from './reporter.ts';
import type { Place } from './sample-order.ts';
import { createSiteEvents } from './site-events.ts';
import { moveSnapshot, type SiteSnapshot } from './snapshot.ts';
import type { Source } from './sources.ts';
import type { Coordinates } from './sun.ts';
import { createWatches } from './watches.ts';

export interface StateOptions {
  site: string;
  /** An inverter without a connection counts as 0 at any time, estimated; otherwise at night. */
  offlineMeansZero?: boolean;
  /** Where the site is: when it is dark there. */
  coordinates?: Coordinates;
  /** A value may be used this long after it went stale, estimated. */
  graceMs?: number;
  /** Times further apart make the sum estimated. */
  skewLimitMs?: number;
  /** Largest plausible power of a device that does not say its own, W. */
  maxPowerW?: number;
}

export interface SiteState {
  since: string;
  /** @returns whether it means something to this site */
  takeReading(message: Message<'reading/1'>): boolean;
  takeMeta(message: Message<'meta/1'>): boolean;
  takeAvailability(message: Message<'availability/1'>): boolean;
  /** What an earlier run has told of the energies. */
  takeEnergy(message: Message<'site-energy/1'>): void;
  forget(device: string): void;
  hasSources(): boolean;
  hasGrid(): boolean;
  /** Nothing more is known than at the last look. */
  evaluate(): Evaluation;
  /** Looks at what has changed with time. @param passedMs since the last look */
  look(passedMs: number): Evaluation;
  energy(evaluation: Evaluation): EnergyFields;
  snapshot(): SiteSnapshot;
}

/** The next value of a source that tells each change may have been on its way for so long, ms. */
const underwayMs = 2000;

export const createSiteState = (
  options: StateOptions,
  clock: Clock,
  reporter: Reporter,
  stored: SiteSnapshot | undefined,
): SiteState => {
  const { site, coordinates, offlineMeansZero = false } = options;
  const { graceMs = 0, skewLimitMs = 30_000, maxPowerW = 100_000 } = options;
  const { now, monotonic } = clock;
  const saved = stored && moveSnapshot(stored, now(), monotonic());
  const since = saved?.since ?? isoTime(now());
  // The time without this runtime belongs to the time of the site.
  const ranBefore = (saved?.elapsedMs ?? 0) + Math.max(0, monotonic() - (saved?.savedAt ?? monotonic()));
  const startedAt = monotonic();
  const ran = (): number => ranBefore + monotonic() - startedAt;

  const metas = new Map<string, Meta>();
  /** Undefined after a change of meta, until it is needed. */
  let composed: Composition | undefined;
  /** Readings that came since: where many devices introduce themselves, a site is composed once for all of them. */
  let waiting: Message<'reading/1'>[] = [];
  const known = createKnown(clock, graceMs);
  const events = createSiteEvents(reporter);
  const watches = createWatches(known, reporter, saved?.balance);
  const sleepRules = { offlineMeansZero, ...(coordinates && { coordinates }) };
  const sleepers = createSleepers(sleepRules, known, (source) => energy.lastPower(source), clock, saved?.days);
  const totals = createEnergyTotals(ran, monotonic, saved);
  const { counter, trust } = events;
  const energy = createEnergyMeter({ ...totals, counter, trust }, ran, sleepers.has, saved);

  const takeValue = (reading: Message<'reading/1'>, at: number, place: Place, uses: Use[], isUnsure: boolean): void => {
    if (place === 'newest') known.takeReading(reading, at, isUnsure);
    const { topic, value, quality } = reading;
    if (typeof value !== 'number' || quality === 'invalid') {
      if (place === 'newest') for (const { source, kind } of uses) if (kind === 'power') energy.endPower(source, at);
      return;
    }
    if (quality === 'stale') return;
    for (const { source, kind } of uses) {
      if (kind === 'power') energy.takePower(source, { w: value, at }, place === 'late', quality === 'estimated');
      else if (place === 'newest') energy.takeCounter(source, kind, value, at);
      if (place === 'newest') watches.take(topic, source, value, at);
    }
  };
  const feeds = createFeeds(
    clock,
    {
      take: takeValue,
      move(topic, uses, ms) {
        known.move(topic, ms);
        for (const { source, kind } of uses) energy.move(source, kind, ms);
      },
      wild: (topic, dropped) => events.wild(topic, dropped, monotonic()),
      above: events.above,
    },
    saved,
  );

  const composition = (): Composition => {
    if (composed) return composed;
    composed = compose(metas.values(), maxPowerW);
    feeds.compose(composed);
    totals.compose(composed);
    watches.compose(composed);
    const arrived = waiting;
    waiting = [];
    for (const reading of arrived) feeds.take(reading);
    return composed;
  };
  const evaluateNow = (): Evaluation =>
    evaluate(composition(), known, { skewLimitMs, isAsleep: sleepers.has, now: monotonic() });

  const isIntegrated = (of: Source[]): boolean => of.every((each) => !energy.channel(each, 'positive').usesCounter);
  const raiseTotals = ({ sources, roots }: Composition): void =>
    totals.raise((key) =>
      isIntegrated(key === 'consumption' ? roots : sources.filter(({ term }) => key.startsWith(`${term} `))),
    );

  const holdOn = (source: Source): void => {
    const { quality } = known.current(source.power, source);
    if (known.isOffline(source)) energy.endPower(source, monotonic());
    else energy.holdPower(source, monotonic() - underwayMs, quality === 'estimated');
  };

  return {
    since,
    takeReading(message) {
      if (composed) return feeds.take(message);
      waiting.push(message);
      return true;
    },
    takeMeta(message) {
      if (message.site === site) metas.set(message.device, message);
      else if (!metas.delete(message.device)) return false;
      composed = undefined;
      return true;
    },
    takeAvailability: known.takeAvailability,
    takeEnergy(message) {
      // Of other totals than these, nothing can be said.
      if (message.since === since) totals.hold(message);
    },
    forget(device) {
      metas.delete(device);
      known.forget(device);
      composed = undefined;
    },
    hasSources: () => composition().sources.length > 0,
    hasGrid: () => composition().ac.grid.length > 0,
    evaluate: evaluateNow,
    look(passedMs) {
      const current = composition();
      raiseTotals(current);
      sleepers.look(current);
      for (const source of sleepers.all()) totals.hear(source, monotonic());
      for (const source of current.sources) if (source.integration.isHeld) holdOn(source);
      const evaluation = evaluateNow();
      watches.look(evaluation, feeds.devices(), passedMs, monotonic(), feeds.ours());
      return evaluation;
    },
    energy: ({ inputs }) =>
      stateEnergy(energy, totals, {
        composition: composition(),
        at: monotonic(),
        elapsedMs: ran(),
        qualityOf: ({ power }): Quality => worst('good', inputs.get(power) ?? 'invalid'),
        isAsleep: sleepers.has,
      }),
    snapshot: () => {
      composition();
      const ms = now() - monotonic();
      return {
        version: 1,
        since,
        savedAt: now(),
        elapsedMs: ran(),
        ...totals.save(ms),
        ...energy.save(ms),
        balance: watches.history(),
        days: sleepers.save(),
        ...feeds.save(),
      };
    },
  };
};
