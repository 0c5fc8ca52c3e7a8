/**
 * A site summed up: takes readings, meta and availability as they come, and says now and then what the whole does.
 * Time comes from the clock that is passed in; there is no I/O here.
 */
import type { Quality } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import type { Meta } from '../model/meta.ts';
import { type Clock, isoTime } from '../model/time.ts';
import type { BalanceHistory } from './balance-watch.ts';
import { type BooksSnapshot, createBooks } from './books.ts';
import { type Composition, compose } from './composition.ts';
import type { CounterNews } from './energy.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { createKnown } from './known.ts';
import { createReporter } from './reporter.ts';
import { statePower, stateStatus } from './statements.ts';
import { createWatches } from './watches.ts';

export interface SiteOptions {
  site: string;
  boot: string;
  /** Power is published at most this often. */
  powerEveryMs?: number;
  energyEveryMs?: number;
  /** An inverter that has switched itself off counts as 0, estimated. */
  offlineMeansZero?: boolean;
  /** A value may be used this long after it went stale, estimated. */
  graceMs?: number;
  /** Times further apart make the sum estimated. */
  skewLimitMs?: number;
  /** Largest plausible power of a device that does not say its own, W. */
  maxPowerW?: number;
}

export interface SiteSink {
  values(messages: Message[]): void;
  events(messages: Message[]): void;
}

/** What survives a restart. */
export interface SiteSnapshot extends BooksSnapshot {
  version: 1;
  since: string;
  coveredMs: number;
  elapsedMs: number;
  balance: BalanceHistory;
}

export interface Site {
  take(message: Message): void;
  /** A device that was removed leaves the balance; what it has counted stays in the totals. */
  forget(device: string): void;
  /** Publishes what is due; called about once per second. */
  tick(): void;
  snapshot(): SiteSnapshot;
  summary(): { sources: number; good: number; quality: Quality };
}

const statusEveryMs = 60_000;
/** Until then the first messages of all devices should have come. */
const settleMs = 3000;
/** Values go old without a message: what has not changed is looked at again this often. */
const lookAgainMs = 1000;

export const createSite = (options: SiteOptions, clock: Clock, sink: SiteSink, saved?: SiteSnapshot): Site => {
  const { site, boot, powerEveryMs = 1000, energyEveryMs = 10_000 } = options;
  const { offlineMeansZero = false, graceMs = 0, skewLimitMs = 30_000, maxPowerW = 100_000 } = options;
  const metas = new Map<string, Meta>();
  const known = createKnown(clock, graceMs);
  /** Undefined after a change of meta, until it is needed. */
  let composed: Composition | undefined;

  const since = saved?.since ?? isoTime(clock.now());
  const books = createBooks(saved);
  let coveredMs = saved?.coveredMs ?? 0;
  let elapsedMs = saved?.elapsedMs ?? 0;
  const startedAt = clock.monotonic();
  let tickedAt = startedAt;
  let powerAt = Number.NEGATIVE_INFINITY;
  let energyAt = startedAt;
  let statusAt = Number.NEGATIVE_INFINITY;
  let statusText = '';
  let isChanged = false;
  const sequences = { power: 0, energy: 0, status: 0 };

  const composition = (): Composition => {
    composed ??= compose(metas.values(), maxPowerW);
    return composed;
  };
  const evaluation = (): Evaluation => evaluate(composition(), known, { offlineMeansZero, skewLimitMs });

  const reporter = createReporter(site, boot, clock, sink.events);
  const watches = createWatches(known, reporter, saved?.balance);

  const reportCounter = (topic: string, { name, beforeWh, afterWh, bookedWh }: CounterNews): void => {
    const severity = name === 'counter_recovered' || name === 'counter_rollover' ? 'info' : 'warning';
    reporter.tell(name, severity, { topic, before_wh: beforeWh, after_wh: afterWh, booked_wh: bookedWh });
  };

  const takeReading = (message: Message<'reading/1'>): void => {
    const { topic, value, quality } = message;
    const { wanted, uses } = composition();
    const own = uses.get(topic);
    if (!own && !wanted.has(topic)) return;
    const ts = known.takeReading(message);
    if (ts === undefined) return;
    isChanged = true;
    if (typeof value !== 'number' || quality === 'invalid' || quality === 'stale') return;
    for (const { source, kind } of own ?? []) {
      if (kind === 'power') {
        const sample = { w: value, ts, receivedAt: clock.monotonic() };
        books.energy.takePower(source, sample);
        watches.takePower(source, sample);
        continue;
      }
      const news = books.energy.takeCounter(source, kind, value, ts);
      if (news) reportCounter(topic, news);
    }
  };

  const takeMeta = (message: Message<'meta/1'>): void => {
    if (message.site === site) metas.set(message.device, message);
    else if (!metas.delete(message.device)) return;
    composed = undefined;
    isChanged = true;
  };

  const envelope = <Name extends 'power' | 'energy' | 'status'>(name: Name) => ({
    topic: `sites/${site}/${name}`,
    schema: `site-${name}/1` as const,
    ts: isoTime(clock.now()),
    seq: ++sequences[name],
    boot,
  });

  const powerMessage = (evaluation: Evaluation): Message<'site-power/1'> => ({
    ...envelope('power'),
    ...statePower(evaluation),
  });

  const energyMessage = ({ quality }: Evaluation): Message<'site-energy/1'> => ({
    ...envelope('energy'),
    since,
    ...books.state(composition()),
    coverage: elapsedMs === 0 ? 0 : Math.min(1, coveredMs / elapsedMs),
    quality: quality === 'good' ? 'good' : 'estimated',
  });

  /** Said when it changes, and once a minute. */
  const statusMessages = (evaluation: Evaluation, now: number): Message<'site-status/1'>[] => {
    const status = stateStatus(evaluation);
    const text = JSON.stringify([status.quality, status.sources, status.offenders]);
    if (text === statusText && now - statusAt < statusEveryMs) return [];
    statusText = text;
    statusAt = now;
    return [{ ...envelope('status'), ...status }];
  };

  return {
    take(message) {
      switch (message.schema) {
        case 'reading/1':
          takeReading(message as Message<'reading/1'>);
          break;
        case 'meta/1':
          takeMeta(message as Message<'meta/1'>);
          break;
        case 'availability/1':
          if (known.takeAvailability(message as Message<'availability/1'>)) isChanged = true;
          break;
        default:
          break;
      }
    },
    forget(device) {
      metas.delete(device);
      known.forget(device);
      watches.forget(device);
      composed = undefined;
      isChanged = true;
    },
    tick() {
      const at = clock.monotonic();
      if (at - startedAt < settleMs || composition().sources.length === 0) {
        tickedAt = at;
        return;
      }
      const isPowerDue = isChanged && at - powerAt >= powerEveryMs;
      if (!isPowerDue && at - tickedAt < lookAgainMs) return;
      const current = evaluation();
      const passed = at - tickedAt;
      tickedAt = at;
      elapsedMs += passed;
      if (current.balance.consumption.w !== null) coveredMs += passed;
      watches.look(composition(), current, passed, at);
      const messages: Message[] = statusMessages(current, at);
      // A value that silently went old changes the sum as well.
      isChanged ||= messages.length > 0;
      if (isChanged && at - powerAt >= powerEveryMs) {
        isChanged = false;
        powerAt = at;
        messages.push(powerMessage(current));
      }
      if (at - energyAt >= energyEveryMs) {
        energyAt = at;
        messages.push(energyMessage(current));
      }
      if (messages.length > 0) sink.values(messages);
    },
    snapshot: () => ({
      version: 1,
      since,
      ...books.save(),
      coveredMs,
      elapsedMs,
      balance: watches.history(),
    }),
    summary() {
      const { inputs, quality } = evaluation();
      return {
        sources: inputs.size,
        good: [...inputs.values()].filter((own) => own === 'good').length,
        quality,
      };
    },
  };
};
