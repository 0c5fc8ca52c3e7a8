/**
 * Limits of the config fields of nodes that belong to no protocol: range and default of each number, and the choices.
 * Forms and runtime both read these tables; those of the protocols are in drivers/<protocol>/codec/limits.ts. The file is
 * part of the editor's bundle: it imports neither zod nor anything of Node.js.
 */
import { believedAheadMs } from './time.ts';

/** Range of a number field, both ends allowed. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** A fraction is refused. */
  readonly isInteger?: true;
}

/** A number field that means its default where it is left empty. */
export interface DefaultedNumber extends NumberRange {
  readonly default: number;
}

/** A field that takes one of several values. */
export interface Choice<Value extends string = string> {
  readonly values: readonly [Value, ...Value[]];
  readonly default: Value;
}

/** @param values the first one is the default */
export const choiceOf = <const Values extends readonly [string, ...string[]]>(
  values: Values,
): Choice<Values[number]> => ({
  values,
  default: values[0],
});

/** TCP and UDP ports that can be dialled; 0 means "any free port" and is no address. */
export const portRange: NumberRange = { min: 1, max: 65_535 };

/** Address to listen on for programs on the machine itself only. */
export const thisMachine = '127.0.0.1';

/** Address to listen on under every IPv4 address of the machine. */
export const everywhere = '0.0.0.0';

const dayS = 86_400;

/** Fields of ems-aggregate. */
export const aggregateFields = {
  /** Seconds between two messages of the site's power, at the least. */
  power: { default: 1, min: 0.2, max: 3600 },
  /** Seconds between two messages of the site's energy. */
  energy: { default: 10, min: 10, max: dayS },
  /** Seconds for which the last value of a silent device is still used, marked as estimated. */
  grace: { default: 0, min: 0, max: 3600 },
  /** Seconds by which two readings of one sum may be apart. */
  skew: { default: 30, min: 1, max: 3600 },
  /** kW that a device without a rating of its own can reach. */
  maxPower: { default: 100, min: 1, max: 1_000_000 },
} as const satisfies Record<string, DefaultedNumber>;

/** Fields of ems-broker. */
export const brokerFields = {
  /** The MQTT version; "auto" tries 5 first. */
  version: choiceOf(['auto', '5', '4']),
  /** Seconds. */
  keepalive: { default: 30, min: 5, max: 3600 },
  /** Seconds for which the server keeps the session of this client; four bytes on the wire. */
  sessionExpiry: { default: 3600, min: 0, max: 4_294_967_295 },
  /** Messages that wait while the server is away. */
  queue: { default: 10_000, min: 1, max: 1_000_000 },
} as const;

/** Fields of ems-command. */
export const commandFields = {
  /** Seconds after which nobody carries the command out any more. */
  ttl: { default: 15, min: 1, max: dayS },
  /** Seconds for which the effect lasts. */
  lease: { default: 120, min: 1, max: dayS },
  /** The higher one wins. */
  priority: { default: 50, min: 0, max: 100 },
  onRange: choiceOf(['reject', 'clamp']),
} as const;

/** Fields of ems-heartbeat. */
export const heartbeatFields = {
  /** Seconds between two heartbeats. */
  period: { default: 10, min: 1, max: 3600 },
  /** Periods without a heartbeat after which a gateway counts as lost. */
  missed: { default: 3, min: 2, max: 100 },
} as const satisfies Record<string, DefaultedNumber>;

/** Fields of ems-local-broker. */
export const localBrokerFields = {
  port: { default: 1883, ...portRange },
  connections: { default: 1000, min: 1, max: 100_000, isInteger: true },
  connectionsPerAddress: { default: 500, min: 1, max: 100_000, isInteger: true },
  /** Seconds from the first byte to an accepted login. */
  connectTime: { default: 10, min: 5, max: 600 },
  loginFailures: { default: 5, min: 1, max: 1000, isInteger: true },
  /** kB of one packet after its fixed header; MQTT 3.1.1 §2.2.3 ends at 256 MB. */
  packetSize: { default: 1024, min: 1, max: 262_143 },
  /** MB that wait for one client to read them. */
  outgoingSize: { default: 4, min: 0.1, max: 1024 },
  /** Seconds. */
  readTime: { default: 30, min: 5, max: 600 },
  /** Topic filters of one client. */
  subscriptions: { default: 1000, min: 1, max: 50_000, isInteger: true },
  sessions: { default: 1000, min: 1, max: 100_000, isInteger: true },
  /** Hours. */
  sessionExpiry: { default: 168, min: 0.1, max: 87_600 },
  /** Messages of one session. */
  queuedMessages: { default: 20_000, min: 1, max: 10_000_000, isInteger: true },
  /** MB of one session. */
  queuedSize: { default: 16, min: 0.1, max: 4096 },
  /** MB of all sessions together. */
  queuedTotal: { default: 64, min: 0.1, max: 16_384 },
  retainedMessages: { default: 20_000, min: 1, max: 10_000_000, isInteger: true },
  /** MB. */
  retainedSize: { default: 32, min: 0.1, max: 4096 },
} as const satisfies Record<string, DefaultedNumber>;

/** Fields that place a device in its site, which the nodes of devices share. */
export const placementFields = {
  /** kWh of the battery that can be used. */
  capacity: { min: 0.1, max: 1_000_000 },
  coupling: choiceOf(['', 'ac', 'dc']),
  phase: choiceOf(['', 'l1', 'l2', 'l3']),
} as const;

/** Fields of ems-pick. */
export const pickFields = {
  output: choiceOf(['value', 'object']),
  /** Treatment of a value that is stale or invalid. */
  bad: choiceOf(['null', 'drop', 'pass']),
  /** Seconds after which a value is stale. */
  maxAge: { min: 1, max: dayS },
} as const;

/** Topics of ems-publish on which a command may ask for its response, beside those of the contract. */
export const defaultReplies = 'replies/#';

/** The OCPP server that the wallboxes of ems-simulator dial. */
export const defaultOcppServer = 'ws://127.0.0.1:8887';

/** Fields of ems-simulator. */
export const simulatorFields = {
  gridPort: { default: 1502, ...portRange },
  hybridPort: { default: 1503, ...portRange },
  storagePort: { default: 1504, ...portRange },
  /** The SunSpec devices; a house has none without it. */
  sunspecPort: portRange,
  /** Local hour at which the simulated day begins. */
  startHour: { default: 10.5, min: 0, max: 24 },
  /** Simulated seconds per second. */
  speed: { default: 1, min: 0.1, max: 3600 },
  /** Seconds between two messages of the node. */
  every: { default: 5, min: 1, max: 3600 },
  wallboxes: { default: 0, min: 0, max: 3 },
  /** Seconds without a write after which the simulated storage falls back. */
  watchdog: { default: 60, min: 1, max: 3600 },
  /** First value of the random numbers; four bytes. */
  seed: { default: 7, min: 0, max: 4_294_967_295 },
} as const satisfies Record<string, DefaultedNumber | NumberRange>;

/** Fields of ems-site. */
export const siteFields = {
  /** Degrees, north positive. */
  latitude: { min: -90, max: 90 },
  /** Degrees, east positive. */
  longitude: { min: -180, max: 180 },
} as const satisfies Record<string, NumberRange>;

/** Fields of ems-subscribe. */
export const subscribeFields = {
  /** ms for which readings are collected into one message. */
  batch: { default: 100, min: 0, max: 60_000 },
} as const satisfies Record<string, DefaultedNumber>;

/** Fields of ems-validate. */
export const validateFields = {
  /** Bytes of one payload. */
  maxBytes: { default: 65_536, min: 64, max: 16_777_216 },
  /** Seconds by which a time may be ahead of our clock. */
  future: { default: believedAheadMs / 1000, min: 1, max: dayS },
  /** Hours by which a reading may be old. */
  past: { default: 24, min: 0.01, max: 87_600 },
} as const satisfies Record<string, DefaultedNumber>;
