/**
 * The one interface between a protocol and the bridge above it: samples, progress and the state of the device come up,
 * orders go down. Values are in the units and signs of the model.
 */
import type { Code, Params, Proof } from '../model/command.ts';
import type { Reason } from '../model/common.ts';
import type { Event } from '../model/event.ts';
import type { Role } from '../model/meta.ts';
import type { Kind } from '../model/quantities.ts';
import type { Value } from '../model/reading.ts';
import type { VerbKind } from '../model/verbs.ts';

/** One quantity a device delivers, in the unit and sign of the model. */
export interface Channel {
  type: string;
  index?: number;
  quantity: string;
  part?: string;
  unit?: string;
  kind: Kind;
  /** Time between two samples, s. */
  intervalS: number;
  /** Age at which a sample without a successor is stale, s. */
  maxAgeS: number;
  /** periodic (default): told after each interval, changed or not. on_change: the last value holds until the next. */
  report?: 'periodic' | 'on_change';
  /** Smallest difference between two values, in the unit of the channel. */
  resolution?: number;
  /** Value at which a counter begins again from 0, in the unit of the channel. */
  modulus?: number;
  /** Whether the value has a direction, which its sign tells. */
  signed: boolean;
  /** Whether the driver tells the tags of people as hashes already. */
  isHashed?: boolean;
  /** Whether the driver computes the value from other quantities. */
  isDerived?: boolean;
  /** false where no source proves the sign of the register. */
  isSignVerified?: boolean;
}

/** Facts about a component beside its quantities; the key is its type, or type/index. */
export interface ComponentHint {
  role?: Role;
  coupling?: 'ac' | 'dc';
  /** Number of phases. */
  phases?: number;
  /** The phases of the grid at its L1, L2 and L3: "L2L3L1". */
  phaseRotation?: string;
}

/** A device, as far as its driver knows it. */
export interface DeviceDescription {
  protocol: string;
  /** Origin of the readings: "modbus/inv1". */
  source: string;
  vendor?: string;
  model?: string;
  serial?: string;
  firmware?: string;
  ratedPowerW?: number;
  usableEnergyWh?: number;
  /** Facts that the driver found out besides, such as the models that a SunSpec device lists. */
  facts?: NonNullable<Event['data']>;
  channels: Channel[];
  components: Record<string, ComponentHint>;
}

/** One value of a channel. */
export interface Sample {
  /** Index of the channel in the description. */
  channel: number;
  /** null if the device did not tell the value; then reason says why. */
  value: Value;
  /** Time of measurement, wall clock, ms. */
  ts: number;
  reason?: Reason;
  /** The value as the device itself names it. */
  raw?: string;
  /** Whether the value was concluded, not measured: its quality is "estimated". */
  isEstimated?: boolean;
  /** Identity of the counter, if a device has several: each begins from a value of its own. */
  counterId?: string;
}

/** The state of the connection to a device. */
export type DeviceState =
  | { kind: 'connecting' }
  | { kind: 'online' }
  /** The device answers a part of the requests. */
  | { kind: 'degraded'; reason: string }
  /**
   * retryMs: until the next attempt. asleepSince: wall clock, ms, since when the device is believed to sleep, as inverters
   * do at night.
   */
  | { kind: 'offline'; reason: string; retryMs?: number; asleepSince?: number };

/** The samples of one poll, or of one message. */
export interface Cycle {
  samples: Sample[];
  durationMs: number;
  /** Failed requests, in words. */
  errors: string[];
}

/** The values that a parameter of a command may have on this device, in the unit of the model. */
export interface ParameterRange {
  unit?: string;
  min?: number;
  max?: number;
  step?: number;
  /** Whether 0 is allowed although it lies below min. */
  isZeroAllowed?: boolean;
  choices?: string[];
  isOptional?: boolean;
  default?: number;
  /** Verb of the limit that bounds the parameter. */
  limitedBy?: string;
}

/** One command of an actuator. */
export interface VerbDescription {
  kind: Exclude<VerbKind, 'release'>;
  params: Record<string, ParameterRange>;
  /** Longest lease, s; 0 for a command without a lease. */
  maxLeaseS: number;
  /** Difference from the order that counts as reached, in the unit of the measured value; absent: not known. */
  tolerance?: number;
}

/** One thing that can be steered: setpoints compete for it, limits bound it, and it has a safe state. */
export interface Actuator {
  /** Unique in the device: "battery", "limit/1". */
  key: string;
  type: string;
  index?: number;
  verbs: Record<string, VerbDescription>;
  /** The safe state. Absent: the device keeps what it was told (config), or is done with it (action). */
  fallback?: {
    /** The safe state in words of the model: { mode: "auto" }, { current_a: 6 }. */
    means: Params;
    /** The safe state as a command, if the safe state holds the device to something. */
    verb?: string;
  };
  /** Shortest time between two different values, ms. */
  minWriteIntervalMs: number;
  /** Time until the device begins to follow an order, s; absent: not known. */
  latencyS?: number;
  /** Time constant with which the device follows then, s: after three of them it is there. Absent: not known. */
  timeConstantS?: number;
  /** Time for which the driver looks for the effect before the outcome of a command is told, s. */
  verifyS: number;
  /** Whether the driver tells the progress of an order (DriverSink.progressed). */
  tellsProgress?: boolean;
  verification: 'readback' | 'effect' | 'none';
  /** Time without us after which the device itself falls back, s. */
  watchdogS?: number;
  /** Whether its registers wear out with every write. */
  isPersistent: boolean;
  /** What to switch on at a device that takes an order and does not follow. */
  advice?: string;
}

/** The task of an actuator from now on. */
export interface Order {
  /** Key of the actuator. */
  actuator: string;
  /** Absent: nobody holds the actuator, and it goes into its safe state, within the limits. */
  verb?: string;
  /** Within range and limits. */
  params: Params;
  /** Limits in force by verb, in the unit of their parameter; absent: not limited. */
  limits: Record<string, number>;
  /** Wall clock, ms, at which the order was given: a schedule counts from there. */
  since?: number;
  /** Monotonic ms by which the order must have begun. */
  startBy: number;
  /** Monotonic ms after which nothing of the order is written, watchdogs included. */
  notAfter: number;
}

/** Whether an order holds the device to something: a setpoint, or limits only. The safe state alone does not. */
export const isHeld = ({ verb, limits }: Order): boolean => verb !== undefined || Object.keys(limits).length > 0;

/** @returns a text that is the same for two orders that ask for the same */
export const signatureOf = ({ verb, params, limits }: Order): string =>
  JSON.stringify([verb ?? null, params, Object.entries(limits).sort()]);

/** The outcome of an order that was carried out. */
export type Applied = {
  /** Results of an action; told in the place of its parameters. */
  values?: Params;
  /** Limits that others have set at the device and that are stricter than those of the order: by verb, in its unit. */
  foreignLimits?: Record<string, number>;
} & (
  | { verified: true; by: Proof }
  /** Reason why nothing proves that the device obeys: "no_readback", "within_tolerance", "full", "no_effect" ... */
  | { verified: false; reason: string }
);

/** Progress of an order that an actuator holds, as the device shows it. */
export interface Progress {
  /** Whether the device does what it was told; false: not within its latency. Absent: nothing shows that. */
  isReached?: boolean;
  /** Wall clock, ms, at which that showed. */
  at: number;
  /** Parameters in force instead of those of the order. */
  inForce?: Params;
  /** The difference that shows, in words. */
  what?: string;
  /** Reason for the difference: "station_limit". */
  reason?: string;
}

/** An order was not carried out, or is not known to have been. The message tells why, for the response. */
export class CommandFailure extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.name = 'CommandFailure';
    this.code = code;
  }

  /** @returns a failure as it is, and any other error as one of code INTERNAL */
  static from(error: unknown): CommandFailure {
    return error instanceof CommandFailure ? error : new CommandFailure('INTERNAL', String(error));
  }
}

/** Something that happened to a component, in the words of event/1. */
export interface DriverEvent {
  /** Absent: to the device as a whole. */
  component?: { type: string; index?: number };
  name: string;
  severity: Event['severity'];
  /** Given if the event may be told again after a crash: then with the same id. */
  id?: string;
  state?: Event['state'];
  code?: string;
  message?: string;
  data?: NonNullable<Event['data']>;
}

/** Facts that a driver keeps over restarts, beside the commands of its device. */
export interface DriverMemory {
  /** @returns the facts that were kept under a key; undefined: none */
  load(key: string): unknown;
  /**
   * @param facts undefined: none are kept any more
   * @param isUrgent whether they have to survive the loss of power
   * @returns false if that could not be written down
   */
  save(key: string, facts: object | undefined, isUrgent: boolean): boolean;
}

/** The bridge, as a driver sees it. */
export interface DriverSink {
  /**
   * The description changed: a serial number was read, a point proved absent, a component showed itself. New channels
   * come behind those that are known; those stay what they are, and may be told in another interval.
   */
  described(): void;
  cycle(cycle: Cycle): void;
  state(state: DeviceState): void;
  /** The device does not hold any more what it was told. @param actuator key @param what shows that, in words */
  drifted(actuator: string, what: string): void;
  /** The progress of an order shows, or changes. @param actuator key */
  progressed(actuator: string, progress: Progress): void;
  event(event: DriverEvent): void;
  /** Absent: nothing is kept. */
  memory?: DriverMemory;
}

/** One device of one protocol. */
export interface Driver {
  describe(): DeviceDescription;
  /** @returns the last words of the device on the wire, by channel, for people who look for a mistake: "5016: 0e10" */
  inspect(): Map<number, string>;
  /** @returns the actuators, as far as they are known by now */
  actuators(): Actuator[];
  /**
   * Carries out one order and reads back what came of it. Orders to one actuator come one after another.
   * @param signal ends the waiting for an effect: something newer is to be done
   * @throws CommandFailure
   */
  apply(order: Order, signal: AbortSignal): Promise<Applied>;
  /** Begins to deliver. Called once. */
  start(sink: DriverSink): void;
  close(): Promise<void>;
}
