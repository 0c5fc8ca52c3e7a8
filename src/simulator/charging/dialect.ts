/** What differs between the versions of OCPP at a station: how it says things, and how it reads what it is told. */
import { createRPCError } from 'ocpp-rpc';
import { z } from 'zod';
import type { LocalList } from './local-list.ts';
import type { Outlet, OutletStatus, Permission, Token, Transaction } from './outlet.ts';
import type { OwnTime } from './own-time.ts';
import type { Quirks } from './quirks.ts';
import type { Reading } from './readings.ts';
import type { ChargingProfile, Period, ProfileStore, Unit } from './schedule.ts';
import type { Settings } from './settings.ts';

export interface Call {
  action: string;
  payload: object;
}

export interface Nameplate {
  vendor: string;
  model: string;
  serial: string;
  firmware: string;
}

export type BootReason = 'PowerUp' | 'RemoteReset' | 'ApplicationReset';
export type BeginCause = 'authorized' | 'plugged' | 'remote';
export type EndCause =
  | 'local'
  | 'remote'
  | 'ev_disconnected'
  | 'soft_reset'
  | 'hard_reset'
  | 'power_loss'
  | 'deauthorized'
  | 'unlocked'
  | 'other';

/** How it was at a time: it may be told later. */
export interface Facts {
  /** By the clock of the station. */
  at: number;
  status: OutletStatus;
  readings: Reading[];
  registerWh: number;
  /** 2.x */
  seqNo: number;
  phases: number;
}

export interface Dialect {
  readonly protocol: string;
  readonly settings: Settings;
  boot(reason: BootReason): Call;
  heartbeat(): Call;
  /** @param outlet undefined: the station as a whole; 2.x has no such status */
  status(outlet: Outlet | undefined): Call | undefined;
  authorize(token: Token): Call;
  /** The answer to Authorize or to the start of a transaction, as far as it says something of the token. */
  isAccepted(answer: unknown): boolean;
  /** For a transaction that begins; 1.6: undefined. */
  newTransactionId(): string | undefined;
  /** Out of the answer to its start; 1.6 only. */
  givenTransactionId(answer: unknown): string | undefined;
  began(outlet: Outlet, transaction: Transaction, facts: Facts, cause: BeginCause, isLate: boolean): Call;
  /** A new charging state; 1.6 has its status for it. */
  changed?: (transaction: Transaction, facts: Facts, isLate: boolean) => Call;
  sampled(outlet: Outlet, transaction: Transaction, facts: Facts, isLate: boolean): Call;
  ended(outlet: Outlet, transaction: Transaction, facts: Facts, cause: EndCause, isLate: boolean): Call;
  /** Outside of what a transaction tells by itself. */
  measured(outlet: Outlet, transaction: Transaction | undefined, facts: Facts): Call;
  /** s; 0: never */
  sampleIntervalS(): number;
  /** Of a connection that begins without BootNotification. */
  heartbeatS(): number;
  measurands(): string[];
  rules: Rules;
  /** @throws RPC errors of ocpp-rpc */
  answer(action: string, params: unknown): object;
}

/** Settings by which the station as such behaves, under whatever name. */
export interface Rules {
  connectionTimeoutS(): number;
  authorizesRemoteStart(): boolean;
  isListOn(): boolean;
  trustsListOnline(): boolean;
  trustsListOffline(): boolean;
  trustsAllOffline(): boolean;
  attempts(): number;
  retryS(): number;
}

/** What the station does when it is told to. */
export interface Desk {
  readonly nameplate: Nameplate;
  readonly quirks: Quirks;
  readonly time: OwnTime;
  readonly outlets: readonly Outlet[];
  readonly profiles: ProfileStore;
  readonly localList: LocalList;
  remoteStart(evse: number | undefined, permission: Permission): boolean;
  remoteStop(transaction: string): boolean;
  /** when_idle: after the last transaction (2.x); the others end them. */
  reset(how: 'soft' | 'hard' | 'when_idle'): void;
  /** Messages about transactions that are not told yet. */
  waiting(): number;
  setAvailability(evse: number, isOperative: boolean): 'Accepted' | 'Scheduled' | 'Rejected';
  /** @returns false where it does not know what to send */
  trigger(message: string, evse: number | undefined): boolean;
  install(evse: number, profile: ChargingProfile): boolean;
  schedule(evse: number, durationS: number, unit: Unit): Period[];
  unlock(evse: number): 'unlocked' | 'busy' | 'unknown';
  /** 1.6: the transaction ends, then the cable is free. */
  endForUnlock(evse: number): void;
  /** New measurands are in force. */
  remeasures(): void;
  /** Says it after the present call is answered. */
  say(calls: Call[]): void;
}

/** @throws FormationViolation in words */
export const readParams = <T>(schema: z.ZodType<T>, params: unknown): T => {
  const read = schema.safeParse(params);
  if (!read.success) throw createRPCError('FormationViolation', z.prettifyError(read.error));
  return read.data;
};

/** ISO text to ms; what cannot be read is absent. */
export const instant = z.string().transform((text) => {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
});

export const recurrencyS = { Daily: 86_400, Weekly: 604_800 } as const;
