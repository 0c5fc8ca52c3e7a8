/**
 * A site summed up: takes readings, meta and availability as they come, and says now and then what the whole does.
 * Time comes from the clock that is passed in; there is no I/O here.
 */
import type { Quality } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import type { Meta } from '../model/meta.ts';
import type { Flows } from '../model/site.ts';
import { type Clock, isoTime } from '../model/time.ts';
import type { BalanceHistory } from './balance-watch.ts';
import { type Composition, compose } from './composition.ts';
import { type ChannelState, type CounterNews, createEnergyMeter, type Direction } from './energy.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { createKnown } from './known.ts';
import { createReporter } from './reporter.ts';
import type { Source, TermName } from './sources.ts';
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
export interface SiteSnapshot {
  version: 1;
  since: string;
  totals: Record<string, number>;
  consumptionWh: number;
  highestConsumptionWh: number;
  coveredMs: number;
  elapsedMs: number;
  channels: Record<string, ChannelState>;
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

const totalNames = {
  'grid positive': 'grid_import_wh',
  'grid negative': 'grid_export_wh',
  'solar positive': 'solar_wh',
  'battery positive': 'battery_discharged_wh',
  'battery negative': 'battery_charged_wh',
  'generator positive': 'generator_wh',
  'ev positive': 'ev_wh',
  'heat positive': 'heat_wh',
} as const;
type TotalKey = keyof typeof totalNames;
type TotalName = (typeof totalNames)[TotalKey];

const isTotalKey = (key: string): key is TotalKey => Object.hasOwn(totalNames, key);

const statusEveryMs = 60_000;
/** Until then the first messages of all devices should have come. */
const settleMs = 3000;
/** Values go old without a message: what has not changed is looked at again this often. */
const lookAgainMs = 1000;
const round = (w: number | null, digits = 1): number | null =>
  w === null ? null : Math.round(w * 10 ** digits) / 10 ** digits;

const roundFlows = (flows: Flows): Flows => {
  const rounded = { ...flows };
  for (const name of Object.keys(flows) as (keyof Flows & string)[]) rounded[name] = round(flows[name] as number) ?? 0;
  return rounded;
};

export const createSite = (options: SiteOptions, clock: Clock, sink: SiteSink, saved?: SiteSnapshot): Site => {
  const { site, boot, powerEveryMs = 1000, energyEveryMs = 10_000 } = options;
  const { offlineMeansZero = false, graceMs = 0, skewLimitMs = 30_000, maxPowerW = 100_000 } = options;
  const metas = new Map<string, Meta>();
  const known = createKnown(clock, graceMs);
  /** Undefined after a change of meta, until it is needed. */
  let composed: Composition | undefined;

  const since = saved?.since ?? isoTime(clock.now());
  const totals = new Map<string, number>(Object.entries(saved?.totals ?? {}));
  let consumptionWh = saved?.consumptionWh ?? 0;
  let highestConsumptionWh = saved?.highestConsumptionWh ?? 0;
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

  const addEnergy = (source: Source, direction: Direction, wh: number): void => {
    const { term, hybrid } = source;
    const key = `${term} ${direction}`;
    totals.set(key, (totals.get(key) ?? 0) + wh);
    if (hybrid !== undefined || term === 'ev' || term === 'heat') return;
    consumptionWh += direction === 'positive' ? wh : -wh;
    // Counters step at different times: what is said of consumption never goes back.
    highestConsumptionWh = Math.max(highestConsumptionWh, consumptionWh);
  };

  const energy = createEnergyMeter(addEnergy, saved?.channels);

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
        energy.takePower(source, sample);
        watches.takePower(source, sample);
        continue;
      }
      const news = energy.takeCounter(source, kind, value, ts);
      if (news) reportCounter(topic, news);
    }
  };

  const takeMeta = (message: Message<'meta/1'>): void => {
    if (message.site === site) metas.set(message.device, message);
    else if (!metas.delete(message.device)) return;
    composed = undefined;
    isChanged = true;
  };

  const powerMessage = ({ balance, soc, skewMs, quality }: Evaluation): Message<'site-power/1'> => ({
    topic: `sites/${site}/power`,
    schema: 'site-power/1',
    ts: isoTime(clock.now()),
    seq: ++sequences.power,
    boot,
    grid_w: round(balance.grid.w),
    solar_w: round(balance.solar.w),
    battery_w: round(balance.battery.w),
    generator_w: round(balance.generator.w),
    ev_w: round(balance.ev.w),
    heat_w: round(balance.heat.w),
    consumption_w: round(balance.consumption.w),
    balance_error_w: round(balance.errorW),
    soc: round(soc),
    flows: balance.flows && roundFlows(balance.flows),
    quality,
    skew_s: skewMs === null ? null : skewMs / 1000,
    basis: 'latest',
  });

  /** null where a source of this total has not told anything yet; no grid meter is unknown, not none. */
  const totalOf = (key: TotalKey): number | null => {
    const [term, direction] = key.split(' ') as [TermName, Direction];
    const contributing = composition().sources.filter((source) => source.term === term);
    if (term === 'grid' && contributing.length === 0) return null;
    if (contributing.some((source) => !energy.channel(source, direction).hasData)) return null;
    return round(totals.get(key) ?? 0, 3);
  };

  const energyMessage = ({ quality }: Evaluation): Message<'site-energy/1'> => {
    const named = Object.fromEntries(
      Object.keys(totalNames)
        .filter(isTotalKey)
        .map((key) => [totalNames[key], totalOf(key)]),
    ) as Record<TotalName, number | null>;
    const { sources, ac, hybrids } = composition();
    const isMeasured = (source: Source): boolean =>
      source.hybrid !== undefined ||
      (energy.channel(source, 'positive').hasData && energy.channel(source, 'negative').hasData);
    // As for power: without the grid, or behind an inverter nobody knows, nothing can be said of consumption.
    const isWhole = ac.grid.length > 0 && hybrids.every(({ inverters }) => inverters.length > 0);
    const isKnown = isWhole && sources.every(isMeasured);
    return {
      topic: `sites/${site}/energy`,
      schema: 'site-energy/1',
      ts: isoTime(clock.now()),
      seq: ++sequences.energy,
      boot,
      since,
      ...named,
      consumption_wh: isKnown ? round(highestConsumptionWh, 3) : null,
      coverage: elapsedMs === 0 ? 0 : Math.min(1, coveredMs / elapsedMs),
      quality: quality === 'good' ? 'good' : 'estimated',
    };
  };

  const statusMessage = ({ inputs, skewMs, quality }: Evaluation): Message<'site-status/1'> => {
    const counts = { good: 0, estimated: 0, stale: 0, invalid: 0 };
    const offenders: string[] = [];
    for (const [topic, own] of inputs) {
      counts[own]++;
      if (own !== 'good') offenders.push(topic);
    }
    return {
      topic: `sites/${site}/status`,
      schema: 'site-status/1',
      ts: isoTime(clock.now()),
      seq: sequences.status + 1,
      boot,
      quality,
      sources: { total: inputs.size, ...counts },
      offenders,
      skew_s: skewMs === null ? null : skewMs / 1000,
    };
  };

  const takeStatus = (evaluation: Evaluation, now: number): Message[] => {
    const message = statusMessage(evaluation);
    const text = JSON.stringify([message.quality, message.sources, message.offenders]);
    if (text === statusText && now - statusAt < statusEveryMs) return [];
    statusText = text;
    statusAt = now;
    sequences.status++;
    return [message];
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
      const messages: Message[] = takeStatus(current, at);
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
      totals: Object.fromEntries(totals),
      consumptionWh,
      highestConsumptionWh,
      coveredMs,
      elapsedMs,
      channels: energy.save(),
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
