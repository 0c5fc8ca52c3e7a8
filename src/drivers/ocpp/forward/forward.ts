/**
 * A station that somebody else bills: to a second central system it looks as if it were connected there. Its calls are
 * answered here and told on, those of the backend wait their turn with ours, and where the backend is away, the
 * station does not notice.
 */
import type { Clock } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import { asFields } from '../codec/lenient.ts';
import { CallFailure, type StationLink } from '../link/link.ts';
import type { Ledger } from '../station/store.ts';
import { guard } from './forward-guard.ts';
import { createBackendIds } from './forward-ids.ts';
import { createBackendLine } from './forward-line.ts';
import { createForwardOutbox, type Letter } from './forward-outbox.ts';
import { createRegistration } from './forward-registration.ts';

export interface ForwardOptions {
  /** ws:// or wss://, without the identity. */
  url: string;
  /** As the backend knows the station; otherwise the same as here. */
  identity?: string;
  password?: string;
  /** observe: the backend alone limits. limit: so do we, and the lower one is in force. */
  mode: 'observe' | 'limit';
}

export interface ForwardSink {
  event(event: DriverEvent): void;
  /** Relays a call of the backend, with whatever else is to be done before and after. */
  relayed(action: string, payload: Payload, relay: () => Promise<unknown>): Promise<unknown>;
}

/** What is known of a call of the station beside our answer. */
export interface Judgement {
  /** What the backend says of the token, before we answer. */
  judged(status: string): void;
  /** When we have answered: the transaction that it was the end of, however the station names it. */
  ended(): string | undefined;
}

export interface Forward {
  connected(link: StationLink): void;
  disconnected(): void;
  /**
   * A call of the station.
   * @param answer our own; nothing is told on where it throws
   * @returns our answer, with what the backend decides in it where that came in time
   */
  called(
    action: string,
    payload: unknown,
    answer: () => object | Promise<object>,
    judgement: Judgement,
  ): object | Promise<object>;
  close(): void;
}

type Payload = Record<string, unknown>;

/** For a backend to decide; the station waits meanwhile, ms. */
const verdictMs = 3000;
/** Connectors whose status is remembered. */
const mostPlaces = 64;
/** For a station to answer the backend, ms. */
const patienceMs = 20_000;
/** Asked because of the answer: where the backend has one, ours is of no use. */
const questions = new Set([
  'Authorize',
  'DataTransfer',
  'SignCertificate',
  'Get15118EVCertificate',
  'GetCertificateStatus',
]);

const keepOf = (action: string, payload: Payload): Letter['keep'] => {
  if (action === 'StartTransaction' || action === 'StopTransaction') return 'always';
  if (action === 'TransactionEvent') return payload.eventType === 'Updated' ? 'patient' : 'always';
  return action === 'MeterValues' && payload.transactionId !== undefined ? 'patient' : 'never';
};

/** What an answer says of a token: idTagInfo of 1.6, idTokenInfo of 2.x. */
const infoOf = (answer: unknown): { info: Payload; status: string } | undefined => {
  const fields = asFields(answer) ?? {};
  for (const key of ['idTagInfo', 'idTokenInfo']) {
    const status = asFields(fields[key])?.status;
    if (typeof status === 'string') return { info: { [key]: fields[key] }, status };
  }
  return undefined;
};

/** The backend, which bills it, is told the end of the session that it is. */
const withEnded = (action: string, payload: Payload, ended: string | undefined): Payload => {
  if (ended === undefined) return payload;
  if (action === 'StopTransaction') return { ...payload, transactionId: Number(ended) };
  return { ...payload, transactionInfo: { ...asFields(payload.transactionInfo), transactionId: ended } };
};

export const createForward = (
  options: ForwardOptions,
  identity: string,
  ledger: Ledger,
  clock: Clock,
  sink: ForwardSink,
): Forward => {
  const { url, password } = options;
  const ids = createBackendIds(ledger);
  let station: StationLink | undefined;
  /** By place: what was said of it last. Nobody tells it again to a backend that comes later. */
  const statuses = new Map<string, Payload>();
  let trouble: string | undefined;

  const alarm = (reason: string | undefined): void => {
    if ((reason === undefined) === (trouble === undefined)) return;
    trouble = reason;
    sink.event({
      name: 'backend_offline',
      severity: 'warning',
      state: reason === undefined ? 'cleared' : 'active',
      ...(reason === undefined ? {} : { message: reason }),
    });
  };

  const relayDown = async (action: string, payload: unknown): Promise<unknown> => {
    const link = station;
    if (!link) throw new CallFailure('offline', 'the station is not connected');
    const given = asFields(payload) ?? {};
    const wanted = link.version === '1.6' ? ids.toStation(action, given) : given;
    if (!wanted) return { status: 'Rejected' };
    return sink.relayed(action, wanted, () =>
      guard(link.version, action, wanted, (open) => link.call(action, open, { timeoutMs: patienceMs })),
    );
  };

  const line = createBackendLine({ url, identity: options.identity ?? identity, password }, clock, {
    opened: () => registration.begin(),
    lost(reason) {
      registration.end();
      outbox.shut();
      alarm(reason);
    },
    called: relayDown,
  });

  const registration = createRegistration(ledger, clock, {
    call: line.call,
    registered() {
      alarm(undefined);
      outbox.open([...statuses.values()].map((payload) => ({ action: 'StatusNotification', payload, keep: 'never' })));
    },
  });

  const outbox = createForwardOutbox(ledger, clock, {
    async send({ action, payload, transaction }) {
      // Answered before: the station repeats itself until it is answered, and the process may have ended.
      if (transaction !== undefined && ids.isKnown(transaction)) return undefined;
      const told = station?.version === '1.6' ? ids.toBackend(action, payload) : payload;
      return told && line.call(action, told);
    },
    answered({ transaction }, answer) {
      const theirs = asFields(answer)?.transactionId;
      if (transaction !== undefined && typeof theirs === 'number') ids.learn(transaction, theirs);
    },
    lost({ action }, why) {
      sink.event({
        name: 'forward_lost',
        severity: 'alarm',
        message: `the backend did not take ${action}: ${why}`.slice(0, 1024),
      });
    },
  });

  /** @returns undefined where it does not come in time */
  const inTime = (answer: Promise<unknown>): Promise<unknown> =>
    new Promise((resolve) => {
      const deadline = clock.after(verdictMs, () => resolve(undefined));
      answer.then(resolve, () => resolve(undefined)).finally(() => deadline.cancel());
    });

  const askFirst = async (
    action: string,
    payload: Payload,
    answer: () => object | Promise<object>,
    judged: (status: string) => void,
  ): Promise<object> => {
    const theirs = outbox.isOpen() ? await inTime(line.call(action, payload, true)) : undefined;
    if (action !== 'Authorize') return { ...(await answer()), ...asFields(theirs) };
    const verdict = infoOf(theirs);
    if (verdict) judged(verdict.status);
    return { ...(await answer()), ...verdict?.info };
  };

  /** Tells a message of a transaction; the backend decides about a token in it. */
  const tell = (action: string, payload: Payload, reply: object): object | Promise<object> => {
    const keep = keepOf(action, payload);
    if (action === 'StartTransaction') {
      const transaction = Number(asFields(reply)?.transactionId);
      const sent = outbox.push({ action, payload, keep, transaction });
      return outbox.isOpen() ? withVerdict(reply, sent) : reply;
    }
    // OCPP 2.0.1 E04: for the backend the station was offline.
    const isLate = action === 'TransactionEvent' && !outbox.isOpen();
    const sent = outbox.push({ action, payload: isLate ? { ...payload, offline: true } : payload, keep });
    return action === 'TransactionEvent' && infoOf(reply) && outbox.isOpen() ? withVerdict(reply, sent) : reply;
  };

  const withVerdict = async (reply: object, sent: Promise<unknown>): Promise<object> => ({
    ...reply,
    ...infoOf(await inTime(sent))?.info,
  });

  const take = (action: string, payload: Payload, reply: object): object | Promise<object> => {
    switch (action) {
      case 'BootNotification':
        registration.booted(payload);
        return reply;
      case 'Heartbeat':
        // The backend wants its own, as often as it says.
        return reply;
      case 'StatusNotification': {
        const place = JSON.stringify([payload.evseId, payload.connectorId]);
        if (statuses.has(place) || statuses.size < mostPlaces) statuses.set(place, payload);
        return tell(action, payload, reply);
      }
      default:
        return tell(action, payload, reply);
    }
  };

  const leave = (): void => {
    station = undefined;
    registration.end();
    outbox.shut();
    line.hangUp();
  };

  return {
    connected(link) {
      const isNew = station?.version !== link.version;
      if (isNew) leave();
      station = link;
      registration.stationConnected();
      if (isNew) line.dial(link.version);
    },
    disconnected: leave,
    called(action, payload, answer, { judged, ended }) {
      const given = asFields(payload) ?? {};
      if (questions.has(action)) return askFirst(action, given, answer, judged);
      const reply = answer();
      const tellOn = (made: object) => take(action, withEnded(action, given, ended()), made);
      return reply instanceof Promise ? reply.then(tellOn) : tellOn(reply);
    },
    close: leave,
  };
};
