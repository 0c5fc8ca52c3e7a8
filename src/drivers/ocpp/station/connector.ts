/** One EVSE as it is now: what it said last and measures, and what is to be told of it. */
import type { Clock } from '../../../model/time.ts';
import type { Sample as DriverSample } from '../../driver.ts';
import type { PlugStatus } from '../words.ts';
import { type ChannelBook, channelOf, repeatStatesS } from './channels.ts';
import { createFlow, type Flow } from './flow.ts';
import { type Measured, nothingMeasured } from './measured.ts';
import { createGate, type Gate } from './plausible.ts';
import type { PhaseRotation } from './rotation.ts';
import type { Session } from './session.ts';
import type { Status } from './status.ts';

export interface PlugEvent {
  status: PlugStatus;
  raw: string;
  errorCode?: string;
  vendorErrorCode?: string;
  info?: string;
}

/** What is the same for all EVSEs of a station. */
export interface Surroundings {
  /** Of the installation. */
  phases: number;
  phaseRotation: PhaseRotation;
  /** Of the installation, A per phase. */
  minCurrentA: number;
  maxCurrentA: number;
  /** Between two samples of the station. */
  intervalMs: number;
  /** Phases that the station supplies there, where it says so. */
  supplyPhases(evse: number): number | undefined;
  channels: ChannelBook;
  clock: Clock;
}

interface State {
  value: DriverSample['value'];
  raw: string | undefined;
}

/** Thousands of these are at work: a record. */
export interface Connector {
  readonly evse: number;
  readonly surroundings: Surroundings;
  /** 2.x, of the EVSE; for unlocking. */
  plug: number | undefined;
  status: Status;
  readonly measured: Measured;
  /** The power by the register of the session. */
  readonly flow: Flow;
  /** Monotonic: when it last measured what flows, or nothing could. */
  heardAt: number;
  /** Monotonic: when it last told its power by itself. */
  powerAt: number;
  /** Factor of the numbers of its register, by the unit that it said last. */
  registerFactor: number;
  /** Nothing flows, as a conclusion that is told. */
  isRested: boolean;
  /** What it said last of what it is doing. */
  said: PlugEvent | undefined;
  /** When it was available, as it said last; ms since 1970. */
  availableAt: number;
  /** The transaction that runs here now. */
  session: Session | undefined;
  /** Its register, as it was written down before a restart: it may have risen since. */
  oldRegister: Session['register'] | undefined;
  /** A transaction ended since the car was plugged in. */
  hasEnded: boolean;
  /** What the cable carries, A. */
  cableA: number;
  readonly gate: Gate;
  /** To be told. */
  readonly due: DriverSample[];
  /** By channel, when what was told last was measured; ms since 1970. */
  readonly told: (number | undefined)[];
  /** States by quantity, said again from time to time. */
  readonly states: Map<string, State>;
  /** None of them has to be said again before, ms since 1970. */
  repeatFrom: number;
  /** Among the states, and looked at with every message; undefined: not said yet. */
  shownStatus: Status | undefined;
  shownSession: string | undefined;
}

export const createConnector = (evse: number, surroundings: Surroundings): Connector => ({
  evse,
  surroundings,
  plug: undefined,
  status: 'unknown',
  measured: nothingMeasured(),
  flow: createFlow(),
  heardAt: Number.NEGATIVE_INFINITY,
  powerAt: Number.NEGATIVE_INFINITY,
  registerFactor: 1,
  isRested: false,
  said: undefined,
  availableAt: Number.NEGATIVE_INFINITY,
  session: undefined,
  oldRegister: undefined,
  hasEnded: false,
  cableA: Number.POSITIVE_INFINITY,
  gate: createGate(),
  due: [],
  told: [],
  states: new Map(),
  repeatFrom: Number.POSITIVE_INFINITY,
  shownStatus: undefined,
  shownSession: undefined,
});

export const push = ({ told, due }: Connector, sample: DriverSample): void => {
  told[sample.channel] = sample.ts;
  due.push(sample);
};

export const repeatMsOf = ({ all }: ChannelBook, channel: number): number =>
  (all[channel]?.intervalS ?? repeatStatesS) * 1000;

export const pushState = (connector: Connector, quantity: string, { value, raw }: State): void => {
  const { channels, clock } = connector.surroundings;
  const channel = channelOf(channels, connector.evse, quantity);
  if (channel === undefined) return;
  const ts = clock.now();
  push(connector, raw === undefined ? { channel, value, ts } : { channel, value, ts, raw });
  connector.repeatFrom = Math.min(connector.repeatFrom, ts + repeatMsOf(channels, channel));
};

/** What is said when it changes: the status, or a state of ours that belongs to it, as the limit in force. */
export const setState = (connector: Connector, quantity: string, value: DriverSample['value'], raw?: string): void => {
  const known = connector.states.get(quantity);
  if (known && known.value === value && known.raw === raw) return;
  const state = { value, raw };
  connector.states.set(quantity, state);
  pushState(connector, quantity, state);
};

/** Adds what is to be told since the last time. */
export const drain = ({ due }: Connector, to: DriverSample[]): void => {
  for (const sample of due) to.push(sample);
  // The same list goes on: one that lives until the next message V8 soon makes in its old generation, and with each
  // that is garbage there, its samples are kept.
  due.length = 0;
};
