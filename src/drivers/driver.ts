/** The one interface between a protocol and the bridge above it: samples come up, the state of the device comes up. */

import type { Reason } from '../model/common.ts';
import type { Role } from '../model/meta.ts';
import type { Kind } from '../model/quantities.ts';
import type { Value } from '../model/reading.ts';

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
  resolution?: number;
  signed: boolean;
  /** false where no source proves the sign of the register. */
  isSignVerified?: boolean;
}

/** What the driver knows of a component beside its quantities; the key is its type, or type/index. */
export interface ComponentHint {
  role?: Role;
  coupling?: 'ac' | 'dc';
  phases?: number;
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

export interface DriverSink {
  /** The description changed: a serial number was read, a point proved absent. */
  described(): void;
  cycle(cycle: Cycle): void;
  state(state: DeviceState): void;
}

export interface Driver {
  describe(): DeviceDescription;
  /** What the device last said on the wire, by channel, for people who look for a mistake: "5016: 0000 0e10". */
  inspect(): Map<number, string>;
  /** Begins to deliver; called once. */
  start(sink: DriverSink): void;
  close(): Promise<void>;
}
