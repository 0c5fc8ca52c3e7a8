/**
 * A charging station as it behaves: every event is answered at once, and told on as samples and events. Whatever
 * comes late counts for the session it belongs to, and never overwrites what is known to be newer.
 */
import { hashTag } from '../../../model/identity.ts';
import type { Clock, Timer } from '../../../model/time.ts';
import type { DriverEvent, Sample as DriverSample } from '../../driver.ts';
import type { Quirks } from '../quirks.ts';
import type { Decision, Measure, Sample, StationEvent, Token } from '../words.ts';
import { componentOf, createAlarms } from './alarms.ts';
import type { Authoriser } from './authorisation.ts';
import type { ChannelBook } from './channels.ts';
import type { Connector } from './connector.ts';
import { createConnectors } from './connectors.ts';
import { putRight } from './factors.ts';
import type { Memory } from './memory.ts';
import { energyOf, registerReadings } from './register.ts';
import type { PhaseRotation } from './rotation.ts';
import { durationOf, type Session, sessionEnded, sessionStarted, signedValues } from './session.ts';
import { isInSession } from './status.ts';
import { tidingOf } from './tidings.ts';
import { createTimekeeper, type Moment } from './timekeeper.ts';
import type { TransactionBook } from './transactions.ts';

type EventOf<K extends StationEvent['kind']> = Extract<StationEvent, { kind: K }>;

export interface StationOptions {
  identity: string;
  /** Between two samples, s. */
  intervalS: number;
  /** Of the installation. */
  phases: number;
  phaseRotation?: PhaseRotation;
  minCurrentA: number;
  maxCurrentA: number;
  quirks(): Quirks;
  authoriser: Authoriser;
  /** Between two heartbeats of the station, s. */
  heartbeatS: number;
}

export interface StationSink {
  samples(samples: DriverSample[]): void;
  event(event: DriverEvent): void;
  /** Something of the description is new. */
  described(): void;
  /** Something is charging, or not any more, or a car came or went. */
  moved(evse: number): void;
  /** What a profile of ours says now. */
  inForce(profile: number): number | undefined;
  /** It tells of charging profiles that lie in it. */
  profiles(event: EventOf<'profiles'>): void;
}

export interface Station {
  /** @throws CallFailure where the station has to tell it again */
  handle(event: StationEvent): Decision | Promise<Decision>;
  connected(): void;
  disconnected(): void;
  /** Sessions that ended and that nobody was told of for sure. */
  start(): void;
  /** Time passes. */
  tick(): void;
  /** EVSEs by number, without the station as a whole. */
  evses(): number[];
  connector(evse: number): Connector;
  /** Tells what a connector has to tell. */
  flush(): void;
  close(): void;
}

/** A station tells the end of a session again and again; after this long it has lost it, ms. */
const lostAfterMs = 3_600_000;
/** After this long, what was told has reached the outbox, ms; before, a crash has it told again. */
const toldAfterMs = 5000;

const describeSkew = (ms: number | undefined): string | undefined =>
  ms === undefined
    ? undefined
    : `its clock is more than 10 minutes ${ms > 0 ? 'ahead' : 'behind'}; the times here are used`;

export const createStation = (
  { identity, intervalS, quirks, authoriser, heartbeatS, ...installation }: StationOptions,
  book: TransactionBook,
  channels: ChannelBook,
  memory: Memory,
  clock: Clock,
  sink: StationSink,
): Station => {
  const time = createTimekeeper(clock);
  const connectors = createConnectors(
    { ...installation, intervalMs: intervalS * 1000 },
    channels,
    memory,
    clock,
    sink.described,
  );
  const connector = connectors.of;
  const alarms = createAlarms(sink.event);

  const flush = (): void => {
    const samples = connectors.drain();
    if (samples.length > 0) sink.samples(samples);
  };

  const judge = (at: number | undefined, isOffline?: boolean): Moment => {
    const moment = time.judge(quirks().ignoresTime ? undefined : at, isOffline);
    alarms.set(0, 'clock_skew', 'warning', describeSkew(time.skewMs()));
    return moment;
  };

  const placed = <T extends { evse?: number }>(event: T): T => {
    const evse = connectors.place(event.evse);
    return evse === 0 || evse === event.evse ? event : { ...event, evse };
  };

  /** Ends that are on their way to the outbox. */
  const telling = new Set<Timer>();

  const tellEnded = (session: Session): void => {
    sink.event(sessionEnded(identity, session));
    const timer = clock.after(toldAfterMs, () => {
      telling.delete(timer);
      book.tell(session);
    });
    telling.add(timer);
  };

  const tellLive = (session: Session): void => {
    if (book.seenLive(session)) sink.event(sessionStarted(identity, session));
  };

  const tellSigned = (evse: number | undefined, transaction: string | undefined, samples: Sample[]): void => {
    for (const event of signedValues(identity, evse, transaction, samples)) sink.event(event);
  };

  const registersOf = (measures: Measure[]): Measure[] =>
    measures.filter(({ quantity }) => /^energy_(im|ex)ported$/.test(quantity));

  /**
   * Live values; of the ends of a session only what the meter says.
   * @returns whether any of them is from now
   */
  const takeSamples = (evse: number, samples: Sample[], isOffline: boolean): boolean => {
    const own = connector(evse);
    let isLive = false;
    for (const { at, context, measures } of samples) {
      const moment = judge(at, isOffline);
      if (moment.isReplay) continue;
      isLive = true;
      own.take(context === 'live' ? measures : registersOf(measures), moment.at);
    }
    alarms.set(evse, 'unit_suspect', 'warning', own.suspicion());
    return isLive;
  };

  const takeRegister = (evse: number, wh: number | undefined, moment: Moment): void => {
    if (wh === undefined || moment.isReplay) return;
    connector(evse).take([{ quantity: 'energy_imported', value: wh, unit: 'Wh' }], moment.at);
  };

  const authorize = (
    token: Token | undefined,
    isLate: boolean,
    decided: (authorization: NonNullable<Decision['authorization']>) => Decision,
    decide = authoriser.decide,
  ): Decision | Promise<Decision> | undefined => {
    if (!token) return undefined;
    const authorization = isLate ? authoriser.settled(token) : decide(token);
    return authorization instanceof Promise ? authorization.then(decided) : decided(authorization);
  };

  const takeStatus = (event: EventOf<'status'>): void => {
    const { evse, connector: plug, status } = event;
    const own = connector(evse);
    if (plug !== undefined) own.plug = plug;
    if (evse !== 0 && status === 'available') {
      book.detach(evse);
      own.inSession(undefined);
    }
    own.plugged(event);
    alarms.fault(event);
    sink.moved(evse);
  };

  const takeStart = (event: EventOf<'transaction_started'>): Decision | Promise<Decision> => {
    const { evse, token, samples, isOffline } = event;
    const moment = judge(event.at, isOffline);
    const { session, isNew, lost } = book.started(event, moment.at, moment.isReplay);
    for (const each of lost) tellEnded(each);
    if (isNew && !moment.isReplay) sink.event(sessionStarted(identity, session));
    tellSigned(evse, session.transaction, samples);
    const own = connector(evse);
    if (!moment.isReplay && session.state === 'running') {
      own.inSession(session, token?.id);
      if (event.cableMaxA !== undefined) own.cabled(event.cableMaxA);
      takeRegister(evse, event.meterStartWh, moment);
    }
    takeSamples(evse, samples, isOffline);
    sink.moved(evse);
    const transaction = event.transaction === undefined ? { transaction: Number(session.transaction) } : {};
    const decided = (authorization: NonNullable<Decision['authorization']>): Decision => {
      // It was let in a moment ago, and is not any more.
      if (token && authorization === 'concurrent_tx')
        sink.event({
          component: componentOf(evse),
          name: 'authorized',
          severity: 'warning',
          data: { id_tag: hashTag(token.id), status: authorization },
        });
      return { ...transaction, authorization };
    };
    const begin = (begun: Token) => authoriser.begin(begun, evse);
    return authorize(token, moment.isReplay, decided, begin) ?? transaction;
  };

  const takeUpdate = (event: EventOf<'transaction_updated'>): Decision | Promise<Decision> => {
    const { samples, isOffline, token } = event;
    const moment = judge(event.at, isOffline);
    const { session, isNew, lost } = book.updated(placed(event), moment.at, moment.isReplay);
    for (const each of lost) tellEnded(each);
    const evse = connectors.place(session.evse);
    tellSigned(evse, session.transaction, samples);
    if (!moment.isReplay && session.state === 'running') {
      if (isNew) sink.event(sessionStarted(identity, session));
      else tellLive(session);
      connector(evse).inSession(session, token?.id);
      if (event.cableMaxA !== undefined) connector(evse).cabled(event.cableMaxA);
    }
    takeSamples(evse, samples, isOffline);
    sink.moved(evse);
    return authorize(token, moment.isReplay, (authorization) => ({ authorization })) ?? {};
  };

  const takeEnd = (event: EventOf<'transaction_ended'>): Decision => {
    const { samples, isOffline, token, meterStopWh } = event;
    const moment = judge(event.at, isOffline);
    // Of one that is over for long, nothing can be concluded about now.
    const isOfNow = !moment.isReplay || book.find(event.transaction)?.state === 'running';
    const { session, isNew } = book.ended(placed(event), moment.at);
    const evse = connectors.place(session.evse);
    tellSigned(evse, session.transaction, samples);
    if (!isNew) return token ? { authorization: authoriser.settled(token) } : {};
    tellEnded(session);
    takeSamples(evse, samples, isOffline);
    takeRegister(evse, meterStopWh, moment);
    if (evse !== 0 && isOfNow && !book.running(evse)) {
      connector(evse).set('session_energy', energyOf(session.register) ?? null);
      connector(evse).set('session_duration', durationOf(session, clock.now()) ?? null);
      connector(evse).sessionEnded();
    }
    sink.moved(evse);
    return token ? { authorization: authoriser.settled(token) } : {};
  };

  /** The session that meter values belong to; one that we know nothing of is taken up where something charges. */
  const sessionOf = (evse: number, transaction: string | undefined): Session | undefined => {
    if (evse === 0) return undefined;
    const running = book.running(evse);
    if (transaction === undefined) return running;
    const known = book.find(transaction);
    if (known) return known.state === 'ended' ? undefined : known;
    if (running || !isInSession(connector(evse).status())) return undefined;
    const adopted = book.adopt(transaction, evse, clock.now());
    if (adopted) sink.event(sessionStarted(identity, adopted));
    return adopted;
  };

  const takeMeterValues = ({ evse: given, transaction, samples }: EventOf<'meter_values'>): void => {
    const evse = connectors.place(given);
    tellSigned(evse, transaction, samples);
    let session = sessionOf(evse, transaction);
    if (session) for (const { wh } of registerReadings(samples)) session = book.measured(session, wh);
    const isLive = takeSamples(evse, samples, false);
    if (!isLive || session?.state !== 'running') return;
    tellLive(session);
    connector(evse).inSession(book.find(session.transaction));
  };

  const takeBoot = (event: EventOf<'boot'>): Decision => {
    const { vendor, model, serial, firmware, meterSerial } = event;
    memory.note({
      boot: {
        vendor,
        model,
        ...(serial && { serial }),
        ...(firmware && { firmware }),
        ...(meterSerial && { meterSerial }),
      },
    });
    sink.described();
    return { registration: 'accepted', intervalS: heartbeatS };
  };

  const decide = (event: StationEvent): Decision | Promise<Decision> => {
    switch (event.kind) {
      case 'boot':
        return takeBoot(event);
      case 'status':
        takeStatus(event);
        return {};
      case 'authorize':
        return (
          authorize(event.token, false, (authorization) => {
            const data = { id_tag: hashTag(event.token.id), status: authorization };
            sink.event({ name: 'authorized', severity: 'info', data });
            return { authorization };
          }) ?? {}
        );
      case 'transaction_started':
        return takeStart(event);
      case 'transaction_updated':
        return takeUpdate(event);
      case 'transaction_ended':
        return takeEnd(event);
      case 'meter_values':
        takeMeterValues(event);
        return {};
      case 'variables':
        // 2.x: some say by an event what others say by their status.
        for (const state of event.statuses ?? []) takeStatus({ kind: 'status', ...state });
        return {};
      case 'schedule_pull': {
        const limit = sink.inForce(event.profile);
        return limit === undefined ? {} : { limit };
      }
      case 'profiles':
        sink.profiles(event);
        return {};
      case 'security_event':
      case 'charging_limit':
      case 'priority_charging':
        sink.event(tidingOf(event, (transaction) => book.find(transaction)?.evse));
        return {};
      case 'data_transfer':
        // Some repeat what they have to say until it is accepted.
        return { isVendorKnown: true };
      default:
        return {};
    }
  };

  return {
    handle(event) {
      const { factors } = quirks();
      const decision = decide(factors ? putRight(event, factors) : event);
      flush();
      return decision;
    },
    connected: time.connected,
    disconnected() {
      for (const each of connectors.all()) each.lost();
      flush();
    },
    start() {
      for (const session of book.untold()) tellEnded(session);
      for (const evse of connectors.numbers()) {
        const session = book.running(evse);
        if (session) connector(evse).inSession(session);
      }
      flush();
    },
    tick() {
      for (const session of book.lose(clock.now() - lostAfterMs)) tellEnded(session);
      for (const each of connectors.all()) each.repeat();
      flush();
    },
    evses: connectors.numbers,
    connector,
    flush,
    close() {
      for (const timer of telling) timer.cancel();
    },
  };
};
