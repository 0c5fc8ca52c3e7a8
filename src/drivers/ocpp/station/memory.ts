/** What was found out about a station, so that the next start need not try again. */
import { z } from 'zod';
import type { Ledger } from './store.ts';

/** How a station takes limits. */
export const limitFormSchema = z.object({
  purpose: z.enum(['tx_default', 'tx', 'station_max']),
  kind: z.enum(['absolute', 'relative']),
  stackLevel: z.number(),
  unit: z.enum(['A', 'W']),
  saysPhases: z.boolean(),
});
export type LimitForm = z.infer<typeof limitFormSchema>;

const factsSchema = z.object({
  boot: z
    .object({
      vendor: z.string(),
      model: z.string(),
      serial: z.string().optional(),
      firmware: z.string().optional(),
      meterSerial: z.string().optional(),
    })
    .optional(),
  /** EVSEs that showed themselves. */
  evses: z.array(z.number()).optional(),
  /** What the station said of itself when it was set up. */
  maxStackLevel: z.number().optional(),
  units: z.array(z.enum(['A', 'W'])).optional(),
  switchesPhases: z.boolean().optional(),
  /** 2.x, by EVSE: phases that it supplies. */
  supplyPhases: z.record(z.string(), z.number()).optional(),
  /** 2.1: profiles of kind Dynamic. */
  supportsDynamic: z.boolean().optional(),
  /** The firmware that refused one all the same. */
  refusedDynamic: z.string().optional(),
  /** Feature profiles of 1.6, lower case; absent: it did not say. */
  features: z.array(z.string()).optional(),
  limitForm: limitFormSchema.optional(),
  /** By EVSE: the profile it was limited with last. */
  limitIds: z.record(z.string(), z.number()).optional(),
  /** Foreign limits were cleared once. */
  isTakenOver: z.boolean().optional(),
  /** What this firmware was silent on. */
  silent: z.object({ firmware: z.string(), kinds: z.array(z.string()) }).optional(),
  /** Measurands as they were asked for, and what the station took of them. */
  measurands: z.object({ wanted: z.string(), taken: z.string() }).optional(),
  /** By EVSE: to how many phases it was switched, and when, ms. */
  phases: z.record(z.string(), z.object({ phases: z.number(), at: z.number() })).optional(),
  /** The list of tags in the station. */
  localList: z
    .object({
      version: z.number(),
      digest: z.string(),
      /** The firmware that takes none. */
      refused: z.string().optional(),
    })
    .optional(),
  /** 2.x: what a transaction begins with, and ends with (TxCtrlr.TxStartPoint, TxStopPoint). */
  beginsWith: z.string().optional(),
  endsWith: z.string().optional(),
});
export type Facts = z.infer<typeof factsSchema>;

export interface Memory {
  /** Replaced as a whole where something is new. */
  readonly facts: Facts;
  /** Takes up what is new; where it cannot be written, it is found out again after a restart. */
  note(facts: Partial<Facts>): void;
  /** It is another station: nothing that was found out about the one before holds, but for where its EVSEs are. */
  beginAnew(boot: NonNullable<Facts['boot']>): void;
}

/** Whether somebody has put another station in the place of the one before. */
export const isOtherStation = (before: Facts['boot'], now: NonNullable<Facts['boot']>): boolean => {
  if (!before) return false;
  if (before.serial !== undefined && now.serial !== undefined) return before.serial !== now.serial;
  return before.vendor !== now.vendor || before.model !== now.model;
};

const record = z.object({ facts: factsSchema });

export const createMemory = (ledger: Ledger): Memory => {
  const kept = ledger.records.flatMap((given) => record.safeParse(given).data?.facts ?? []);
  const keep = (facts: Facts): void => {
    if (JSON.stringify(facts) === JSON.stringify(memory.facts)) return;
    memory.facts = facts;
    ledger.append({ facts }, false);
  };
  const memory = {
    facts: kept.at(-1) ?? {},
    note: (more: Partial<Facts>) => keep({ ...memory.facts, ...more }),
    beginAnew({ ...boot }: NonNullable<Facts['boot']>) {
      const { evses } = memory.facts;
      keep({ boot, ...(evses && { evses }) });
    },
  };
  ledger.keep(() => [{ facts: memory.facts }]);
  return memory;
};
