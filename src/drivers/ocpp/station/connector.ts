/** One EVSE as it is now: what it said last, what it measures, and what can be concluded where it is silent. */
import type { Clock } from '../../../model/time.ts';
import type { Sample as DriverSample } from '../../driver.ts';
import type { Measure, PlugStatus } from '../words.ts';
import type { ChannelBook } from './channels.ts';
import { createMeter, type Measured } from './measured.ts';
import { createGate } from './plausible.ts';
import { energyOf } from './register.ts';
import { createRotation, type PhaseRotation } from './rotation.ts';
import { durationOf, type Session } from './session.ts';
import { isAtRest, isInSession, isPluggedIn, normaliseStatus, type Status } from './status.ts';

export interface PlugEvent {
  status: PlugStatus;
  raw: string;
  errorCode?: string;
  vendorErrorCode?: string;
  info?: string;
}

export interface Connector {
  readonly evse: number;
  /** 2.x, of the EVSE; for unlocking. */
  plug: number | undefined;
  status(): Status;
  /** Of this moment: it changes in place. */
  measured(): Measured;
  /** The connector says what it is doing. */
  plugged(event: PlugEvent): void;
  /** The transaction that runs here now. */
  inSession(session: Session | undefined, token?: string): void;
  /** A transaction ended, and nothing else runs. */
  sessionEnded(): void;
  /** 2.x: what the cable that is plugged in carries, A. */
  cabled(maxA: number): void;
  /** @param at ms since 1970; older than what is known is not taken */
  take(measures: Measure[], at: number): void;
  /** A state of ours that belongs to it: the limit in force. */
  set(quantity: string, value: number | string | null): void;
  /** Says again what does not change, and what nobody measures at rest. */
  repeat(): void;
  /** Nothing is known any more. */
  lost(): void;
  /** It charges on other phases from now on. */
  forgetPhases(): void;
  /** Adds what is to be told since the last time. */
  drain(to: DriverSample[]): void;
  suspicion(): string | undefined;
  /** Monotonic: when it last measured what flows, or nothing could. */
  heardAt(): number;
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

export interface ConnectorOptions {
  evse: number;
  /** Of the installation. */
  phases: number;
  phaseRotation?: PhaseRotation;
  /** Of the installation, A per phase. */
  minCurrentA: number;
  maxCurrentA: number;
  /** Phases that the station supplies here, where it says so. */
  supplyPhases(): number | undefined;
  /** Between two samples of the station. */
  intervalMs: number;
}

export const createConnector = (
  { evse, phases, phaseRotation = 'L1L2L3', minCurrentA, maxCurrentA, supplyPhases, intervalMs }: ConnectorOptions,
  channels: ChannelBook,
  clock: Clock,
): Connector => {
  const toGrid = createRotation(phaseRotation);
  const gate = createGate();
  const due: DriverSample[] = [];
  let plug: PlugEvent | undefined;
  let session: Session | undefined;
  let hasEnded = false;
  let cableA = Number.POSITIVE_INFINITY;
  const meter = createMeter(clock);
  /** By channel, when what was told last was measured; ms since 1970. */
  const told: (number | undefined)[] = [];
  /** States by quantity, said again from time to time. */
  const states = new Map<string, { value: DriverSample['value']; raw?: string }>();
  let flowAt = Number.NEGATIVE_INFINITY;

  const push = (sample: DriverSample): void => {
    told[sample.channel] = sample.ts;
    due.push(sample);
  };

  const pushState = (quantity: string, value: DriverSample['value'], raw?: string): void => {
    const channel = channels.of(evse, quantity);
    if (channel !== undefined) push({ channel, value, ts: clock.now(), ...(raw === undefined ? {} : { raw }) });
  };

  const set = (quantity: string, value: DriverSample['value'], raw?: string): void => {
    const known = states.get(quantity);
    if (known && known.value === value && known.raw === raw) return;
    states.set(quantity, { value, ...(raw === undefined ? {} : { raw }) });
    pushState(quantity, value, raw);
  };

  const status = (): Status => normaliseStatus(plug?.status, session, hasEnded);

  const showStatus = (): void => {
    const now = status();
    set('status', now, plug?.raw.slice(0, 256));
    if (evse !== 0) showPlug(isPluggedIn(now));
  };

  /** And what a car may be given here: by the installation, the station and the cable. */
  const showPlug = (connected: boolean | undefined): void => {
    if (connected !== undefined) set('connected', connected);
    set('min_current', minCurrentA);
    set('max_current', Math.min(maxCurrentA, cableA));
    set('phases_available', Math.min(phases, supplyPhases() ?? phases));
  };

  const showSession = (): void => {
    set('session_id', session?.transaction ?? '');
    const energy = session && energyOf(session.register);
    if (energy !== undefined) set('session_energy', energy);
    showDuration();
  };

  /** In whole minutes while it goes on. Of one that we found under way, nobody knows. */
  const showDuration = (): void => {
    const seconds = session && durationOf(session, clock.now());
    if (seconds !== undefined) set('session_duration', seconds - (seconds % 60));
  };

  /** Stations fall silent when a session is over: nothing flows. Without a cable that is no estimate. */
  const rest = (): void => {
    const ts = clock.now();
    const isEstimated = isPluggedIn(status()) !== false;
    flowAt = clock.monotonic();
    channels.of(evse, 'power');
    for (const { channel, quantity } of channels.known(evse))
      if (flowing.has(quantity)) push({ channel, value: 0, ts, ...(isEstimated && { isEstimated }) });
    meter.rest();
  };

  /** Also where the session is over, and the station did not say so by its status. */
  const isResting = (): boolean => evse !== 0 && (isAtRest(status()) || (hasEnded && session === undefined));

  return {
    evse,
    plug: undefined,
    status,
    measured: meter.measured,
    plugged(event) {
      const before = status();
      plug = event;
      if (event.status === 'available') cableA = Number.POSITIVE_INFINITY;
      if (event.status === 'available' || (event.status !== 'occupied' && isInSession(event.status))) hasEnded = false;
      showStatus();
      const { errorCode = '', vendorErrorCode, info } = event;
      set('error_code', vendorErrorCode ? `${errorCode} ${vendorErrorCode}`.trim() : errorCode, info?.slice(0, 256));
      if (evse !== 0 && isAtRest(status()) && !isAtRest(before)) rest();
    },
    inSession(next, token) {
      session = next;
      if (next) hasEnded = false;
      showStatus();
      showSession();
      if (token !== undefined) set('id_tag', token);
    },
    sessionEnded() {
      session = undefined;
      hasEnded = true;
      showStatus();
      set('session_id', '');
      if (states.has('id_tag')) set('id_tag', null);
      rest();
    },
    cabled(maxA) {
      cableA = maxA;
      showPlug(isPluggedIn(status()));
    },
    take(measures, at) {
      const fresh = phases === 1 ? measures.flatMap(ofOnePhase) : measures;
      const believed: Measure[] = [];
      const heardAt = clock.monotonic();
      gate.note(fresh, at);
      for (const measure of fresh) {
        const { quantity, part, value } = measure;
        const reason = gate.judge(measure, at);
        const channel = channels.of(evse, quantity, toGrid(part));
        if (channel === undefined || at < (told[channel] ?? Number.NEGATIVE_INFINITY)) continue;
        if (flowing.has(quantity)) flowAt = heardAt;
        if (reason !== undefined) push({ channel, value: null, ts: at, reason, raw: String(value) });
        else {
          believed.push(measure);
          push(measure.isDerived ? { channel, value, ts: at, isEstimated: true } : { channel, value, ts: at });
        }
      }
      const active = meter.take(believed);
      if (active !== undefined) set('phases_active', active);
    },
    set,
    repeat() {
      showDuration();
      if (plug && evse !== 0) showPlug(isPluggedIn(status()));
      for (const [quantity, { value, raw }] of states) {
        const channel = channels.of(evse, quantity);
        const { intervalS = 0 } = (channel !== undefined && channels.all()[channel]) || {};
        if (channel === undefined || clock.now() - (told[channel] ?? 0) < intervalS * 1000) continue;
        pushState(quantity, value, raw);
      }
      const isQuiet = clock.monotonic() - flowAt >= intervalMs;
      if (isResting() && isQuiet) rest();
    },
    lost() {
      meter.forget();
      plug = undefined;
      states.clear();
      flowAt = Number.NEGATIVE_INFINITY;
      for (const { channel, quantity } of channels.known(evse))
        if (!/^energy_|^session_/.test(quantity))
          push({ channel, value: null, ts: clock.now(), reason: 'device_offline' });
    },
    forgetPhases: meter.forgetPhases,
    drain(to) {
      for (const sample of due) to.push(sample);
      // The same list goes on: one that lives until the next message V8 soon makes in its old generation, and with each
      // that is garbage there, its samples are kept.
      due.length = 0;
    },
    suspicion: gate.suspicion,
    heardAt: () => flowAt,
  };
};
