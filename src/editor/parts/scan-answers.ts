/** Answers of the runtime to the scan of a form: its state, the devices it found, and previews of their values. */
import * as z from 'zod/mini';
import { get, post } from '../request.ts';

const optionalText = z.optional(z.string());

const note = z.object({
  code: z.string(),
  params: z.optional(z.record(z.string(), z.unknown())),
  host: optionalText,
});
/** Something that a scan has noticed, by its code. */
export type ScanNote = z.infer<typeof note>;

const foundDevice = z.object({
  kind: z.enum(['sunspec', 'profile', 'ambiguous', 'unknown']),
  /** Absent: behind the connection of the form. */
  host: optionalText,
  port: z.optional(z.number()),
  unit: z.number(),
  otherUnits: z.array(z.number()),
  maker: optionalText,
  model: optionalText,
  serial: optionalText,
  version: optionalText,
  brand: optionalText,
  models: z.array(z.object({ id: z.number(), name: optionalText })),
  profiles: z.array(z.object({ id: z.string(), title: z.string() })),
  isNamed: z.boolean(),
  components: z.array(z.string()),
  signs: z.array(z.string()),
  notes: z.array(note),
  reason: optionalText,
  hasPreview: z.boolean(),
});
/** A device that a scan found. */
export type FoundDevice = z.infer<typeof foundDevice>;

const progress = z.object({
  step: z.enum(['addresses', 'units', 'models', 'profiles']),
  done: z.number(),
  total: z.number(),
  unit: z.optional(z.number()),
  host: optionalText,
});
/** The step that a scan is at. */
export type ScanProgress = z.infer<typeof progress>;

const begun = z.object({ id: optionalText, refused: optionalText });

const state = z.object({
  isOver: z.optional(z.boolean()),
  isDone: z.optional(z.boolean()),
  isStopped: z.optional(z.boolean()),
  isNobodyThere: z.optional(z.boolean()),
  failure: optionalText,
  progress: z.optional(progress),
  devices: z.optional(z.array(foundDevice)),
  notes: z.optional(z.array(note)),
});
/** The state of a scan. isOver: the runtime does not know it any more. */
export type ScanState = z.infer<typeof state>;

const previewValue = z.object({
  path: z.string(),
  value: z.nullable(z.union([z.number(), z.string(), z.boolean()])),
  unit: optionalText,
  reason: optionalText,
  /** "40084: 0e10 (10^-1)" */
  raw: optionalText,
  at: z.number(),
});
/** A value of a device that has no node yet. */
export type PreviewValue = z.infer<typeof previewValue>;

const preview = z.object({
  isOver: z.optional(z.boolean()),
  values: z.optional(z.array(previewValue)),
  errors: z.optional(z.array(z.string())),
});

const path = 'ems/modbus/scan';
const nothing = z.object({});

/** Requests of a scan. None of them throws. */
export const scanRequests = {
  begin: (body: Record<string, unknown>) => post(path, body, begun),
  state: (id: string) => get(`${path}/${id}`, state),
  preview: (id: string, n: number) => post(`${path}/${id}/preview/${n}`, {}, preview),
  stop: (id: string) => post(`${path}/${id}/stop`, {}, nothing),
  end: (id: string) => post(`${path}/${id}/end`, {}, nothing),
};
