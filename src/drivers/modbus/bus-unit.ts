/** A unit on a bus: its queue, and what is known of how it answers. */
import type { ModbusFailure, ReadRequest, Request } from './request.ts';

export interface UnitLimits {
  timeoutMs: number;
  maxInFlight: number;
  /** Silence between two requests to this unit, ms. */
  interRequestMs: number;
}

export interface Job {
  request: Request;
  /** Monotonic. */
  notAfter: number;
  /** Monotonic time until which a second attempt has to be over. */
  againUntil: number;
  retries: number;
  /** What the attempt before failed with. */
  failure: ModbusFailure | undefined;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

export interface Unit {
  id: number;
  users: UnitLimits[];
  limits: UnitLimits;
  /** Writes first, then reads, each in their order. */
  queue: Job[];
  inFlight: number;
  /** Bus time this unit has used, ms; whoever used least goes first. */
  used: number;
  freeAt: number;
  /** Answers in a row that only said that it is busy. */
  busy: number;
  failures: number;
  isDead: boolean;
  reason: string;
  /** It answers, but later than its timeout; in words. */
  slowness: string | undefined;
  lastRequest: ReadRequest | undefined;
  lastProbeAt: number;
  probes: number;
  /** Monotonic. */
  lastAnswerAt: number;
  /** Smoothed time of good answers, ms. */
  usualMs: number | undefined;
  /** The slowest answer that came after its time was over, ms. */
  lateMs: number | undefined;
  /** What it is given since such an answer, ms. */
  learntTimeoutMs: number | undefined;
  /** Answers in a row that did not need it. */
  timely: number;
}

/** A unit that is busy is asked again, twice as long after each time. */
const busyPauseMs = 100;
const longestBusyPauseMs = 2000;

export const createUnit = (id: number): Unit => ({
  id,
  users: [],
  limits: { timeoutMs: 0, maxInFlight: 1, interRequestMs: 0 },
  queue: [],
  inFlight: 0,
  used: 0,
  freeAt: 0,
  busy: 0,
  failures: 0,
  isDead: false,
  reason: '',
  slowness: undefined,
  lastRequest: undefined,
  lastProbeAt: 0,
  probes: 0,
  lastAnswerAt: Number.NEGATIVE_INFINITY,
  usualMs: undefined,
  lateMs: undefined,
  learntTimeoutMs: undefined,
  timely: 0,
});

export const timeoutOf = ({ limits, learntTimeoutMs = 0 }: Unit): number => Math.max(limits.timeoutMs, learntTimeoutMs);

/** The strictest of all devices on one unit. */
const strictest = (users: UnitLimits[]): UnitLimits => ({
  timeoutMs: Math.max(...users.map((u) => u.timeoutMs)),
  maxInFlight: Math.min(...users.map((u) => u.maxInFlight)),
  interRequestMs: Math.max(...users.map((u) => u.interRequestMs)),
});

/** @param fixed what the integrator entered for the whole connection */
export const setUsers = (unit: Unit, users: UnitLimits[], fixed: Partial<UnitLimits>): void => {
  unit.users = users;
  if (users.length > 0) unit.limits = { ...strictest(users), ...fixed };
};

/** An answer, also a refusing one, proves the unit alive; 10 and 11 come from a gateway in its place. */
export const provesLife = ({ kind, code }: ModbusFailure): boolean =>
  kind === 'unconfirmed' || (kind === 'exception' && code !== 10 && code !== 11);

/** MODBUS Application Protocol V1.1b3 §7: acknowledge (still working) and server device busy; to be asked later. */
export const saysBusy = (failure: ModbusFailure): boolean =>
  failure.kind === 'exception' && (failure.code === 5 || failure.code === 6);

export const busyPause = ({ busy }: Unit): number =>
  busy === 0 ? 0 : Math.min(longestBusyPauseMs, busyPauseMs * 2 ** (busy - 1));
