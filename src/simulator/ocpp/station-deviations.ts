/**
 * Deviations of real stations from OCPP, as switches: with all of them off a station does as OCPP says. Each switch
 * stands for at least one product and a public report of its owners.
 */

/** The switches of one station. */
export interface StationDeviations {
  /** The clock stands at 1970 until the first response to BootNotification or Heartbeat. */
  startsIn1970: boolean;
  /** Times are written as local time without a zone; the value is the offset from UTC in minutes. */
  localTimeMin: number | undefined;

  /** BootNotification is sent only after power-up, not after each connection. */
  bootsOnce: boolean;
  /** The station hangs up when it is called before its BootNotification is answered (Wallbox Pulsar Max). */
  hangsUpBeforeBoot: boolean;
  /** The station hangs up when a call follows the one before within this time, ms (Star Charge). */
  hangsUpWhenHurriedMs: number | undefined;
  /** The handshake names no sub-protocol (Grizzl-E). */
  hasNoSubProtocol: boolean;
  /** Form of the path in the handshake. */
  path: 'plain' | 'double_slash' | 'trailing_slash';
  /** An empty frame follows the handshake. */
  sendsEmptyFrames: boolean;
  /** Time from a lost connection until the station dials again, s (FoxESS: 6 to 19 min). */
  redialS: number;
  /** The old socket stays open beside the new one. */
  leavesOldSocket: boolean;
  /** Time until the station answers a call, ms. */
  answersAfterMs: number;
  /** Actions that the station never answers. */
  ignores: string[];
  /** Error descriptions are longer than the 255 characters that OCPP-J allows. */
  explainsAtLength: boolean;
  /** StatusNotification of 2.0.1 with the fields of 1.6 (FoxESS). */
  speaks16: boolean;

  /** Purposes that are rejected: ChargePointMaxProfile (EVBox Elvi), TxDefaultProfile, TxProfile. */
  rejectsPurposes: ('station_max' | 'tx_default' | 'tx')[];
  /** A stackLevel above 0 is rejected (ABB, Wallbox). */
  hasOnlyLevelZero: boolean;
  /** The highest stack level that the configuration names is one too many. */
  countsLevels: boolean;
  /** All kinds but Relative are rejected (Wallbox). */
  needsRelative: boolean;
  /** Limits are accepted in W only, whatever the configuration says (Huawei, Mennekes 4you). */
  onlyW: boolean;
  /** Value of ChargingScheduleAllowedChargingRateUnit. */
  rateUnits: string;
  /** Profiles with numberPhases are rejected. */
  rejectsNumberPhases: boolean;
  /** numberPhases is accepted without effect (go-e). */
  ignoresNumberPhases: boolean;
  /** Limits in W choose the phases (Mennekes, Huawei). */
  choosesPhasesByPower: boolean;
  /** Phases are switched while current flows (Sungrow). */
  switchesUnderLoad: boolean;
  /** A limit of 0 is rejected while no car is plugged in. */
  rejectsZeroWhenFree: boolean;
  /** A limit of 0 ends the transaction (NEcharge, Huawei, EN+). */
  zeroEndsTransaction: boolean;
  /** After a limit of 0 nothing more is offered in this transaction. */
  neverResumes: boolean;
  /** After a limit of 0 the full current is offered until the next profile comes (go-e). */
  resumesUnlimited: boolean;
  /** Profiles are lost with the connection. */
  forgetsProfiles: boolean;
  /** Time after each profile for which the full current is offered, s. */
  spikesAfterProfileS: number;
  /** Profiles are accepted without effect. */
  ignoresProfiles: boolean;
  /** Response to GetCompositeSchedule: right, no schedule, an empty schedule, or the limit -1. */
  compositeSchedule: 'right' | 'none' | 'empty' | 'minus_one';

  /** Messages for which TriggerMessage is rejected. */
  refusesTriggers: string[];
  /** GetConfiguration without keys gives an empty list; with keys the response is right. */
  hidesWholeConfiguration: boolean;
  /** GetVariables of 2.x gives Accepted without a value. */
  hidesValues: boolean;
  /** The status is sent as NotifyEvent of AvailabilityState instead of StatusNotification, OCPP 2.x only. */
  notifiesStatus: boolean;
  /** The station reboots after it has accepted new measurands (ABB Terra AC). */
  rebootsOnMeasurands: boolean;
  /** The station reboots after ChangeAvailability (EN+). */
  rebootsOnAvailability: boolean;
  /** A remote start is rejected while the car of the last transaction is still plugged in. */
  rejectsStartWhenFinishing: boolean;

  /** Meter values after the end still name the old transaction (EN+). */
  keepsOldTransaction: boolean;
  /** seqNo of TransactionEvent is always 0, OCPP 2.x only. */
  countsNoEvents: boolean;
  /** A signed value follows at the end of a transaction, as from a meter for billing. */
  signsValues: boolean;
  /** Meter values are sent once more after StopTransaction (Ocular). */
  closesWithMeterValues: boolean;
  /** Meter values name connector 0, each value in a group of its own (Zaptec). */
  measuresOnZero: boolean;
  /** The energy register counts from 0 in every transaction. */
  hasSessionRegister: boolean;
  /** Every n-th value of the energy register is 0; the value is n. */
  dropsRegisterEvery: number | undefined;
  /** Sampled values have no unit. */
  omitsUnits: boolean;
  /** Energy in kWh is sent with the unit Wh. */
  callsKwhWh: boolean;
  /** Power in kW is sent with the unit W. */
  callsKwW: boolean;
  /** Form of numbers in sampled values, OCPP 1.6 only. */
  numbers: 'text' | 'number' | 'comma' | 'blanks';
  /** Phase names of voltages; L1 is wrong, but common. */
  voltagePhases: 'L1-N' | 'L1';
  /** Phase names of currents; L1-N is wrong. */
  currentPhases: 'L1' | 'L1-N';
}

/** A station that does as OCPP says. */
export const noDeviations: StationDeviations = {
  startsIn1970: false,
  localTimeMin: undefined,
  bootsOnce: false,
  hangsUpBeforeBoot: false,
  hangsUpWhenHurriedMs: undefined,
  hasNoSubProtocol: false,
  path: 'plain',
  sendsEmptyFrames: false,
  redialS: 2,
  leavesOldSocket: false,
  answersAfterMs: 0,
  ignores: [],
  explainsAtLength: false,
  speaks16: false,
  rejectsPurposes: [],
  hasOnlyLevelZero: false,
  countsLevels: false,
  needsRelative: false,
  onlyW: false,
  rateUnits: 'Current,Power',
  rejectsNumberPhases: false,
  ignoresNumberPhases: false,
  choosesPhasesByPower: false,
  switchesUnderLoad: false,
  rejectsZeroWhenFree: false,
  zeroEndsTransaction: false,
  neverResumes: false,
  resumesUnlimited: false,
  forgetsProfiles: false,
  spikesAfterProfileS: 0,
  ignoresProfiles: false,
  compositeSchedule: 'right',
  refusesTriggers: [],
  hidesWholeConfiguration: false,
  hidesValues: false,
  notifiesStatus: false,
  rebootsOnMeasurands: false,
  rebootsOnAvailability: false,
  rejectsStartWhenFinishing: false,
  keepsOldTransaction: false,
  countsNoEvents: false,
  signsValues: false,
  closesWithMeterValues: false,
  measuresOnZero: false,
  hasSessionRegister: false,
  dropsRegisterEvery: undefined,
  omitsUnits: false,
  callsKwhWh: false,
  callsKwW: false,
  numbers: 'text',
  voltagePhases: 'L1-N',
  currentPhases: 'L1',
};
