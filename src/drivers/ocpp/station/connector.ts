/** One EVSE as it is now: what it said last, what it measures, and what can be concluded where it is silent. */
import type { Clock } from '../../../model/time.ts';
import type { Sample as DriverSample } from '../../driver.ts';
import type { Measure, PlugStatus } from '../words.ts';
import { type ChannelBook, channelOf, channelsOf, repeatStatesS } from './channels.ts';
import { forgetMeasured, type Measured, noteMeasures, noteRest, nothingMeasured } from './measured.ts';
import { createGate, type Gate, judge, noteTogether } from './plausible.ts';
import { energyOf } from './register.ts';
import { type PhaseRotation, toGridPart } from './rotation.ts';
import { durationOf, type Session } from './session.ts';
import { isAtRest, isInSession, isPluggedIn, normaliseStatus, type Status } from './status.ts';

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
  /** Monotonic: when it last measured what flows, or nothing could. */
  heardAt: number;
  /** What it said last of what it is doing. */
  said: PlugEvent | undefined;
  /** The transaction that runs here now. */
  session: Session | undefined;
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

/** Measured while current flows; 0 where none can. */
const flowing = new Set(['power', 'current', 'current_total', 'reactive_power', 'apparent_power']);

/** On one phase, what is said of all of them is said of that one. */
const ofOnePhase = (measure: Measure): Measure[] => {
  const { quantity, part } = measure;
  if (part !== undefined) return [measure];
  if (quantity === 'voltage') return [{ ...measure, part: 'l1' }];
  return quantity === 'current_total' ? [measure, { ...measure, quantity: 'current', part: 'l1' }] : [measure];
};

export const createConnector = (evse: number, surroundings: Surroundings): Connector => ({
  evse,
  surroundings,
  plug: undefined,
  status: 'unknown',
  measured: nothingMeasured(),
  heardAt: Number.NEGATIVE_INFINITY,
  said: undefined,
  session: undefined,
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

const push = ({ told, due }: Connector, sample: DriverSample): void => {
  told[sample.channel] = sample.ts;
  due.push(sample);
};

const repeatMsOf = ({ all }: ChannelBook, channel: number): number => (all[channel]?.intervalS ?? repeatStatesS) * 1000;

const pushState = (connector: Connector, quantity: string, { value, raw }: State): void => {
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

const findStatus = ({ said, session, hasEnded }: Connector): Status => normaliseStatus(said?.status, session, hasEnded);

/** What a car may be given here: by the installation, the station and the cable. */
const showPlug = (connector: Connector): void => {
  const { evse, cableA, surroundings, status } = connector;
  const { phases, minCurrentA, maxCurrentA, supplyPhases } = surroundings;
  const isConnected = isPluggedIn(status);
  if (isConnected !== undefined) setState(connector, 'connected', isConnected);
  setState(connector, 'min_current', minCurrentA);
  setState(connector, 'max_current', Math.min(maxCurrentA, cableA));
  setState(connector, 'phases_available', Math.min(phases, supplyPhases(evse) ?? phases));
};

const showStatus = (connector: Connector): void => {
  const { evse, said } = connector;
  connector.status = findStatus(connector);
  connector.shownStatus = connector.status;
  setState(connector, 'status', connector.status, said?.raw.slice(0, 256));
  if (evse !== 0) showPlug(connector);
};

/** In whole minutes while it goes on. Of one that we found under way, nobody knows. */
const showDuration = (connector: Connector): void => {
  const { session, surroundings } = connector;
  const seconds = session && durationOf(session, surroundings.clock.now());
  if (seconds !== undefined) setState(connector, 'session_duration', seconds - (seconds % 60));
};

/** Of a register that contradicts the power, nothing is told before the session ends. */
const showEnergy = (connector: Connector): void => {
  const { session, gate } = connector;
  const energy = session && energyOf(session.register);
  if (energy !== undefined) setState(connector, 'session_energy', gate.suspectEnergy === undefined ? energy : null);
};

const showSessionId = (connector: Connector, id: string): void => {
  if (connector.shownSession === id) return;
  connector.shownSession = id;
  setState(connector, 'session_id', id);
};

/** Stations fall silent when a session is over: nothing flows. Without a cable that is no estimate. */
const rest = (connector: Connector): void => {
  const { evse, status, measured, surroundings } = connector;
  const { channels, clock } = surroundings;
  const ts = clock.now();
  const isEstimated = isPluggedIn(status) !== false;
  connector.heardAt = clock.monotonic();
  channelOf(channels, evse, 'power');
  for (const { channel, quantity } of channelsOf(channels, evse))
    if (flowing.has(quantity)) push(connector, { channel, value: 0, ts, ...(isEstimated && { isEstimated }) });
  noteRest(measured, connector.heardAt);
};

/** Also where the session is over, and the station did not say so by its status. */
const isResting = ({ evse, status, hasEnded, session }: Connector): boolean =>
  evse !== 0 && (isAtRest(status) || (hasEnded && session === undefined));

/** The connector says what it is doing. */
export const takePlug = (connector: Connector, event: PlugEvent): void => {
  const before = connector.status;
  const { status, errorCode = '', vendorErrorCode, info } = event;
  connector.said = event;
  if (status === 'available') connector.cableA = Number.POSITIVE_INFINITY;
  if (status === 'available' || (status !== 'occupied' && isInSession(status))) connector.hasEnded = false;
  showStatus(connector);
  const code = vendorErrorCode ? `${errorCode} ${vendorErrorCode}`.trim() : errorCode;
  setState(connector, 'error_code', code, info?.slice(0, 256));
  // A fault may be no more than a warning, and the car goes on: only its silence says that nothing flows.
  const isFaultOnly = connector.status === 'faulted' && connector.session !== undefined;
  if (connector.evse !== 0 && isAtRest(connector.status) && !isAtRest(before) && !isFaultOnly) rest(connector);
};

/** The transaction that runs here now. */
export const takeSession = (connector: Connector, session: Session | undefined, token?: string): void => {
  connector.session = session;
  if (session) connector.hasEnded = false;
  if (findStatus(connector) !== connector.shownStatus) showStatus(connector);
  showSessionId(connector, session?.transaction ?? '');
  showEnergy(connector);
  showDuration(connector);
  if (token !== undefined) setState(connector, 'id_tag', token);
};

/** A transaction ended, and nothing else runs. */
export const endSession = (connector: Connector): void => {
  connector.session = undefined;
  connector.hasEnded = true;
  showStatus(connector);
  showSessionId(connector, '');
  if (connector.states.has('id_tag')) setState(connector, 'id_tag', null);
  rest(connector);
};

/** 2.x: what the cable that is plugged in carries, A. */
export const takeCable = (connector: Connector, maxA: number): void => {
  connector.cableA = maxA;
  showPlug(connector);
};

/** @param at ms since 1970; older than what is known is not taken */
export const takeMeasures = (connector: Connector, measures: Measure[], at: number): void => {
  const { evse, surroundings, told, gate } = connector;
  const { phases, phaseRotation, channels, clock } = surroundings;
  const fresh = phases === 1 ? measures.flatMap(ofOnePhase) : measures;
  const believed: Measure[] = [];
  const heardAt = clock.monotonic();
  noteTogether(gate, fresh, at);
  for (const measure of fresh) {
    const { quantity, part, value, isDerived } = measure;
    const reason = judge(gate, measure, at);
    const channel = channelOf(channels, evse, quantity, toGridPart(phaseRotation, part));
    if (channel === undefined || at < (told[channel] ?? Number.NEGATIVE_INFINITY)) continue;
    if (flowing.has(quantity)) connector.heardAt = heardAt;
    if (reason !== undefined) push(connector, { channel, value: null, ts: at, reason, raw: String(value) });
    else {
      believed.push(measure);
      push(connector, isDerived ? { channel, value, ts: at, isEstimated: true } : { channel, value, ts: at });
    }
  }
  const active = noteMeasures(connector.measured, believed, heardAt);
  if (active !== undefined) setState(connector, 'phases_active', active);
};

/** The station has said what it supplies here. */
export const showSupply = (connector: Connector): void => {
  if (connector.said && connector.evse !== 0) showPlug(connector);
};

const repeatStates = (connector: Connector, now: number): void => {
  const { evse, states, told, surroundings } = connector;
  const { channels } = surroundings;
  connector.repeatFrom = Number.POSITIVE_INFINITY;
  for (const [quantity, state] of states) {
    const channel = channelOf(channels, evse, quantity);
    if (channel === undefined) continue;
    const dueAt = (told[channel] ?? 0) + repeatMsOf(channels, channel);
    if (now >= dueAt) pushState(connector, quantity, state);
    else connector.repeatFrom = Math.min(connector.repeatFrom, dueAt);
  }
};

/** Time passes: says again what does not change, and what nobody measures at rest. */
export const repeat = (connector: Connector): void => {
  const { clock, intervalMs } = connector.surroundings;
  const now = clock.now();
  showDuration(connector);
  if (now >= connector.repeatFrom) repeatStates(connector, now);
  const isQuiet = clock.monotonic() - connector.heardAt >= intervalMs;
  if (isQuiet && isResting(connector)) rest(connector);
};

/** Nothing is known any more. */
export const forgetAll = (connector: Connector): void => {
  const { evse, measured, states, surroundings } = connector;
  const { channels, clock } = surroundings;
  forgetMeasured(measured);
  states.clear();
  connector.shownStatus = undefined;
  connector.shownSession = undefined;
  connector.said = undefined;
  connector.status = findStatus(connector);
  connector.heardAt = Number.NEGATIVE_INFINITY;
  for (const { channel, quantity } of channelsOf(channels, evse))
    if (!/^energy_|^session_/.test(quantity))
      push(connector, { channel, value: null, ts: clock.now(), reason: 'device_offline' });
};

/** It charges on other phases from now on. */
export const forgetPhases = ({ measured }: Connector): void => {
  measured.phases = undefined;
};

/** Adds what is to be told since the last time. */
export const drain = ({ due }: Connector, to: DriverSample[]): void => {
  for (const sample of due) to.push(sample);
  // The same list goes on: one that lives until the next message V8 soon makes in its old generation, and with each
  // that is garbage there, its samples are kept.
  due.length = 0;
};
