/** What of a site survives a restart, and the check of what a file brings back. */
import { z } from 'zod';
import type { Result } from '../model/time.ts';
import { emptyHistory } from './balance-watch.ts';
import { createChannel } from './channel.ts';
import { moveCounter } from './counters.ts';
import { moveSettlement } from './energy-totals.ts';
import { quartersPerDay } from './night.ts';
import { moveSample } from './power-series.ts';

const sample = z.object({ wh: z.number(), ts: z.number() });

const counter = z.object({
  last: sample.exactOptional(),
  shownWh: z.number().min(0).exactOptional(),
  roseAt: z.number().exactOptional(),
  earlier: z.array(sample).max(2).default([]),
  candidate: z
    .object({
      first: sample,
      zeroAt: z.number().exactOptional(),
      latest: sample,
      count: z.int().min(1),
      fastestW: z.number().min(0),
    })
    .exactOptional(),
  provenW: z.number().min(0).exactOptional(),
  doubt: z.object({ since: z.number(), isReported: z.boolean() }).exactOptional(),
});

const comparison = z.object({ countedWh: z.number(), integratedWh: z.number(), rises: z.number() });

const check = z.object({
  whole: comparison,
  recent: comparison,
  pending: z.object({
    countedWh: z.number(),
    ms: z.number().default(0),
    energyWh: z.number(),
    integratedWh: z.number(),
    flowMs: z.number(),
    coveredMs: z.number(),
    hasGap: z.boolean(),
  }),
  still: z.object({
    integratedWh: z.number(),
    flowMs: z.number(),
    readings: z.number(),
    longestFlowMs: z.number(),
  }),
  stepWh: z.number().exactOptional(),
  trust: z.enum(['trusted', 'suspected', 'doubted']),
  doubt: z.object({ reason: z.enum(['unit', 'stands_still', 'ratio']), ratio: z.number() }).exactOptional(),
});

const account = z.object({
  countedWh: z.number(),
  integratedWh: z.number(),
  aloneWh: z.number(),
  seenWh: z.number().default(0),
  bookedWh: z.number(),
});

const channel = z.object({
  counter,
  usesCounter: z.boolean(),
  hasData: z.boolean(),
  check: check.default(() => createChannel().check),
  account: account.default(() => createChannel().account),
  startedMs: z.number().default(0),
  coveredMs: z.number().exactOptional(),
  estimatedMs: z.number().default(0),
});

const settlement = z.object({
  settled: z.object({ at: z.number(), startedMs: z.number() }).exactOptional(),
  pendingWh: z.number(),
  coveredMs: z.number(),
});

const quarterDays = z.array(z.number()).length(quartersPerDay);

const entries = <A, B>(record: Record<string, A>, move: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, move(value)]));

/** Times are ms since 1970. Earlier versions did not save all of it. */
const saved = z.object({
  version: z.literal(1),
  since: z.iso.datetime(),
  savedAt: z.number().exactOptional(),
  elapsedMs: z.number().min(0),
  /** Earlier versions knew one for all energies. */
  coveredMs: z.number().min(0).exactOptional(),
  totals: z.record(z.string(), z.number()),
  highest: z.record(z.string(), z.number().min(0)).exactOptional(),
  consumptionWh: z.number(),
  highestConsumptionWh: z.number().min(0),
  consumption: settlement.exactOptional(),
  groups: z.record(z.string(), settlement).default({}),
  channels: z.record(z.string(), channel),
  powers: z
    .record(z.string(), z.object({ w: z.number(), at: z.number(), until: z.number().exactOptional() }))
    .default({}),
  balance: z.object({ errorWh: z.number().min(0), consumptionWh: z.number().min(0) }).default(emptyHistory),
  days: z
    .record(
      z.string(),
      z.object({
        lit: quarterDays,
        known: quarterDays,
        passing: z.object({ day: z.number(), quarter: z.number() }).exactOptional(),
      }),
    )
    .default({}),
  /** Largest powers shown, by topic, W. */
  highPowers: z.record(z.string(), z.number().min(0)).default({}),
  /** How far the clocks of devices are ahead, ms. */
  clocks: z.record(z.string(), z.number()).default({}),
});

const snapshot = saved.transform(({ coveredMs = 0, channels, ...rest }) => ({
  ...rest,
  channels: entries(channels, (each) => ({ ...each, coveredMs: each.coveredMs ?? (each.hasData ? coveredMs : 0) })),
}));
export type SiteSnapshot = z.infer<typeof snapshot>;

/** @param json as it was saved, perhaps by another version, perhaps damaged */
export const readSnapshot = (json: unknown): Result<SiteSnapshot> => {
  const parsed = snapshot.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, reason: `the saved totals cannot be read: ${issue?.path.join('.')}: ${issue?.message}` };
};

/**
 * The same in times of this run: those of a file are not those of a run.
 * @param now ms since 1970; a clock that was not set yet when this run began is not believed against the file
 */
export const moveSnapshot = (before: SiteSnapshot, now: number, monotonic: number): SiteSnapshot => {
  const ms = monotonic - Math.max(now, before.savedAt ?? now);
  return {
    ...before,
    ...(before.savedAt !== undefined && { savedAt: before.savedAt + ms }),
    ...(before.consumption && { consumption: moveSettlement(before.consumption, ms) }),
    groups: entries(before.groups, (each) => moveSettlement(each, ms)),
    channels: entries(before.channels, (each) => ({ ...each, counter: moveCounter(each.counter, ms) })),
    powers: entries(before.powers, (each) => moveSample(each, ms)),
  };
};
