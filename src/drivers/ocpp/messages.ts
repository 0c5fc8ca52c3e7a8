/**
 * Messages of a charging station and requests to it, in words that all versions of OCPP share: connectors of 1.6 and
 * EVSEs of 2.x are both "evse", 0 is the station as a whole. Times are ms since 1970, units those of the model.
 */
import type {
  ChargingProfile,
  ChargingState,
  ConnectorStatus,
  FirmwareUpdate,
  IdToken,
  LogUpload,
  MeterValue,
  ReportedProfile,
  Variable,
  VariableName,
} from './datatypes.ts';

export type * from './datatypes.ts';

export const versions = ['1.6', '2.0.1', '2.1'] as const;
export type Version = (typeof versions)[number];

export interface TransactionFacts {
  at: number | undefined;
  /** Told late, from the time without a connection. */
  isOffline: boolean;
  meterValues: MeterValue[];
  token?: IdToken;
}

export interface ReportedStatus {
  evse: number;
  /** 2.x: the connector of the EVSE. */
  connector?: number;
  status: ConnectorStatus;
  /** The station's own word. */
  raw: string;
  at: number | undefined;
}

export type StationMessage =
  | {
      kind: 'boot';
      vendor: string;
      model: string;
      serial?: string;
      firmware?: string;
      meterSerial?: string;
      iccid?: string;
      imsi?: string;
      reason?: string;
    }
  | { kind: 'heartbeat' }
  | (ReportedStatus & {
      kind: 'status';
      errorCode?: string;
      vendorErrorCode?: string;
      info?: string;
    })
  | { kind: 'authorize'; token: IdToken }
  | (TransactionFacts & {
      kind: 'transaction_started';
      /** undefined: 2.x, a tag is shown before a cable is plugged in. */
      evse?: number | undefined;
      /** 2.x: chosen by the station; 1.6: given in the reply. */
      transaction?: string;
      meterStartWh?: number;
      chargingState?: ChargingState;
      remoteStartId?: number;
      reservation?: number;
      phasesUsed?: number;
      cableMaxA?: number;
      seqNo?: number;
    })
  | (TransactionFacts & {
      kind: 'transaction_updated';
      transaction: string;
      /** 2.x says it once only. */
      evse?: number | undefined;
      chargingState?: ChargingState;
      remoteStartId?: number;
      phasesUsed?: number;
      cableMaxA?: number;
      trigger: string;
      seqNo: number;
    })
  | (TransactionFacts & {
      kind: 'transaction_ended';
      /** undefined: the station names none. */
      transaction?: string;
      evse?: number | undefined;
      meterStopWh?: number;
      reason: string;
      seqNo?: number;
    })
  | { kind: 'meter_values'; evse: number; transaction?: string; meterValues: MeterValue[] }
  /** 2.x: one part of an inventory. */
  | {
      kind: 'report';
      requestId: number;
      isLast: boolean;
      variables: Variable[];
    }
  /** 2.x NotifyEvent; statuses: those of plugs among its variables (AvailabilityState). */
  | { kind: 'variables'; variables: Variable[]; statuses?: ReportedStatus[] }
  /** 2.x: charging profiles that the station has, one part of an answer to get_profiles. */
  | {
      kind: 'profiles';
      requestId: number;
      isLast: boolean;
      evse: number;
      /** The system that set them: "CSO" through us, "EMS", "SO", "Other". */
      source: string;
      profiles: ReportedProfile[];
    }
  | { kind: 'data_transfer'; vendor: string; message?: string; data?: unknown }
  | { kind: 'security_event'; type: string; info?: string; at: number | undefined }
  /** How the upload of a log goes on, in the station's own word. */
  | { kind: 'log_status'; status: string; requestId?: number }
  /** How an update of the firmware goes on, in the station's own word. */
  | { kind: 'firmware_status'; status: string; requestId?: number }
  /** 2.x: a reservation has ended without a transaction, in the station's own word. */
  | { kind: 'reservation_status'; reservation: number; status: string }
  | { kind: 'charging_limit'; evse: number; source: string; isCleared: boolean }
  /** 2.1: a driver has asked for more than the limits of his session, or does not any more. */
  | { kind: 'priority_charging'; transaction: string; isActive: boolean }
  | { kind: 'charging_needs'; evse: number; needs: unknown }
  /** 2.1: the station asks for its present limit. */
  | { kind: 'schedule_pull'; profile: number }
  /** Everything else that only has to be answered. */
  | { kind: 'notice'; action: string; payload: unknown };

export type MessageKind = StationMessage['kind'];
type Messages = { [K in MessageKind]: Extract<StationMessage, { kind: K }> };
export type MessageOf<K extends MessageKind> = Messages[K];

/** The decision of a block about the answer to a message; a field that is left out has its usual value. */
export interface Answer {
  /** boot */
  registration?: 'accepted' | 'pending' | 'rejected';
  intervalS?: number;
  /** authorize, transactions with a token */
  authorization?: 'accepted' | 'blocked' | 'expired' | 'invalid' | 'concurrent_tx';
  /** transaction_started of 1.6 */
  transaction?: number;
  /** transaction_ended: the one that it was the end of, where it was the end of one. */
  ended?: string;
  /** data_transfer */
  isVendorKnown?: boolean;
  /** schedule_pull: A or W as the profile was set, by phase where they differ */
  limit?: number;
}

/** Messages that a station can be asked for. */
export type TriggeredMessage =
  | 'boot'
  | 'status'
  | 'meter_values'
  | 'heartbeat'
  | 'transaction'
  | 'diagnostics_status'
  | 'log_status'
  | 'firmware_status';

/** Requests to a station. */
export type StationRequest =
  | { kind: 'set_profile'; evse: number; profile: ChargingProfile }
  | { kind: 'clear_profile'; id?: number; evse?: number; purpose?: ChargingProfile['purpose']; stackLevel?: number }
  | { kind: 'get_profiles'; requestId: number; evse?: number }
  | { kind: 'composite_schedule'; evse: number; durationS: number; unit?: 'A' | 'W' }
  | { kind: 'start'; evse: number; token: IdToken; remoteStartId: number; profile?: ChargingProfile }
  | { kind: 'stop'; transaction: string }
  | { kind: 'unlock'; evse: number; connector?: number }
  | { kind: 'reset'; isHard: boolean; evse?: number }
  | { kind: 'set_availability'; evse: number; isOperative: boolean }
  | {
      kind: 'trigger';
      message: TriggeredMessage;
      evse?: number;
      connector?: number;
    }
  /** names undefined: all of them (1.6). */
  | { kind: 'get_variables'; variables: VariableName[] | undefined }
  /** 1.6: one at a time. */
  | { kind: 'set_variables'; variables: (VariableName & { value: string })[] }
  | { kind: 'get_report'; requestId: number; isFull: boolean }
  | { kind: 'transaction_status'; transaction?: string }
  /** Asks for the version of the list of id tokens in the station. */
  | { kind: 'local_list_version' }
  /** isUpdate: more of the list that was sent before. */
  | { kind: 'send_local_list'; version: number; isUpdate?: boolean; tokens: { token: IdToken; expiresAt?: number }[] }
  /** evse 0: whichever is free. */
  | { kind: 'reserve'; id: number; evse: number; token: IdToken; groupToken?: IdToken; expiresAt: number }
  | { kind: 'cancel_reservation'; id: number }
  /** 1.6 without its security whitepaper. */
  | ({ kind: 'get_diagnostics' } & LogUpload)
  | ({ kind: 'get_log'; requestId: number; log: 'diagnostics' | 'security' } & LogUpload)
  | ({ kind: 'update_firmware'; requestId: number } & FirmwareUpdate)
  | { kind: 'update_dynamic'; profile: number; limit: number }
  | { kind: 'data_transfer'; vendor: string; message?: string; data?: unknown };

/** The answer of a station: "accepted" only means that it will try. */
export interface StationResult {
  status: 'accepted' | 'rejected' | 'not_supported' | 'reboot_required' | 'scheduled' | 'unknown' | 'done';
  /** The station's own word. */
  raw: string;
  /** get_variables: those it told, be it without a value; set_variables: all, with what it said of each. */
  variables?: (Variable & { status: string })[];
  /** composite_schedule: A or W. */
  schedule?: { unit: 'A' | 'W'; periods: { startS: number; limit: number }[] };
  /** start, 2.x: where it has begun already. */
  transaction?: string;
  /** transaction_status */
  isOngoing?: boolean;
  /** get_diagnostics, get_log: the name of the file that the station uploads, if it has anything to upload. */
  fileName?: string;
  /** local_list_version; 0 or less: it has none. */
  listVersion?: number;
}
