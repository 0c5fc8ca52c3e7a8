/**
 * The topics a site listens to: each reading gets its place in time, by the clock of its device as it has shown itself,
 * and wild samples of power are kept out.
 */
import type { Message } from '../model/message.ts';
import { type Clock, parseTime } from '../model/time.ts';
import type { Composition, Use, WantedTopic } from './composition.ts';
import { createPowerGuard, type Dropped, isPlausible, judgePower, type PowerGuard } from './power-guard.ts';
import {
  createSampleOrder,
  type Deliver,
  type OrderRules,
  type Place,
  place,
  type SampleOrder,
} from './sample-order.ts';
import { createSourceClock, type SourceClock } from './source-clock.ts';
import type { Source } from './sources.ts';

type Reading = Message<'reading/1'>;

/** A device by its clock. */
export interface ClockedDevice {
  device: string;
  gateway?: string;
  clock: SourceClock;
  topics: Set<string>;
  /** Its readings came with times that were so far ahead that those of their reception took their place, s. */
  aheadS?: number | undefined;
}

/** Thousands of these are at work: a record. */
interface Feed {
  topic: string;
  wanted: WantedTopic;
  owner: ClockedDevice;
  uses: Use[];
  /** Of which it is the power. */
  source: Source | undefined;
  order: SampleOrder<Reading>;
  guard: PowerGuard<Reading> | undefined;
  rules: OrderRules;
  deliver: Deliver<Reading>;
}

export interface FeedSink {
  /**
   * @param at monotonic time of measurement, ms
   * @param isUnsure it comes late, or the clock of the device is behind: nobody knows which
   */
  take(reading: Reading, at: number, place: Place, uses: Use[], isUnsure: boolean): void;
  /** What was taken of a topic was measured so much later than was thought, ms. */
  move(topic: string, uses: Use[], ms: number): void;
  wild(topic: string, dropped: Dropped): void;
  /** It goes on above its largest power. */
  above(topic: string, w: number, maxPowerW: number): void;
}

/** Survives a restart. */
export interface FeedsSnapshot {
  /** The largest powers shown, by topic, W. */
  highPowers: Record<string, number>;
  /** How far clocks that are off are ahead, by device, ms. */
  clocks: Record<string, number>;
}

export interface Feeds {
  /** @returns whether somebody wants it */
  take(reading: Reading): boolean;
  compose(composition: Composition): void;
  devices(): ClockedDevice[];
  /** Lead that a reading without delay would have, were its clock ours, ms. */
  ours(): number;
  save(): FeedsSnapshot;
}

/** No delay of a network, where a device is read often. */
const leastBehindMs = 2000;
const mostBehindMs = 10_000;

/** How much later than measured a topic may be told without its clock being in doubt. */
const toleranceOf = ({ intervalMs, maxAgeMs }: WantedTopic): number =>
  Math.max(leastBehindMs, Math.min(Math.max(mostBehindMs, 1.5 * intervalMs), maxAgeMs / 2));

export const createFeeds = (clock: Clock, sink: FeedSink, saved?: FeedsSnapshot): Feeds => {
  const feeds = new Map<string, Feed>();
  const owners = new Map<string, ClockedDevice>();
  const ours = (): number => clock.now() - clock.monotonic();
  /** Readings of one message have one time. */
  const last = { text: '', ms: Number.NaN };
  const timeOf = (text: string): number => {
    if (text !== last.text) {
      last.text = text;
      last.ms = parseTime(text);
    }
    return last.ms;
  };

  /** A clock that was off in an earlier run still is, until it shows otherwise. */
  const clockOf = (device: string): SourceClock => {
    const aheadMs = saved?.clocks[device];
    return aheadMs === undefined ? createSourceClock() : createSourceClock(ours() + aheadMs);
  };

  const ownerOf = ({ device, gateway }: WantedTopic): ClockedDevice => {
    const owner = owners.get(device) ?? { device, clock: clockOf(device), topics: new Set() };
    if (gateway !== undefined) owner.gateway = gateway;
    owners.set(device, owner);
    return owner;
  };

  const takeIn = (feed: Feed, reading: Reading, at: number, isLate: boolean): void => {
    const { isCorrected, offset } = feed.owner.clock;
    sink.take(reading, at, isLate ? 'late' : 'newest', feed.uses, isCorrected && offset < feed.rules.ours);
  };

  const guardPower = (
    feed: Feed,
    guard: PowerGuard<Reading>,
    source: Source,
    reading: Reading,
    w: number,
    at: number,
  ): void => {
    const { limit } = source;
    const judgement = judgePower(guard, w, at, reading, limit);
    if (judgement?.dropped) sink.wild(feed.topic, judgement.dropped);
    if (judgement?.isAbove) sink.above(feed.topic, w, limit.maxPowerW);
    for (const held of judgement?.confirmed ?? []) takeIn(feed, held.what, held.at, false);
    if (!judgement || judgement.isBelieved) takeIn(feed, reading, at, false);
  };

  const deliverTo =
    (feed: Feed): Deliver<Reading> =>
    (reading, at, where) => {
      const { guard, source } = feed;
      const isLate = where === 'late';
      const { value } = reading;
      if (!guard || !source || typeof value !== 'number') takeIn(feed, reading, at, isLate);
      else if (!isLate) guardPower(feed, guard, source, reading, value, at);
      else if (isPlausible(guard, value, source.limit)) takeIn(feed, reading, at, true);
    };

  /** All topics of a device have the time of its clock. */
  const move = ({ topics }: ClockedDevice, ms: number): void => {
    for (const topic of topics) {
      const feed = feeds.get(topic);
      if (!feed) continue;
      feed.order.newestAt += ms;
      for (const held of feed.guard?.held ?? []) held.at += ms;
      sink.move(feed.topic, feed.uses, ms);
    }
  };

  const createFeed = (topic: string, wanted: WantedTopic): Feed => {
    const owner = ownerOf(wanted);
    const feed: Feed = {
      topic,
      wanted,
      owner,
      uses: [],
      source: undefined,
      order: createSampleOrder<Reading>(),
      guard: undefined,
      rules: {
        clock: owner.clock,
        tolerance: { behindMs: toleranceOf(wanted) },
        intervalMs: wanted.intervalMs,
        ours: ours(),
        move: (ms) => move(owner, ms),
      },
      deliver: () => {},
    };
    feed.deliver = deliverTo(feed);
    owner.topics.add(topic);
    return feed;
  };

  return {
    take(reading) {
      const feed = feeds.get(reading.topic);
      if (!feed) return false;
      const { order, rules, deliver, owner } = feed;
      rules.ours = ours();
      owner.aheadS = reading.skew_s;
      const { seq, boot, late } = reading;
      const arrival = { ts: timeOf(reading.ts), receivedAt: clock.monotonic(), seq, boot, isLate: late === true };
      place(order, arrival, reading, rules, deliver);
      return true;
    },
    compose({ wanted, uses }) {
      for (const [topic, { owner }] of feeds) {
        if (wanted.has(topic)) continue;
        feeds.delete(topic);
        owner.topics.delete(topic);
        if (owner.topics.size === 0) owners.delete(owner.device);
      }
      for (const [topic, facts] of wanted) {
        const feed = feeds.get(topic) ?? createFeed(topic, facts);
        feeds.set(topic, feed);
        feed.wanted = facts;
        feed.rules.intervalMs = facts.intervalMs;
        feed.rules.tolerance.behindMs = toleranceOf(facts);
        feed.uses = uses.get(topic) ?? [];
        feed.source = feed.uses.find(({ kind }) => kind === 'power')?.source;
        if (feed.source) feed.guard ??= createPowerGuard(saved?.highPowers[topic]);
      }
    },
    devices: () => [...owners.values()],
    ours,
    save: () => ({
      highPowers: Object.fromEntries([...feeds].flatMap(([topic, { guard }]) => (guard ? [[topic, guard.highW]] : []))),
      clocks: Object.fromEntries(
        [...owners].flatMap(([device, { clock: own }]) => (own.isCorrected ? [[device, own.offset - ours()]] : [])),
      ),
    }),
  };
};
