/** What of a site survives a restart, and the check of what a file brings back. */
import { z } from 'zod';
import type { Result } from '../model/time.ts';
import { emptyHistory } from './balance-watch.ts';
import { createChannel } from './channel.ts';
import { moveCounter } from './counters.ts';
import { moveSettlement } from './energy-totals.ts';
import { quartersPerDay } from './night.ts';

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
  bookedWh: z.number(),
});

const channel = z.object({
  counter,
  usesCounter: z.boolean(),
  hasData: z.boolean(),
  check: check.default(() => createChannel().check),
  account: account.default(() => createChannel().account),
  startedMs: z.number().default(0),
  coveredMs: z.number().default(0),
  estimatedMs: z.number().default(0),
});

const settlement = z.object({
  settled: z.object({ at: z.number(), startedMs: z.number() }).exactOptional(),
  pendingWh: z.number(),
  coveredMs: z.number(),
});

const quarterDays = z.array(z.number()).length(quartersPerDay);

/** Times are ms since 1970. Earlier versions did not save all of it. */
const snapshot = z.object({
  version: z.literal(1),
  since: z.iso.datetime(),
  savedAt: z.number().exactOptional(),
  elapsedMs: z.number().min(0),
  totals: z.record(z.string(), z.number()),
  highest: z.record(z.string(), z.number().min(0)).exactOptional(),
  consumptionWh: z.number(),
  highestConsumptionWh: z.number().min(0),
  consumption: settlement.exactOptional(),
  groups: z.record(z.string(), settlement).default({}),
  channels: z.record(z.string(), channel),
  powers: z.record(z.string(), z.object({ w: z.number(), at: z.number() })).default({}),
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
});
export type SiteSnapshot = z.infer<typeof snapshot>;

/** @param json as it was saved, perhaps by another version, perhaps damaged */
export const readSnapshot = (json: unknown): Result<SiteSnapshot> => {
  const parsed = snapshot.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, reason: `the saved totals cannot be read: ${issue?.path.join('.')}: ${issue?.message}` };
};

/** @param ms added to its times: those of a file are not those of a run */
export const moveSnapshot = (saved: SiteSnapshot, ms: number): SiteSnapshot => {
  const entries = <T>(record: Record<string, T>, move: (value: T) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, move(value)]));
  return {
    ...saved,
    ...(saved.savedAt !== undefined && { savedAt: saved.savedAt + ms }),
    ...(saved.consumption && { consumption: moveSettlement(saved.consumption, ms) }),
    groups: entries(saved.groups, (each) => moveSettlement(each, ms)),
    channels: entries(saved.channels, (each) => ({ ...each, counter: moveCounter(each.counter, ms) })),
    powers: entries(saved.powers, (each) => ({ ...each, at: each.at + ms })),
  };
};
