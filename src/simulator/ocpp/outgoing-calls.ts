/** The requests that a simulated station sends, and the settings by which it behaves, in either version of OCPP. */
import type { MeterSample } from './meter-sampling.ts';
import type { ChargePointStatus, IdToken, SimulatedEvse, SimulatedTransaction } from './simulated-evse.ts';
import type { StationClock } from './station-clock.ts';
import type { StationConfiguration } from './station-configuration.ts';
import type { StationDeviations } from './station-deviations.ts';

/** CALL of OCPP-J. */
export interface Call {
  action: string;
  payload: object;
}

/** The station as its BootNotification describes it. */
export interface Nameplate {
  vendor: string;
  model: string;
  serial: string;
  firmware: string;
}

/** BootReasonEnumType of OCPP 2.0.1. */
export type BootReason = 'PowerUp' | 'RemoteReset' | 'ApplicationReset';
/** The event that starts a transaction. */
export type TransactionStartCause = 'authorized' | 'plugged' | 'remote';
/** The event that ends a transaction. */
export type TransactionEndCause =
  | 'local'
  | 'remote'
  | 'ev_disconnected'
  | 'soft_reset'
  | 'hard_reset'
  | 'power_loss'
  | 'deauthorized'
  | 'unlocked'
  | 'other';

/** The state of an EVSE at one time: a message that tells it may be sent later. */
export interface EvseSnapshot {
  /** ms since 1970 by the clock of the station. */
  at: number;
  status: ChargePointStatus;
  samples: MeterSample[];
  registerWh: number;
  /** Number of the TransactionEvent, OCPP 2.x only. */
  seqNo: number;
  /** Phases that the contactor connects. */
  phases: number;
  /** Taken while the station was offline. */
  isOffline: boolean;
}

/** Everything that requests are built from. */
export interface CallContext {
  deviations: StationDeviations;
  clock: StationClock;
  nameplate: Nameplate;
  evses: readonly SimulatedEvse[];
}

/** A snapshot of an EVSE together with the transaction that it belongs to. */
export interface TransactionSnapshot {
  evse: SimulatedEvse;
  transaction: SimulatedTransaction;
  snapshot: EvseSnapshot;
}

/** Settings by which the station behaves, under the name of either version. */
export interface BehaviourSettings {
  /** Time within which a car has to come after an authorization, s. */
  connectionTimeoutS(): number;
  /** Whether a token of a remote start is authorized first. */
  authorizesRemoteStart(): boolean;
  isLocalListEnabled(): boolean;
  /** Whether a token on the list charges without Authorize. */
  preAuthorizesLocally(): boolean;
  /** Whether a token on the list charges while the station is offline. */
  authorizesOffline(): boolean;
  /** Whether an unknown token charges while the station is offline. */
  allowsUnknownOffline(): boolean;
  /** Attempts for a message about a transaction. */
  messageAttempts(): number;
  messageRetryS(): number;
}

/** One version of OCPP as a station speaks it. */
export interface OutgoingCalls {
  /** WebSocket sub-protocol. */
  readonly protocol: string;
  readonly configuration: StationConfiguration;
  readonly behaviour: BehaviourSettings;
  /** Heartbeat interval of a connection that begins without BootNotification, s; 0: never. */
  heartbeatS(): number;
  /** Interval of meter values within a transaction, s; 0: never. */
  sampleIntervalS(): number;
  /** Measurands that are sampled within a transaction. */
  measurands(): string[];

  bootNotification(reason: BootReason): Call;
  heartbeat(): Call;
  authorize(token: IdToken): Call;
  /** @returns undefined for the station as a whole in OCPP 2.x, which has no such status */
  statusNotification(evse: SimulatedEvse | undefined): Call | undefined;
  /** StartTransaction, or TransactionEvent with eventType Started. */
  transactionStarted(started: TransactionSnapshot, cause: TransactionStartCause): Call;
  /** TransactionEvent with a new chargingState; OCPP 1.6 has its StatusNotification for it. */
  readonly chargingStateChanged?: (changed: TransactionSnapshot) => Call;
  /** Meter values within a transaction. */
  periodicSample(sampled: TransactionSnapshot): Call;
  /** StopTransaction, or TransactionEvent with eventType Ended. */
  transactionEnded(ended: TransactionSnapshot, cause: TransactionEndCause): Call;
  /** MeterValues outside of the periodic ones. @param transaction named in it, if there is one */
  meterValues(evse: SimulatedEvse, transaction: SimulatedTransaction | undefined, snapshot: EvseSnapshot): Call;

  /** @param answer of Authorize, or of the start of a transaction @returns whether the token may charge */
  isAccepted(answer: unknown): boolean;
  /** @returns id for a transaction that begins; OCPP 1.6: undefined */
  createTransactionId(): string | undefined;
  /** @param answer of StartTransaction @returns transactionId, OCPP 1.6 only */
  transactionIdOf(answer: unknown): string | undefined;
}
