/**
 * What a station measures, as live values of its connectors: only what is from now, and of a session's ends only what
 * the meter says. Signed values are passed on untouched.
 */
import type { Measure, Sample } from '../words.ts';
import { setAlarm } from './alarms.ts';
import { connectorOf, placeOf } from './connectors.ts';
import { detached, drawsOn, goOn, isConcluded, isMeasuredOn, loseDoubles } from './lost-ends.ts';
import { suspicion } from './plausible.ts';
import { lookAtStatus, takeSession } from './plug.ts';
import { registerReadings } from './register.ts';
import { type Session, signedValues } from './session.ts';
import { type EventOf, type Station, tellEnded, tellLive, tellStarted } from './station.ts';
import { isInSession } from './status.ts';
import { judgeTime, type Moment, wrongBy } from './timekeeper.ts';
import { running as runningOn } from './transaction-book.ts';
import { adopt, measured } from './transactions.ts';
import { takeMeasures } from './values.ts';

const describeSkew = (ms: number | undefined): string | undefined =>
  ms === undefined
    ? undefined
    : `its clock is more than 10 minutes ${ms > 0 ? 'ahead' : 'behind'}; the times here are used`;

export const judge = (station: Station, at: number | undefined, isOffline: boolean): Moment => {
  const { time, alarms, clock, quirks } = station;
  const moment = judgeTime(time, quirks().ignoresTime ? undefined : at, isOffline, clock);
  if (moment.isReplay) station.replayedAt = clock.monotonic();
  setAlarm(alarms, 0, 'clock_skew', 'warning', describeSkew(wrongBy(time)));
  return moment;
};

export const tellSigned = (
  { identity, sink }: Station,
  evse: number | undefined,
  transaction: string | undefined,
  samples: Sample[],
): void => {
  for (const event of signedValues(identity, evse, transaction, samples)) sink.event(event);
};

const registersOf = (measures: Measure[]): Measure[] =>
  measures.filter(({ quantity }) => /^energy_(im|ex)ported$/.test(quantity));

/**
 * Live values; of the ends of a session only what the meter says.
 * @param evse undefined: nobody knows where
 * @returns whether any of them is from now
 */
export const takeSamples = (
  station: Station,
  evse: number | undefined,
  samples: Sample[],
  isOffline: boolean,
): boolean => {
  if (evse === undefined) return false;
  const own = connectorOf(station.connectors, evse);
  let isLive = false;
  for (const { at, context, measures } of samples) {
    const moment = judge(station, at, isOffline);
    if (moment.isReplay) continue;
    isLive = true;
    const isNow = context === 'live';
    takeMeasures(own, isNow ? measures : registersOf(measures), moment.at, isNow);
  }
  if (isLive && own.session) lookAtStatus(own);
  setAlarm(station.alarms, evse, 'unit_suspect', 'warning', suspicion(own.gate));
  return isLive;
};

export const takeRegister = (
  station: Station,
  evse: number | undefined,
  wh: number | undefined,
  moment: Moment,
): void => {
  if (evse === undefined || wh === undefined || moment.isReplay) return;
  takeMeasures(
    connectorOf(station.connectors, evse),
    [{ quantity: 'energy_imported', value: wh, unit: 'Wh' }],
    moment.at,
    false,
  );
};

/** All of them were taken since then, by our clock. @param from ms */
const areSince = (station: Station, samples: Sample[], from: number): boolean =>
  samples.every(({ at }) => judge(station, at, false).at >= from);

/** The session of that number, which may have been taken for over, at its place. */
const namedOn = (station: Station, named: Session, samples: Sample[]): Session | undefined => {
  const { book, connectors } = station;
  const { evse = 0, state } = named;
  if (state === 'running') return named;
  if (state === 'ended' && !isConcluded(named)) return undefined;
  const isHere = connectorOf(connectors, evse).status !== 'available';
  if (isHere && (isMeasuredOn(named, samples) || drawsOn(named, samples))) return goOn(book, named);
  return state === 'ended' ? undefined : named;
};

/**
 * The session that meter values belong to: of one whose car has left, they say where it ended, as long as no other car
 * is there. One that we know nothing of is taken up where something charges.
 */
const sessionOf = (
  station: Station,
  evse: number,
  { transaction, samples }: EventOf<'meter_values'>,
): Session | undefined => {
  const { book, connectors, clock } = station;
  if (evse === 0) return undefined;
  const { status } = connectorOf(connectors, evse);
  const running = runningOn(book, evse);
  if (running && (transaction === undefined || running.transaction === transaction)) return running;
  if (transaction === undefined) return status === 'available' ? detached(book, evse) : undefined;
  const named = book.sessions.get(transaction);
  const isElsewhere = named?.evse !== undefined && named.evse !== evse;
  // The register is that of the connector, whatever number is told with it: that of the session before, or of another.
  if (named && running && (isElsewhere || named.state === 'ended'))
    return areSince(station, samples, running.startedAt ?? 0) ? running : undefined;
  if (named) return isElsewhere ? undefined : namedOn(station, named, samples);
  if (running || !isInSession(status)) return undefined;
  const adopted = adopt(book, transaction, evse, clock.now());
  if (adopted) tellStarted(station, adopted);
  return adopted;
};

export const takeMeterValues = (station: Station, event: EventOf<'meter_values'>): void => {
  const { book, connectors, sink } = station;
  const { evse: given, transaction, samples } = event;
  const evse = placeOf(connectors, given);
  tellSigned(station, evse, transaction, samples);
  const before = runningOn(book, evse);
  let session = sessionOf(station, evse, event);
  if (session) for (const reading of registerReadings(samples)) session = measured(book, session, reading);
  const isLive = takeSamples(station, evse, samples, false);
  if (!isLive || session?.state !== 'running') return;
  tellLive(station, session);
  if (session.transaction !== before?.transaction) {
    for (const each of loseDoubles(book, session)) tellEnded(station, each);
    sink.moved(evse);
  }
  takeSession(connectorOf(connectors, evse), book.sessions.get(session.transaction));
};
