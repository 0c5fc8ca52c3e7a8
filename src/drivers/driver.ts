/**
 * The one interface between a protocol and the bridge above it: samples and the state of the device come up, orders
 * go down.
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
  intervalS: number;
  maxAgeS: number;
  /** periodic, where it is not said: told after each interval, changed or not. on_change: the last value holds. */
  report?: 'periodic' | 'on_change';
  resolution?: number;
  /** Where a counter begins again from 0. */
  modulus?: number;
  signed: boolean;
  /** Tags of people, which cannot be read back. */
  isHashed?: boolean;
  /** Computed from other quantities. */
  isDerived?: boolean;
  /** false where no source proves the sign of the register. */
  isSignVerified?: boolean;
}

/** What the driver knows of a component beside its quantities; the key is its type, or type/index. */
export interface ComponentHint {
  role?: Role;
  coupling?: 'ac' | 'dc';
  phases?: number;
  /** The phases of the grid at its L1, L2 and L3: "L2L3L1". */
  phaseRotation?: string;
}

export interface DeviceDescription {
  protocol: string;
  /** Names the origin in each reading: "modbus/inv1". */
  source: string;
  vendor?: string;
  model?: string;
  serial?: string;
  firmware?: string;
  ratedPowerW?: number;
  usableEnergyWh?: number;
  channels: Channel[];
  components: Record<string, ComponentHint>;
}

export interface Sample {
  /** Index into the description's channels. */
  channel: number;
  /** null where the device did not tell; then reason says why. */
  value: Value;
  /** Time of measurement, ms since 1970. */
  ts: number;
  reason?: Reason;
  /** The device's own word for it. */
  raw?: string;
  /** Concluded, not measured: the quality is "estimated". */
  isEstimated?: boolean;
  /** Which of several counters it is; another one begins somewhere else. */
  counterId?: string;
}

export type DeviceState =
  | { kind: 'connecting' }
  | { kind: 'online' }
  /** It answers partly. */
  | { kind: 'degraded'; reason: string }
  | { kind: 'offline'; reason: string; retryMs?: number };

export interface Cycle {
  samples: Sample[];
  durationMs: number;
  /** What went wrong in it, in words. */
  errors: string[];
}

/** What a parameter of a command may be on this device, in the unit of the model. */
export interface ParameterRange {
  unit?: string;
  min?: number;
  max?: number;
  step?: number;
  /** 0 is allowed although it lies below min. */
  isZeroAllowed?: boolean;
  choices?: string[];
  isOptional?: boolean;
  default?: number;
  /** The limit that bounds it. */
  limitedBy?: string;
}

export interface VerbDescription {
  kind: Exclude<VerbKind, 'release'>;
  params: Record<string, ParameterRange>;
  maxLeaseS: number;
  /** How far from what it was told counts as reached, in the unit of what is measured; absent: not known. */
  tolerance?: number;
}

/** One thing that can be steered: setpoints compete for it, limits bound it, and it has a safe state. */
export interface Actuator {
  /** Unique in the device. */
  key: string;
  type: string;
  index?: number;
  verbs: Record<string, VerbDescription>;
  /** Absent: the device keeps what it was told (config). */
  fallback?: {
    /** In words of the model: { mode: "auto" }, { current_a: 6 }. */
    means: Params;
    /** The safe state as a command, where it holds the device to something. */
    verb?: string;
  };
  /** Shortest time between two different values, ms. */
  minWriteIntervalMs: number;
  /** Until it begins to follow, s; absent: not known. */
  latencyS?: number;
  /** How fast it follows then, s: after three of them it is there. Absent: not known. */
  timeConstantS?: number;
  /** So long its effect is looked for before the outcome of a command is told, s. */
  verifyS: number;
  /** Its driver tells whether it does what it was told (DriverSink.progressed). */
  tellsProgress?: boolean;
  verification: 'readback' | 'effect' | 'none';
  /** The device itself falls back after this long without us, s. */
  watchdogS?: number;
  /** Its registers wear out. */
  isPersistent: boolean;
}

/** What an actuator is to do from now on. */
export interface Order {
  actuator: string;
  /** Absent: nobody holds it; the safe state, within the limits. */
  verb?: string;
  /** Within range and limits. */
  params: Params;
  /** Limits in force by verb, in the unit of their parameter; absent: not limited. */
  limits: Record<string, number>;
  /** Since when it is wanted, ms since 1970: a schedule counts from there. */
  since?: number;
  /** Monotonic time by which it must have begun. */
  startBy: number;
  /** Monotonic time after which nothing of it is written, watchdogs included. */
  notAfter: number;
}

export type Applied = {
  /** What an action found out; told in the place of its parameters. */
  values?: Params;
} & (
  | { verified: true; by: Proof }
  /** Why nothing of the device proves it: "no_readback", "within_tolerance", "full", "no_effect" ... */
  | { verified: false; reason: string }
);

/** What an actuator does for the order that it holds, as the device shows it. */
export interface Progress {
  /** It does what it was told; false: not within its latency. Absent: nothing shows it. */
  isReached?: boolean;
  /** When that showed, ms since 1970. */
  at: number;
  /** In force instead of the parameters of the order. */
  inForce?: Params;
  /** What shows instead, in words. */
  what?: string;
  /** Why it is not as it was told: "station_limit". */
  reason?: string;
}

/** The order was not carried out, or not seen to be. */
export class CommandFailure extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.name = 'CommandFailure';
    this.code = code;
  }
}

/** Something that happened to a component, in the words of event/1. */
export interface DriverEvent {
  /** Absent: to the device as a whole. */
  component?: { type: string; index?: number };
  name: string;
  severity: Event['severity'];
  /** Where it may be told again after a crash: the same as before. */
  id?: string;
  state?: Event['state'];
  code?: string;
  message?: string;
  data?: NonNullable<Event['data']>;
}

export interface DriverSink {
  /**
   * The description changed: a serial number was read, a point proved absent, a component showed itself. New channels
   * come behind those that are known; those stay what they are, and may be told in another interval.
   */
  described(): void;
  cycle(cycle: Cycle): void;
  state(state: DeviceState): void;
  /** The device does not hold any more what it was told. */
  drifted(actuator: string, what: string): void;
  /** Told when it shows, and when it changes. */
  progressed(actuator: string, progress: Progress): void;
  event(event: DriverEvent): void;
}

export interface Driver {
  describe(): DeviceDescription;
  /** What the device last said on the wire, by channel, for people who look for a mistake: "5016: 0000 0e10". */
  inspect(): Map<number, string>;
  /** What can be commanded, as far as it is known by now. */
  actuators(): Actuator[];
  /**
   * Carries out one order and reads back what came of it. Orders to one actuator come one after another.
   * @param signal ends the waiting for an effect: something newer is to be done
   * @throws CommandFailure
   */
  apply(order: Order, signal: AbortSignal): Promise<Applied>;
  /** Begins to deliver; called once. */
  start(sink: DriverSink): void;
  close(): Promise<void>;
}
