/**
 * What stations in the field do otherwise than OCPP says, as switches: all off is a station as in the book. Behind each
 * is at least one product and a thread in which its owners suffer.
 */

export interface Quirks {
  /** Its clock stands at 1970 until the first answer to BootNotification or Heartbeat. */
  startsIn1970: boolean;
  /** Tells local time without a zone, minutes ahead of UTC. */
  localTimeMin: number | undefined;

  /** A new connection begins without BootNotification: it boots only when it is switched on. */
  bootsOnce: boolean;
  /** Hangs up when it is called before its BootNotification is answered (Wallbox Pulsar Max). */
  hangsUpBeforeBoot: boolean;
  /** Hangs up when a call comes within so many ms of the one before (Star Charge). */
  hangsUpWhenHurriedMs: number | undefined;
  /** Says no sub-protocol in the handshake (Grizzl-E). */
  hasNoSubProtocol: boolean;
  path: 'plain' | 'double_slash' | 'trailing_slash';
  sendsEmptyFrames: boolean;
  /** Until it dials again after a cut (FoxESS: 6 to 19 min). */
  redialS: number;
  /** Its socket of before stays open beside the new one. */
  leavesOldSocket: boolean;
  /** Until it answers a call. */
  answersAfterMs: number;
  /** Calls that it never answers. */
  ignores: string[];
  /** Says more about an error than fits (255 characters). */
  explainsAtLength: boolean;
  /** 2.0.1 firmware that speaks with the fields of 1.6 (FoxESS). */
  speaks16: boolean;

  /** Profiles it rejects: ChargePointMax (EVBox Elvi), TxDefault, Tx. */
  rejectsPurposes: ('station_max' | 'tx_default' | 'tx')[];
  /** Rejects stackLevel > 0 (ABB, Wallbox). */
  hasOnlyLevelZero: boolean;
  /** The highest stack level it names is one too many. */
  countsLevels: boolean;
  /** Rejects all kinds but Relative (Wallbox). */
  needsRelative: boolean;
  /** Limits in W only, whatever it says of itself (Huawei, Mennekes 4you). */
  onlyW: boolean;
  /** How it writes ChargingScheduleAllowedChargingRateUnit. */
  rateUnits: string;
  rejectsNumberPhases: boolean;
  /** Accepts numberPhases and does nothing (go-e). */
  ignoresNumberPhases: boolean;
  /** Limits in W choose the phases (Mennekes, Huawei). */
  choosesPhasesByPower: boolean;
  /** Switches phases while current flows (Sungrow). */
  switchesUnderLoad: boolean;
  /** Rejects a limit of 0 while no car is there. */
  rejectsZeroWhenFree: boolean;
  /** A limit of 0 ends the transaction (NEcharge, Huawei, EN+). */
  zeroEndsTransaction: boolean;
  /** After a limit of 0 it offers nothing more in this transaction. */
  neverResumes: boolean;
  /** After a limit of 0 it charges with all it has, until the limit comes again (go-e). */
  resumesUnlimited: boolean;
  /** Keeps profiles only for as long as it is connected. */
  forgetsProfiles: boolean;
  /** Offers all it has for so many s after each profile. */
  spikesAfterProfileS: number;
  /** Says Accepted to profiles and does nothing. */
  ignoresProfiles: boolean;
  compositeSchedule: 'right' | 'none' | 'empty' | 'minus_one';

  /** Rejects TriggerMessage for these. */
  refusesTriggers: string[];
  /** GetConfiguration without keys: an empty list; with keys: right. */
  hidesWholeConfiguration: boolean;
  /** 2.x: GetVariables says Accepted, without a value. */
  hidesValues: boolean;
  /** 2.x: tells its state as NotifyEvent of AvailabilityState, not as StatusNotification. */
  notifiesStatus: boolean;
  /** Reboots after new measurands are accepted (ABB Terra AC). */
  rebootsOnMeasurands: boolean;
  /** Reboots after ChangeAvailability (EN+). */
  rebootsOnAvailability: boolean;
  /** Rejects a remote start while the car of the last session is still there. */
  rejectsStartWhenFinishing: boolean;

  /** Meter values after the end still name the old transaction (EN+). */
  keepsOldTransaction: boolean;
  /** 2.x: seqNo is always 0. */
  countsNoEvents: boolean;
  /** Adds a signed value to the end of a transaction (a meter for billing). */
  signsValues: boolean;
  /** Sends meter values once more after StopTransaction (Ocular). */
  closesWithMeterValues: boolean;
  /** Sends meter values on connector 0, each time a group of its own (Zaptec). */
  measuresOnZero: boolean;
  /** The register counts from 0 in every session. */
  hasSessionRegister: boolean;
  /** Every so many-th reading of the register is 0. */
  dropsRegisterEvery: number | undefined;
  omitsUnits: boolean;
  /** Energy in kWh called Wh. */
  callsKwhWh: boolean;
  /** Power in kW called W. */
  callsKwW: boolean;
  /** 1.6: how numbers are written. */
  numbers: 'text' | 'number' | 'comma' | 'blanks';
  /** How phases of voltages are called; L1 is wrong, but common. */
  voltagePhases: 'L1-N' | 'L1';
  currentPhases: 'L1' | 'L1-N';
}

export const noQuirks: Quirks = {
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
