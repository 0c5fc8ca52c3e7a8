/**
 * A site summed up: takes readings, meta and availability as they come, and says now and then what the whole does.
 * Time comes from the clock that is passed in; there is no I/O here.
 */
import { type Quality, worst } from '../model/common.ts';
import type { Event } from '../model/event.ts';
import type { Message } from '../model/message.ts';
import type { Meta } from '../model/meta.ts';
import type { Reading } from '../model/reading.ts';
import type { Flows } from '../model/site.ts';
import { type Clock, isoTime, parseTime } from '../model/time.ts';
import { type BalanceInputs, combineSoc, computeBalance, type HybridTerms, sum, type Term } from './balance.ts';
import type { CounterEvent } from './counters.ts';
import { type ChannelState, createEnergyMeter, type Direction } from './energy.ts';
import { type SocSource, type Source, socSourcesOf, sourcesOf, type TermName, topLevel } from './sources.ts';

export interface SiteOptions {
  site: string;
  boot: string;
  /** Power is published at most this often. */
  powerEveryMs?: number;
  energyEveryMs?: number;
  /** A source of the sun that is offline counts as 0, estimated. */
  offlineMeansZero?: boolean;
  /** A value may be used this long after it went stale, estimated. */
  graceMs?: number;
  /** Times further apart make the sum estimated. */
  skewLimitMs?: number;
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

interface Value {
  reading: Reading;
  ts: number;
}

interface Use {
  source: Source;
  kind: 'power' | Direction;
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
const missing: Term = { w: null, quality: 'invalid' };
const round = (w: number | null, digits = 1): number | null =>
  w === null ? null : Math.round(w * 10 ** digits) / 10 ** digits;

const roundFlows = (flows: Flows): Flows => {
  const rounded = { ...flows };
  for (const name of Object.keys(flows) as (keyof Flows & string)[]) rounded[name] = round(flows[name] as number) ?? 0;
  return rounded;
};

export const createSite = (options: SiteOptions, clock: Clock, sink: SiteSink, saved?: SiteSnapshot): Site => {
  const { site, boot, powerEveryMs = 1000, energyEveryMs = 10_000 } = options;
  const { offlineMeansZero = false, graceMs = 0, skewLimitMs = 30_000 } = options;
  const metas = new Map<string, Meta>();
  const offline = new Set<string>();
  const gatewaysOffline = new Set<string>();
  /** When each availability was stated, ms: a retained one may arrive after a newer live one. */
  const statedAt = new Map<string, number>();
  const values = new Map<string, Value>();
  let sources: Source[] = [];
  let socSources: SocSource[] = [];
  let uses = new Map<string, Use[]>();
  let wanted = new Set<string>();

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
  let eventCount = 0;
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

  const rebuild = (): void => {
    const all = [...metas.values()];
    sources = topLevel(all.flatMap(sourcesOf));
    socSources = all.flatMap(socSourcesOf);
    uses = new Map();
    const use = (topic: string | undefined, entry: Use): void => {
      if (topic !== undefined) uses.set(topic, [...(uses.get(topic) ?? []), entry]);
    };
    for (const source of sources) {
      use(source.power, { source, kind: 'power' });
      use(source.counters.positive, { source, kind: 'positive' });
      use(source.counters.negative, { source, kind: 'negative' });
    }
    wanted = new Set([
      ...uses.keys(),
      ...socSources.flatMap(({ topic, capacityTopic }) => [topic, capacityTopic ?? topic]),
    ]);
  };

  const event = (name: string, severity: Event['severity'], data: NonNullable<Event['data']>): void => {
    eventCount++;
    sink.events([
      {
        topic: `sites/${site}/event/${name}`,
        schema: 'event/1',
        id: `${boot}-${eventCount}`,
        name,
        severity,
        ts: isoTime(clock.now()),
        data,
      },
    ]);
  };

  const reportCounter = (topic: string, name: CounterEvent | undefined): void => {
    if (name) event(name, name === 'counter_recovered' ? 'info' : 'warning', { topic });
  };

  const takeReading = (message: Message<'reading/1'>): void => {
    const { topic } = message;
    if (!wanted.has(topic)) return;
    const ts = parseTime(message.ts);
    const before = values.get(topic);
    // Newer by time of measurement, then by sequence: copies and late ones change nothing.
    if (before && (ts < before.ts || (ts === before.ts && (message.seq ?? 0) <= (before.reading.seq ?? 0)))) return;
    values.set(topic, { reading: message, ts });
    isChanged = true;
    const { value, quality } = message;
    if (typeof value !== 'number' || quality === 'invalid' || quality === 'stale') return;
    for (const { source, kind } of uses.get(topic) ?? []) {
      if (kind === 'power') energy.takePower(source, { w: value, ts, receivedAt: clock.monotonic() });
      else reportCounter(topic, energy.takeCounter(source, kind, value, ts));
    }
  };

  const isOffline = (device: string): boolean => {
    const gateway = metas.get(device)?.gateway;
    return offline.has(device) || (gateway !== undefined && gatewaysOffline.has(gateway));
  };

  /** The value of a topic as it may be used now. */
  const current = (
    topic: string,
    device: string,
    maxAgeMs: number,
  ): { value: number | null; quality: Quality; ts?: number } => {
    const known = values.get(topic);
    if (!known || typeof known.reading.value !== 'number') return { value: null, quality: 'invalid' };
    const { ts, reading } = known;
    const { value } = known.reading;
    const age = clock.now() - ts;
    const isStale = reading.quality === 'stale' || age > maxAgeMs || isOffline(device);
    if (!isStale) return { value: value as number, quality: reading.quality, ts };
    return age <= maxAgeMs + graceMs && !isOffline(device)
      ? { value: value as number, quality: 'estimated', ts }
      : { value: null, quality: 'stale', ts };
  };

  const termOf = (source: Source, times: number[]): Term => {
    const { value, quality, ts } = current(source.power, source.device, source.maxAgeMs);
    if (value === null && source.term === 'solar' && offlineMeansZero && isOffline(source.device))
      return { w: 0, quality: 'estimated' };
    if (value !== null && ts !== undefined) times.push(ts);
    return { w: value, quality };
  };

  const evaluate = () => {
    const times: number[] = [];
    const terms = new Map<Source, Term>(sources.map((source) => [source, termOf(source, times)]));
    const of = (name: TermName, isWanted: (source: Source) => boolean = () => true): Term =>
      sum(
        sources
          .filter((source) => source.term === name && isWanted(source))
          .map((source) => terms.get(source) ?? missing),
      );
    const isAc = (source: Source): boolean => source.hybrid === undefined;
    const hybrids: HybridTerms[] = sources
      .filter(({ term }) => term === 'inverter')
      .map((inverter) => ({
        ac: terms.get(inverter) ?? missing,
        solarDc: of('solar', (source) => source.hybrid === inverter.device),
        batteryDc: of('battery', (source) => source.hybrid === inverter.device),
      }));
    const inputs: BalanceInputs = {
      // A site without a grid meter has an unknown exchange with the grid, not none.
      grid: sources.some(({ term }) => term === 'grid') ? of('grid') : missing,
      solarAc: of('solar', isAc),
      batteryAc: of('battery', isAc),
      generator: of('generator'),
      hybrids,
      ev: of('ev'),
      heat: of('heat'),
    };
    const balance = computeBalance(inputs);
    const soc = combineSoc(
      socSources.map(({ topic, device, maxAgeMs, capacityWh, capacityTopic }) => {
        const { value, quality } = current(topic, device, maxAgeMs);
        const capacity = capacityTopic ? values.get(capacityTopic)?.reading.value : undefined;
        return { soc: value, quality, capacityWh: typeof capacity === 'number' ? capacity : capacityWh };
      }),
    );
    const skewMs = times.length === 0 ? null : Math.max(...times) - Math.min(...times);
    let quality = worst(balance.consumption.quality, worst(balance.ev.quality, balance.heat.quality));
    if (skewMs !== null && skewMs > skewLimitMs) quality = worst(quality, 'estimated');
    return { balance, soc, skewMs, quality, terms };
  };

  type Evaluation = ReturnType<typeof evaluate>;

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
    soc: round(soc.soc),
    flows: balance.flows && roundFlows(balance.flows),
    quality,
    skew_s: skewMs === null ? null : skewMs / 1000,
    basis: 'latest',
  });

  /** null where a source of this total has not told anything yet. */
  const totalOf = (key: TotalKey): number | null => {
    const [term, direction] = key.split(' ') as [TermName, Direction];
    const contributing = sources.filter((source) => source.term === term);
    if (contributing.some((source) => !energy.channel(source, direction).hasData)) return null;
    return round(totals.get(key) ?? 0, 3);
  };

  const energyMessage = ({ quality }: Evaluation): Message<'site-energy/1'> => {
    const named = Object.fromEntries(
      Object.keys(totalNames)
        .filter(isTotalKey)
        .map((key) => [totalNames[key], totalOf(key)]),
    ) as Record<TotalName, number | null>;
    const isKnown = sources.every(
      (source) =>
        source.hybrid !== undefined ||
        (energy.channel(source, 'positive').hasData && energy.channel(source, 'negative').hasData),
    );
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

  const statusMessage = ({ terms, skewMs, quality }: Evaluation): Message<'site-status/1'> => {
    const counts = { good: 0, estimated: 0, stale: 0, invalid: 0 };
    const offenders: string[] = [];
    for (const [source, term] of terms) {
      counts[term.quality]++;
      if (term.quality !== 'good') offenders.push(source.power);
    }
    return {
      topic: `sites/${site}/status`,
      schema: 'site-status/1',
      ts: isoTime(clock.now()),
      seq: sequences.status + 1,
      boot,
      quality,
      sources: { total: terms.size, ...counts },
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
          if (message.site === site) metas.set(message.device, message);
          else if (!metas.delete(message.device)) return;
          rebuild();
          isChanged = true;
          break;
        case 'availability/1': {
          const [root, id, name] = message.topic.split('/');
          const isGateway = root === 'system' && id === 'status';
          const set = isGateway ? gatewaysOffline : offline;
          const key = isGateway ? name : id;
          if (key === undefined) return;
          // A last will carries no time: it was written before it was sent.
          const stated = message.ts === undefined ? undefined : parseTime(message.ts);
          if (stated !== undefined && stated < (statedAt.get(message.topic) ?? 0)) return;
          if (stated !== undefined) statedAt.set(message.topic, stated);
          if (message.state === 'offline') set.add(key);
          else set.delete(key);
          isChanged = true;
          break;
        }
        default:
          break;
      }
    },
    forget(device) {
      metas.delete(device);
      offline.delete(device);
      for (const topic of values.keys()) if (topic.startsWith(`devices/${device}/`)) values.delete(topic);
      rebuild();
      isChanged = true;
    },
    tick() {
      const now = clock.monotonic();
      if (now - startedAt < settleMs || sources.length === 0) {
        tickedAt = now;
        return;
      }
      const evaluation = evaluate();
      const passed = now - tickedAt;
      tickedAt = now;
      elapsedMs += passed;
      if (evaluation.balance.consumption.w !== null) coveredMs += passed;
      const messages: Message[] = takeStatus(evaluation, now);
      // A value that silently went old changes the sum as well.
      isChanged ||= messages.length > 0;
      if (isChanged && now - powerAt >= powerEveryMs) {
        isChanged = false;
        powerAt = now;
        messages.push(powerMessage(evaluation));
      }
      if (now - energyAt >= energyEveryMs) {
        energyAt = now;
        messages.push(energyMessage(evaluation));
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
    }),
    summary() {
      const { terms, quality } = evaluate();
      return {
        sources: terms.size,
        good: [...terms.values()].filter((term) => term.quality === 'good').length,
        quality,
      };
    },
  };
};
