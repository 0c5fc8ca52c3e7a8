/** What requests to a station carry: charging profiles, logs to upload, and firmware, in words that all versions share. */

export interface ChargingSchedulePeriod {
  startS: number;
  /** A per phase, or W of all phases. */
  limit: number;
  phases?: 1 | 2 | 3;
  /** 2.x: with one phase, which. */
  phaseToUse?: 1 | 2 | 3;
}

export interface ChargingProfile {
  id: number;
  stackLevel: number;
  purpose: 'station_max' | 'tx_default' | 'tx';
  /** dynamic, 2.1: one period whose limit is changed by update_dynamic. */
  kind: 'absolute' | 'relative' | 'dynamic';
  unit: 'A' | 'W';
  periods: ChargingSchedulePeriod[];
  durationS?: number;
  /** absolute */
  startAt?: number;
  /** tx */
  transaction?: string;
  /** dynamic: how often the station asks for its limit by itself. */
  pullIntervalS?: number;
  /** 2.1: the station drops the profile after this long without a connection. */
  maxOfflineS?: number;
}

/** How often a station tries to transfer a file. */
interface TransferRetries {
  retries?: number;
  retryIntervalS?: number;
}

/** A log that the station is to upload. Times are ms since 1970. */
export interface LogUpload extends TransferRetries {
  /** The station uploads the log there. */
  url: string;
  oldestAt?: number;
  latestAt?: number;
}

/** A firmware that the station is to install. Times are ms since 1970. */
export interface FirmwareUpdate extends TransferRetries {
  /** The station downloads the firmware from there. */
  url: string;
  retrieveAt: number;
  installAt?: number;
  /** The certificate (PEM) and the signature (base64) by which the station checks the firmware. */
  signed?: { certificate: string; signature: string };
}
