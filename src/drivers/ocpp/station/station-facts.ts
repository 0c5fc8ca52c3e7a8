/** Facts found out about a station, kept so that the next start need not try again. */
import { z } from 'zod';
import type { StationRecords } from './station-records.ts';

/** How a station takes limits. */
const limitFormSchema = z.object({
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
  /** Variables of the station, as read when it was provisioned. */
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
  /** The charging profile with which each EVSE was limited last. */
  limitIds: z.record(z.string(), z.number()).optional(),
  /** The charging profile that went with the last start on each EVSE and may be in force, and when, ms since 1970. */
  startProfiles: z.record(z.string(), z.object({ id: z.number(), at: z.number() })).optional(),
  /** Foreign limits were cleared once. */
  isTakenOver: z.boolean().optional(),
  /** Calls that this firmware did not answer. */
  silent: z.object({ firmware: z.string(), kinds: z.array(z.string()) }).optional(),
  /** Measurands as they were asked for, and what the station took of them. */
  measurands: z.object({ wanted: z.string(), taken: z.string() }).optional(),
  /** The number of phases to which each EVSE was switched, and when, ms since 1970. */
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
export type StationFacts = z.infer<typeof factsSchema>;

const record = z.object({ facts: factsSchema });

/** The facts of one station, as its records keep them. */
export class FactStore {
  /** Replaced as a whole where something is new, by note and reset alone. */
  facts: StationFacts;
  private readonly records: StationRecords;

  constructor(records: StationRecords) {
    this.records = records;
    this.facts = records.loaded.flatMap((given) => record.safeParse(given).data?.facts ?? []).at(-1) ?? {};
    records.keep(() => [{ facts: this.facts }]);
  }

  /** Takes up what is new; where it cannot be written, it is found out again after a restart. */
  note(facts: Partial<StationFacts>): void {
    this.replace({ ...this.facts, ...facts });
  }

  /** Forgets the station before: nothing that was found out about the one before holds, but for where its EVSEs are. */
  reset({ ...boot }: NonNullable<StationFacts['boot']>): void {
    const { evses } = this.facts;
    this.replace({ boot, ...(evses && { evses }) });
  }

  private replace(facts: StationFacts): void {
    if (JSON.stringify(facts) === JSON.stringify(this.facts)) return;
    this.facts = facts;
    this.records.append({ facts }, false);
  }
}
