/** The schema of the controls of a device: actuators with their commands, limits and safe states, written to points. */
import { z } from 'zod';
import { expressionPattern } from './expression.ts';
import { conditionShape, pointName } from './point-schema.ts';

/** A name in commands: verbs, parameters, settings, reasons. */
export const wordSchema = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, 'a word is lower snake_case');
/**
 * A value to write: a number; a product like "-$power_w" or "100 * $power_w / @battery.voltage", where $ names a
 * parameter of the command, a limit or a setting, and @ a point that is read, or found@ a point as it was before our own
 * writes; the least or greatest of such, "min($revert_s, $lease_s)"; or a word of the command by a table.
 */
const product = z
  .string()
  .regex(expressionPattern, 'a value is a product of numbers, $parameters and @points, or the min or max of several');
const expressionSchema = z.union(
  [
    z.number(),
    product,
    z.strictObject({ param: wordSchema, map: z.record(z.string(), z.union([z.number(), product])) }),
  ],
  { error: 'a value is a number, a product like "-1 * $power_w", or { "param": ..., "map": { ... } }' },
);

const writeSchema = z.strictObject({
  point: pointName,
  value: expressionSchema,
  /** The step is taken only if this optional parameter was given. */
  ifGiven: wordSchema.optional(),
});

const stepSchema = z.union(
  [
    writeSchema,
    z.strictObject({ waitMs: z.int().positive() }),
    /** Written in one request where the registers are neighbours and the device takes it; otherwise in this order. */
    z.strictObject({ together: z.array(writeSchema).min(2) }),
  ],
  { error: 'a step is { "point": ..., "value": ... }, { "together": [ ... ] } or { "waitMs": ... }' },
);
/** One step of a command: a point to write, several that are written together, or a pause. */
export type Step = z.infer<typeof stepSchema>;

/** The effect to look for, if the written registers cannot be read back or do not show whether the device obeys. */
const effectSchema = z.strictObject({
  point: pointName,
  value: expressionSchema,
  /** Largest distance that counts as reached, in the unit of the point. */
  tolerance: z.number().positive(),
  withinMs: z.int().positive(),
  /** Conditions under which the effect may fail to show although the device obeys: a full battery, no car. */
  unless: z.array(z.strictObject({ ...conditionShape, reason: wordSchema })).optional(),
});
/** The effect that proves a command. */
export type Effect = z.infer<typeof effectSchema>;

/** The range of a parameter of a command on this device. */
const rangeSchema = z.strictObject({
  min: expressionSchema.optional(),
  max: expressionSchema.optional(),
  step: z.number().positive().optional(),
  /** 0 is allowed below min. */
  zero: z.boolean().optional(),
  choices: z.array(z.string()).optional(),
  /** The value of a parameter that is left out. */
  default: z.union([expressionSchema, wordSchema]).optional(),
  /** The limit that bounds this parameter. */
  limitedBy: wordSchema.optional(),
});
/** A parameter's range as the profile gives it; its bounds may be expressions. */
export type RangeSource = z.infer<typeof rangeSchema>;

const actionSchema = z.strictObject({
  params: z.record(wordSchema, rangeSchema).optional(),
  steps: z.array(stepSchema).min(1),
  /** Another register that proves the command, for write-only registers and for setpoints that take time. */
  effect: effectSchema.optional(),
  requires: z.array(z.strictObject({ ...conditionShape, why: z.string() })).optional(),
  note: z.string().optional(),
});
/** A command as the profile gives it. */
export type Action = z.infer<typeof actionSchema>;

const limitSchema = z.strictObject({
  params: z.record(wordSchema, rangeSchema),
  /** The value while nobody limits; absent: the largest one allowed. */
  unlimited: expressionSchema.optional(),
});

/** What others may have set in the same registers, and what becomes of it while an order of ours is in force. */
const foreignSchema = z.strictObject({
  /** Points that are remembered before the first write, and written back in this order once nobody holds the actuator. */
  keep: z.array(pointName).min(1),
  /** Points among them that put the others into force. */
  switches: z.array(pointName).optional(),
  /** Limits that others have set, by verb and in the unit of the limit, in force while the condition holds. */
  limits: z
    .record(wordSchema, z.strictObject({ value: expressionSchema, while: z.strictObject(conditionShape) }))
    .optional(),
  /** While one of these holds of what was found, no order of ours is carried out, or none with these verbs. */
  yields: z
    .strictObject({
      any: z.array(z.strictObject(conditionShape)).min(1),
      verbs: z.array(wordSchema).min(1).optional(),
      why: z.string(),
    })
    .optional(),
  /** Points among them after whose seconds the device drops what was written; 0: never. */
  timers: z.array(pointName).min(1).optional(),
  /** What else the registers may hold once a timer of ours has run out, by point. */
  expired: z.record(pointName, expressionSchema).optional(),
});
/** The part of others in an actuator, as the profile gives it. */
export type ForeignSource = z.infer<typeof foreignSchema>;

const watchdogSchema = z.strictObject({
  /**
   * rewrite: the order in force is written again. write: a token is written. count: a number is written that goes up
   * by one each time. read: the polls are enough.
   */
  kind: z.enum(['rewrite', 'write', 'count', 'read']),
  point: pointName.optional(),
  value: expressionSchema.optional(),
  /** The device falls back after this long, s; the watchdog is fed twice in that time. 0: it needs no feeding. */
  timeoutS: expressionSchema.optional(),
  periodMs: z.int().positive().optional(),
  note: z.string().optional(),
});
/** A timer in the device after which it falls back to its own ways. */
export type Watchdog = z.infer<typeof watchdogSchema>;

/** One thing that can be controlled: setpoints compete for it, limits bound it, and it has a safe state. */
export const actuatorSchema = z.strictObject({
  component: z.string().regex(/^[a-z][a-z0-9_]*(\/([1-9][0-9]*|\{i\}))?$/),
  setpoints: z.record(wordSchema, actionSchema).optional(),
  limits: z.record(wordSchema, limitSchema).optional(),
  /** The safe state, in force while nobody holds the actuator; also while there are only limits. */
  fallback: z.strictObject({
    /** Absent: what others have set is the safe state. */
    steps: z.array(stepSchema).min(1).optional(),
    /** The safe state in the words of the model: { "mode": "auto" }, { "current_a": "$failsafe_current_a" }. */
    means: z.record(wordSchema, z.union([expressionSchema, z.string(), z.boolean()])),
    effect: effectSchema.optional(),
    /** The safe state as a command of its own, if it holds the device to something. */
    verb: wordSchema.optional(),
  }),
  /** Registers that others set as well: their words come back, and the stricter limit of both applies. */
  foreign: foreignSchema.optional(),
  /** What to switch on at a device that accepts a command and does not follow, or refuses it. */
  advice: z.string().optional(),
  /** Written once before the first command: timeouts, permissions. */
  setup: z.array(stepSchema).optional(),
  watchdog: z.array(watchdogSchema).optional(),
  /** Shortest time between two different values, ms. */
  minWriteIntervalMs: z.int().positive().optional(),
  /** Time until a written register shows its value, ms. */
  settleMs: z.int().positive().optional(),
  /** Time until the device begins to follow a setpoint, ms; absent: not known. */
  latencyMs: z.int().positive().optional(),
  /** Time constant with which the device then follows, ms: after three of them the setpoint is reached. */
  timeConstantMs: z.int().positive().optional(),
});
/** An actuator as the profile gives it. */
export type ActuatorSource = z.infer<typeof actuatorSchema>;

/** A config command, which the device keeps without a lease. */
export const configCommandSchema = z.strictObject({
  component: actuatorSchema.shape.component,
  ...actionSchema.shape,
});
/** A config command as the profile gives it. */
export type ConfigCommandSource = z.infer<typeof configCommandSchema>;

/** A number that commands need and the integrator may enter. */
export const settingSchema = z.strictObject({
  title: z.string(),
  unit: z.string(),
  /** The point that the device tells the number by, used if nobody entered it. */
  point: pointName.optional(),
  default: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  note: z.string().optional(),
});
