/** The outcome of a scan as plain data, and its progress. */
import type { SunSpecDevice } from './discovered-device.ts';
import type { DiscoveryNote } from './discovery-notes.ts';
import type { BaseFinding } from './marker.ts';

/** The progress of a scan, after each unit. */
export interface ScanProgress {
  /** Units that were asked, and that will be. */
  asked: number;
  total: number;
  /** The unit that was asked last. */
  unit: number;
  /** The devices so far. */
  devices: readonly SunSpecDevice[];
}

/** The outcome for one unit. */
export interface UnitFinding {
  unit: number;
  /** known: it gives a device that answers on another unit as well. lost: the connection broke. */
  kind: 'device' | 'known' | 'no_marker' | 'silent' | 'lost';
  /** What stands at each base that was asked. */
  bases?: readonly BaseFinding[];
}

export interface ScanResult {
  devices: SunSpecDevice[];
  /** Every unit that was asked. */
  units: UnitFinding[];
  notes: DiscoveryNote[];
  isCancelled: boolean;
  /** Requests to all units. */
  requests: number;
}
