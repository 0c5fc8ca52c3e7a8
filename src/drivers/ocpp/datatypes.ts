/**
 * Datatypes of messages, in words that all versions of OCPP share: id tokens, meter values, variables, charging profiles, and
 * files that a station uploads or downloads. Times are ms since 1970, units those of the model.
 */

/** model.md §3.4. "occupied": 2.x, before it is known what the transaction does. */
export type ConnectorStatus =
  | 'available'
  | 'preparing'
  | 'charging'
  | 'suspended_ev'
  | 'suspended_evse'
  | 'finishing'
  | 'reserved'
  | 'unavailable'
  | 'faulted'
  | 'occupied';

/** OCPP 2.0.1 part 2, ChargingStateEnumType, in the words of the model. */
export type ChargingState = 'charging' | 'ev_connected' | 'suspended_ev' | 'suspended_evse' | 'idle';

export interface IdToken {
  /** As the station read it. */
  id: string;
  /** Central, ISO14443, KeyCode, ...; 1.6 knows none. */
  type?: string;
}

/** One measured value, in unit and sign of the model. */
export interface SampledValue {
  /**
   * A quantity of ev_charger: "power", "current", "energy_imported", "soc", ... or an energy the model has no place for
   * there: energy_{imported,exported}_interval, energy_reactive_{import,export}, both also with _interval.
   */
  quantity: string;
  /** "l1", "l2", "l3", "n". A voltage without one is that of l1 where the station has one phase. */
  part?: string;
  value: number;
  unit: string;
  /** Computed from others, or the station did not say its unit. */
  isDerived?: boolean;
  /** Factor of the number that was told, where a register is in another unit. */
  factor?: number;
  /** A register was told without a unit, and the one that is meant then was taken. */
  isUnitless?: boolean;
}

/** A value with a signature: never parsed, passed on as it came. */
export interface SignedMeterValue {
  measurand: string;
  context: string;
  /** Signature and value as the station sent them: text of 1.6, object of 2.x. */
  data: unknown;
}

/** Values that were measured at one time. */
export interface MeterValue {
  /** undefined: the station did not say, or what it said cannot be. */
  at: number | undefined;
  /** live: now or a moment ago. begin, end: of a transaction. interruption: around a pause of it. */
  context: 'live' | 'begin' | 'end' | 'interruption';
  sampledValues: SampledValue[];
  signed: SignedMeterValue[];
}

/** A charging profile as the station tells of it. */
export interface ReportedProfile {
  id: number;
  stackLevel: number;
  /** In the words of the wire: 2.1 has more of them than we set. */
  purpose: string;
  transaction?: string;
}

/**
 * A setting of the station: a key of 1.6, a variable of 2.x by component and name, instances in brackets
 * ("SmartChargingCtrlr.RateUnit", "OCPPCommCtrlr.MessageTimeout[Default]").
 */
export interface Variable {
  name: string;
  /** 2.x: of which EVSE. */
  evse?: number;
  /** 2.x: of which connector of the EVSE. */
  connector?: number;
  value: string | undefined;
  isReadOnly?: boolean;
  /** 2.x, in reports: the most it may be ("EVSE.Power": W). */
  max?: number;
}

/** Which variable. */
export type VariableName = Pick<Variable, 'name' | 'evse' | 'connector'>;

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
