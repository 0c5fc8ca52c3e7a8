/** Snapshot of a site: what survives a restart, and the check of a file that brings it back. */
import { z } from 'zod';
import type { Result } from '../model/time.ts';
import { emptyHistory } from './alarms/balance-error.ts';
import { moveCounter } from './counters/counter-state.ts';
import { moveCombinedEnergy } from './energy/combined-energy.ts';
import { createDirectionalEnergyState } from './energy/directional-energy-state.ts';
import { moveSample } from './energy/power-series.ts';
import { quartersPerDay } from './power/night-detection.ts';

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
  check: check.default(() => createDirectionalEnergyState().check),
  account: account.default(() => createDirectionalEnergyState().account),
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

/** Times are ms since 1970. Fields with defaults are missing in files of earlier versions. */
const saved = z.object({
  version: z.literal(1),
  since: z.iso.datetime(),
  savedAt: z.number().exactOptional(),
  elapsedMs: z.number().min(0),
  /** Covered time of all energies together, ms, as earlier versions saved it. */
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
  /** Largest powers that were shown, by topic, W. */
  highPowers: z.record(z.string(), z.number().min(0)).default({}),
  /** Lead of the clocks that are off, by device, ms. */
  clocks: z.record(z.string(), z.number()).default({}),
});

const snapshot = saved.transform(({ coveredMs = 0, channels, ...rest }) => ({
  ...rest,
  channels: entries(channels, (each) => ({ ...each, coveredMs: each.coveredMs ?? (each.hasData ? coveredMs : 0) })),
}));
/** A site as it is saved. */
export type SiteSnapshot = z.infer<typeof snapshot>;

/**
 * Reads a snapshot.
 * @param json a file of any version, perhaps damaged
 * @returns the reason where it cannot be read, so that the totals begin anew
 */
export const readSnapshot = (json: unknown): Result<SiteSnapshot> => {
  const parsed = snapshot.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, reason: `the saved totals cannot be read: ${issue?.path.join('.')}: ${issue?.message}` };
};

/**
 * Moves the times of a snapshot to monotonic ms of this run.
 * @param now wall clock, ms since 1970; a clock that is behind the file was not set yet and is not believed
 */
export const moveSnapshot = (before: SiteSnapshot, now: number, monotonic: number): SiteSnapshot => {
  const ms = monotonic - Math.max(now, before.savedAt ?? now);
  return {
    ...before,
    ...(before.savedAt !== undefined && { savedAt: before.savedAt + ms }),
    ...(before.consumption && { consumption: moveCombinedEnergy(before.consumption, ms) }),
    groups: entries(before.groups, (each) => moveCombinedEnergy(each, ms)),
    channels: entries(before.channels, (each) => ({ ...each, counter: moveCounter(each.counter, ms) })),
    powers: entries(before.powers, (each) => moveSample(each, ms)),
  };
};
