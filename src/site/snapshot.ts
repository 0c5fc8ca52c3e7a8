/** What of a site survives a restart, and the check of what a file brings back. */
import { z } from 'zod';
import type { Result } from '../model/time.ts';
import { emptyHistory } from './balance-watch.ts';
import type { SiteSnapshot } from './site.ts';

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

const channel = z.object({
  counter,
  usesCounter: z.boolean(),
  hasData: z.boolean(),
});

const snapshot = z.object({
  version: z.literal(1),
  since: z.iso.datetime(),
  totals: z.record(z.string(), z.number().min(0)),
  consumptionWh: z.number(),
  highestConsumptionWh: z.number().min(0),
  coveredMs: z.number().min(0),
  elapsedMs: z.number().min(0),
  channels: z.record(z.string(), channel),
  balance: z.object({ errorWh: z.number().min(0), consumptionWh: z.number().min(0) }).default(emptyHistory),
});

/** @param json as it was saved, perhaps by another version, perhaps damaged */
export const readSnapshot = (json: unknown): Result<SiteSnapshot> => {
  const parsed = snapshot.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, reason: `the saved totals cannot be read: ${issue?.path.join('.')}: ${issue?.message}` };
};
