/** What a device can be told: actuators with their commands, limits and safe states, in registers of the profile. */
import { z } from 'zod';
import { expressionPattern } from './expression.ts';
import { condition, name } from './profile-point.ts';

export const word = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, 'a word is lower snake_case');
/**
 * A value to write: a number; a product like "-$power_w" or "100 * $power_w / @battery.voltage", where $ names a
 * parameter of the command, a limit or a setting, and @ a point that is read; or a word of the command by a table.
 */
const product = z.string().regex(expressionPattern, 'a value is a product of numbers, $parameters and @points');
const expression = z.union(
  [z.number(), product, z.strictObject({ param: word, map: z.record(z.string(), z.union([z.number(), product])) })],
  { error: 'a value is a number, a product like "-1 * $power_w", or { "param": ..., "map": { ... } }' },
);
export type Expression = z.infer<typeof expression>;

const step = z.union(
  [
    z.strictObject({
      point: name,
      value: expression,
      /** Only where this optional parameter was given. */
      ifGiven: word.optional(),
    }),
    z.strictObject({ waitMs: z.int().positive() }),
  ],
  { error: 'a step is { "point": ..., "value": ... } or { "waitMs": ... }' },
);
export type Step = z.infer<typeof step>;

/** What has to be seen where the written registers cannot be read back, or do not show whether the device obeys. */
const effect = z.strictObject({
  point: name,
  value: expression,
  /** Largest distance that counts as reached, in the unit of the point. */
  tolerance: z.number().positive(),
  withinMs: z.int().positive(),
  /** Why the effect may fail to show although the device obeys: a full battery, no car. */
  unless: z.array(z.strictObject({ ...condition, reason: word })).optional(),
});
export type Effect = z.infer<typeof effect>;

/** What a parameter of a command may be on this device. */
const range = z.strictObject({
  min: expression.optional(),
  max: expression.optional(),
  step: z.number().positive().optional(),
  /** 0 is allowed below min. */
  zero: z.boolean().optional(),
  choices: z.array(z.string()).optional(),
  /** For a parameter that is left out. */
  default: z.union([expression, word]).optional(),
  /** The limit that bounds it. */
  limitedBy: word.optional(),
});
export type RangeSource = z.infer<typeof range>;

const action = z.strictObject({
  params: z.record(word, range).optional(),
  steps: z.array(step).min(1),
  /** Registers that show it, where they are not those written: read-back of a write-only register. */
  effect: effect.optional(),
  requires: z.array(z.strictObject({ ...condition, why: z.string() })).optional(),
  note: z.string().optional(),
});
export type Action = z.infer<typeof action>;

const limit = z.strictObject({
  params: z.record(word, range),
  /** Its value while nobody limits; absent: its largest. */
  unlimited: expression.optional(),
});

const watchdog = z.strictObject({
  /**
   * rewrite: what is in force is written again. write: a token is written. read: reading is enough, so the polls do it.
   */
  kind: z.enum(['rewrite', 'write', 'read']),
  point: name.optional(),
  value: expression.optional(),
  /** The device falls back after this long, s; it is fed twice as often. */
  timeoutS: expression.optional(),
  periodMs: z.int().positive().optional(),
  note: z.string().optional(),
});
export type Watchdog = z.infer<typeof watchdog>;

/** One thing that can be steered: setpoints compete for it, limits bound it, and it has a safe state. */
export const actuator = z.strictObject({
  component: z.string().regex(/^[a-z][a-z0-9_]*(\/([1-9][0-9]*|\{i\}))?$/),
  setpoints: z.record(word, action).optional(),
  limits: z.record(word, limit).optional(),
  /** What nobody holds is in; also in force while there are only limits. */
  fallback: z.strictObject({
    steps: z.array(step).min(1),
    /** The safe state in the words of the model: { "mode": "auto" }, { "current_a": "$failsafe_current_a" }. */
    means: z.record(word, z.union([expression, z.string(), z.boolean()])),
    effect: effect.optional(),
    /** The safe state as a command of its own, where it holds the device to something. */
    verb: word.optional(),
  }),
  /** Written once before the first command: timeouts, permissions. */
  setup: z.array(step).optional(),
  watchdog: z.array(watchdog).optional(),
  /** Shortest time between two different values, ms. */
  minWriteIntervalMs: z.int().positive().optional(),
  /** Until a written register shows its value, ms. */
  settleMs: z.int().positive().optional(),
  /** Until the device begins to follow, ms; only where it is known. */
  latencyMs: z.int().positive().optional(),
  /** How fast it follows then, ms: after three of them it is there. Only where it is known. */
  timeConstantMs: z.int().positive().optional(),
});
export type ActuatorSource = z.infer<typeof actuator>;

/** Kept by the device without a lease. */
export const setup = z.strictObject({ component: actuator.shape.component, ...action.shape });

export const setting = z.strictObject({
  title: z.string(),
  unit: z.string(),
  /** Read from the device, where nobody entered it. */
  point: name.optional(),
  default: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  note: z.string().optional(),
});
