/** command/1, response/1 and setpoint/1: the way back to a device. Strict: a typo in a safety parameter is an error. */
import { z } from 'zod';
import { finite, instant, shortText, word } from './common.ts';
import { commandFields } from './limits.ts';

export const longestId = 64;
const commandId = z.string().min(1).max(longestId);
/** The longest text of a parameter: signingCertificate of OCPP 2.0.1 part 2, FirmwareType. */
const setting = z.string().max(5500);
const params = z.record(
  word,
  z.union([finite, z.boolean(), setting, z.array(z.record(word, z.union([finite, setting]))).max(1000)]),
);
export type Params = z.infer<typeof params>;

/** For commands that do not say it: ttl and lease in seconds, and the priority of a controller. */
export const commandDefaults = {
  ttlS: commandFields.ttl.default,
  leaseS: commandFields.lease.default,
  priority: commandFields.priority.default,
} as const;
/** Bands that only trusted requesters may claim: grid operator and local safety. */
export const reservedPriority = 90;

export const commandSchema = z.strictObject({
  schema: z.literal('command/1'),
  id: commandId,
  ts: instant,
  params,
  /** How long the message is worth acting upon, s. */
  ttl_s: z.number().positive().max(commandFields.ttl.max),
  /** How long the effect lasts, s. */
  lease_s: z.number().positive().max(commandFields.lease.max).optional(),
  priority: z.int().min(commandFields.priority.min).max(commandFields.priority.max).optional(),
  requester: shortText,
  reply_to: shortText.optional(),
  on_range: z.enum(['reject', 'clamp']).optional(),
  bind_to_session: z.boolean().optional(),
});
export type Command = z.infer<typeof commandSchema>;

export const outcomes = ['completed', 'rejected', 'failed', 'expired', 'superseded'] as const;

export const codes = [
  'SCHEMA',
  'UNKNOWN_COMMAND',
  'UNSUPPORTED',
  'OUT_OF_RANGE',
  'EXPIRED',
  'DUPLICATE',
  'UNAUTHORIZED',
  'PRIORITY_LOWER',
  'INTERLOCK',
  'DEVICE_OFFLINE',
  'DEVICE_REJECTED',
  'TIMEOUT',
  'READBACK_MISMATCH',
  'RETAINED',
  'INTERNAL',
] as const;

/** The proof that the device obeys: it holds the value, or its measured values have followed. */
const proofs = ['register', 'effect'] as const;
export type Proof = (typeof proofs)[number];

export type Outcome = (typeof outcomes)[number];
export type Code = (typeof codes)[number];

export const responseSchema = z.looseObject({
  schema: z.literal('response/1'),
  id: commandId,
  command: word,
  /** accepted, then exactly one outcome of the write per id. */
  status: z.enum(['accepted', ...outcomes]),
  ts: instant,
  code: z.enum(codes).optional(),
  message: z.string().max(1024).optional(),
  applied: params.optional(),
  clamped: z.boolean().optional(),
  /** The outcome was proved by a value of the device. */
  verified: z.boolean().optional(),
  by: z.enum(proofs).optional(),
  /** Reason why nothing proved the outcome. */
  reason: word.optional(),
  lease_until: instant.optional(),
});
export type Response = z.infer<typeof responseSchema>;

const heldSetpoint = z.looseObject({
  schema: z.literal('setpoint/1'),
  command: word,
  params: params.optional(),
  /** The order in force, within the limits of all others. */
  applied: params.optional(),
  owner: shortText,
  priority: z.int().min(commandFields.priority.min).max(commandFields.priority.max).optional(),
  id: commandId.optional(),
  from: instant,
  until: instant.optional(),
  /** Whether the device follows the order; false: it has not within its latency. Absent: no value shows it. */
  reached: z.boolean().optional(),
  reached_at: instant.optional(),
  /** Why something else is in force: "station_limit". */
  reason: word.optional(),
  source: z.enum(['command', 'device_fallback', 'manual']),
  ended: z.literal(false).optional(),
});

/** On the broker an ended setpoint is a topic without a message; between nodes somebody has to say it. */
const endedSetpoint = z.looseObject({ schema: z.literal('setpoint/1'), ended: z.literal(true) });

export const setpointSchema = z.union([endedSetpoint, heldSetpoint]);
/** @returns whether a setpoint says that the one before it is over */
export const isEnded = (setpoint: Setpoint): setpoint is z.infer<typeof endedSetpoint> => setpoint.ended === true;
export type Setpoint = z.infer<typeof setpointSchema>;
