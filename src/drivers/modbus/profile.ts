/**
 * Device profiles: what a device family keeps in which register, as data. One JSON file per family in profiles/,
 * or an integrator's own in the user directory or inline; profile-1.json is this schema for editors.
 */
import { z } from 'zod';
import { roles } from '../../model/meta.ts';
import { expressionPattern } from './expression.ts';
import { type Checked, mistakesOf, refuse } from './mistakes.ts';

const name = z.string().regex(/^[a-z][a-z0-9_.]{0,63}$/, 'a point name is lower case with dots: power.l1');
const address = z.int().min(0).max(65535);
const hex = z.string().regex(/^0x[0-9a-fA-F]{1,16}$/, 'a raw pattern is written 0x80000000');
const order = z.enum(['big', 'little']);

export const pointTypes = [
  'bool',
  'u8h',
  'u8l',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
  'bcd16',
  'bcd32',
  'string',
  'bytes',
  'datetime',
  'sunspec',
] as const;
export type PointType = (typeof pointTypes)[number];

/** Registers a value of each type takes; strings and bytes say it themselves by len. */
export const wordsOf: Record<Exclude<PointType, 'string' | 'bytes' | 'sunspec'>, number> = {
  bool: 1,
  u8h: 1,
  u8l: 1,
  int16: 1,
  uint16: 1,
  float16: 1,
  bcd16: 1,
  int32: 2,
  uint32: 2,
  float32: 2,
  bcd32: 2,
  datetime: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
};

const identityFields = ['vendor', 'model', 'serial', 'firmware', 'rated_power_w', 'usable_energy_wh'] as const;
export type IdentityField = (typeof identityFields)[number];

const point = z.strictObject({
  name,
  /** Quantity of the model this point is: "battery/soc", "meter/power/l1", "ev_charger/{i}/status". */
  quantity: z.string().optional(),
  /** What it tells about the device itself; goes into meta. */
  identity: z.enum(identityFields).optional(),
  table: z.enum(['holding', 'input', 'coil', 'discrete']).optional(),
  /** Address on the wire (0-based), a list of words that do not lie together, or "model:point" for SunSpec. */
  addr: z
    .union([address, z.array(address).min(1).max(4), z.string()], {
      error: 'an address is a number from 0 to 65535, a list of up to 4 of them, or "model:point" for SunSpec',
    })
    .optional(),
  type: z.enum(pointTypes).optional(),
  /** The sum of other points instead of a register of its own; "-name" subtracts. */
  sum: z
    .array(z.string().regex(/^-?[a-z][a-z0-9_.]*$/))
    .min(1)
    .optional(),
  /** Registers of a string or of bytes. */
  len: z.int().min(1).max(125).optional(),
  wordOrder: order.optional(),
  byteOrder: order.optional(),
  mask: hex.optional(),
  shift: z.int().min(0).max(63).optional(),
  bits: z.record(z.string().regex(/^\d{1,2}$/), z.string()).optional(),
  enum: z
    .record(
      z.string().regex(/^-?\w+$/),
      z.union([z.string(), z.boolean()], { error: 'the meaning of a value is a word, true or false' }),
    )
    .optional(),
  format: z.enum(['hex', 'ascii']).optional(),
  scale: z.number().optional(),
  offset: z.number().optional(),
  /** Point that holds the power of ten; it is read in the same request. */
  scaleFrom: name.optional(),
  /** -1 where the register counts against the model's arrow. */
  sign: z.literal([1, -1]).optional(),
  /** false: no source proves the sign. */
  signVerified: z.boolean().optional(),
  /** Unit of the register after scale; converted to the quantity's own. */
  unit: z.string().nullable().optional(),
  /** Raw patterns that mean "not available". IEEE NaN always does. */
  nan: z.array(hex).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  group: z.enum(['fast', 'slow', 'once']).optional(),
  access: z.enum(['r', 'rw', 'w']).optional(),
  writeFc: z.literal([5, 6, 15, 16]).optional(),
  /** Written to EEPROM or flash: writing often wears it out. */
  persistent: z.boolean().optional(),
  /** The same register for all instances. */
  shared: z.boolean().optional(),
  note: z.string().optional(),
});

const word = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, 'a word is lower snake_case');
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

const condition = {
  point: name,
  min: z.number().optional(),
  max: z.number().optional(),
  is: z.array(z.union([z.number(), z.string()])).optional(),
};

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
const actuator = z.strictObject({
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
});
export type ActuatorSource = z.infer<typeof actuator>;

/** Kept by the device without a lease. */
const setup = z.strictObject({ component: actuator.shape.component, ...action.shape });

const setting = z.strictObject({
  title: z.string(),
  unit: z.string(),
  /** Read from the device, where nobody entered it. */
  point: name.optional(),
  default: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  note: z.string().optional(),
});

export const profileSchema = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal('profile/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{1,63}$/, 'an id is lower case with hyphens: eastron-sdm630'),
  title: z.string().min(1).max(100),
  vendor: z.string().optional(),
  model: z.string().optional(),
  class: z.enum(['meter', 'battery', 'hybrid', 'inverter', 'ess', 'wallbox', 'heatpump', 'relay', 'other']),
  sources: z.array(z.string()).optional(),
  notes: z.array(z.string()).optional(),
  unsure: z.array(z.string()).optional(),
  connection: z
    .strictObject({
      transports: z.array(z.enum(['tcp', 'rtu', 'ascii', 'rtu_tcp', 'udp'])).optional(),
      port: z.int().min(1).max(65535).optional(),
      unitId: z.int().min(0).max(255).optional(),
      /** "9600 8N1" */
      serial: z
        .string()
        .regex(/^\d{3,6} [78][NEO][12]$/)
        .optional(),
      maxConnections: z.int().positive().optional(),
      maxInFlight: z.int().min(1).max(32).optional(),
      connectDelayMs: z.int().min(0).optional(),
      interRequestMs: z.int().min(0).optional(),
      timeoutMs: z.int().min(10).optional(),
    })
    .optional(),
  limits: z
    .strictObject({
      maxRegs: z.int().min(1).max(125).optional(),
      maxGap: z.int().min(0).max(124).optional(),
      /** Ranges known to be readable in one request: [address, count]. */
      blocks: z.array(z.tuple([address, z.int().min(1).max(125)])).optional(),
      /** Ranges that must not be touched: [from, to]. */
      forbidden: z.array(z.tuple([address, address])).optional(),
      /** Each value in a request of its own. */
      perPoint: z.boolean().optional(),
    })
    .optional(),
  defaults: z
    .strictObject({
      table: z.enum(['holding', 'input', 'coil', 'discrete']).optional(),
      wordOrder: order.optional(),
      byteOrder: order.optional(),
    })
    .optional(),
  /** Slow points are read this often, ms. */
  slowMs: z.int().positive().optional(),
  /** What the integrator is asked: { "battery": { "default": "lv", "choices": { "lv": "Low voltage", ... } } } */
  params: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*$/),
      z.strictObject({ default: z.string(), choices: z.record(z.string(), z.string()), note: z.string().optional() }),
    )
    .optional(),
  /** Changes to points and defaults for chosen params. */
  variants: z
    .array(
      z.strictObject({
        when: z.record(z.string(), z.string()),
        defaults: z.strictObject({ wordOrder: order.optional(), byteOrder: order.optional() }).optional(),
        points: z.record(name, point.omit({ name: true }).partial()).optional(),
      }),
    )
    .optional(),
  /** Several equal parts in one map: connector n lies at address + (n - 1) * stride. */
  instances: z.strictObject({ stride: z.int().positive(), max: z.int().positive() }).optional(),
  /** What a component ("battery", "solar/2") means for the site, where its type alone does not say it. */
  components: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*(\/[1-9][0-9]*)?$/),
      z.strictObject({
        role: z.enum(roles).optional(),
        coupling: z.enum(['ac', 'dc']).optional(),
        phases: z.int().min(1).max(3).optional(),
      }),
    )
    .optional(),
  points: z.array(point).min(1).max(2000),
  /** Numbers that commands need and the integrator may set: largest power, current without an EMS. */
  settings: z.record(word, setting).optional(),
  actuators: z.array(actuator).optional(),
  /** Commands that the device keeps for itself: { "set_reserve_soc": ... } */
  config: z.record(word, setup).optional(),
  /** Why nothing can be commanded, where registers might suggest it. */
  commandNote: z.string().optional(),
});

export type Profile = z.infer<typeof profileSchema>;
export type ProfilePoint = z.infer<typeof point>;

/** Reads a profile as it comes from a file or a form. */
export const readProfile = (json: unknown): Checked<Profile> => {
  const parsed = profileSchema.safeParse(json);
  return parsed.success ? { ok: true, value: parsed.data } : refuse(mistakesOf(parsed.error, json));
};
