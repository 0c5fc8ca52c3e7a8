/**
 * What leaves for the broker: so much at once as may be unacknowledged, the rest in its order, and what a server does
 * not retain as it should when nothing else waits.
 */
import type { MqttClient } from 'mqtt';
import type { Clock } from '../model/time.ts';
import type { Entry, Publication, Taken } from './outbox.ts';
import type { Session } from './session.ts';

/** The connection, as it is at the moment. */
export interface SenderLine {
  /** Kept over all connections: it holds the packets in flight. */
  client(): MqttClient | undefined;
  isOnline(): boolean;
  /** That is connected, or comes next. */
  server(): string;
}

export interface Sender {
  publish(publication: Publication, done?: (error?: Error) => void): void;
  /** A connection begins. @param receiveMaximum of the server; absent: its standard */
  limit(receiveMaximum: number | undefined): void;
  /** What waits is sent. @param hasSession whether the server knows us */
  resume(hasSession: boolean): void;
  /** The connection is over. */
  pause(): void;
  /** Messages waiting and in flight, QoS 0 messages dropped since start. */
  depth(): { waiting: number; inFlight: number; dropped: number };
}

const defaultWindow = 100;
/** MQTT 5 §3.2.2.3.3 */
const defaultReceiveMaximum = 65535;
/** Bytes that may lie unsent in the socket before QoS 0 is dropped. */
const socketLimit = 4 * 1024 * 1024;

/** MQTT 5 §3.3.2.3 */
const propertiesOf = ({ expiresAt, correlationData, responseTopic }: Taken, now: number) => ({
  ...(expiresAt === undefined ? {} : { messageExpiryInterval: Math.ceil((expiresAt - now) / 1000) }),
  ...(correlationData === undefined ? {} : { correlationData }),
  ...(responseTopic === undefined ? {} : { responseTopic }),
});

/** @param mostInFlight messages of QoS 1 and 2 that may be unacknowledged at once */
export const createSender = (
  { outbox, retained }: Session,
  prefix: string,
  mostInFlight = defaultWindow,
  clock: Clock,
  line: SenderLine,
): Sender => {
  let window = mostInFlight;
  /** Handed over and not acknowledged. */
  const flying = new Set<Taken>();
  let dropped = 0;
  /** What waits goes on in a moment. */
  let isDraining = false;
  /** What the server we are connected to does not retain as it should. */
  let due: Iterator<Taken> | undefined;

  const send = ({ publication, done }: Entry): void => {
    const { topic, payload, qos, retain, isAbsolute, expiresAt = Number.POSITIVE_INFINITY } = publication;
    const now = clock.monotonic();
    if (expiresAt <= now) {
      done(new Error(`${topic}: it waited for the broker until it was worth nothing`));
      return;
    }
    const client = line.client();
    const properties = client?.options.protocolVersion === 5 ? propertiesOf(publication, now) : undefined;
    flying.add(publication);
    const wireTopic = isAbsolute ? topic : prefix + topic;
    if (retain) retained.send(line.server(), wireTopic);
    client?.publish(wireTopic, payload, { qos, retain, ...(properties && { properties }) }, (error) => {
      flying.delete(publication);
      if (retain && !error) retained.acknowledge(line.server(), wireTopic, publication);
      done(error ?? undefined);
      drainSoon();
    });
  };

  /** What waits goes first: the newest of a retained topic must be the last word on it. */
  const drain = (): void => {
    while (line.isOnline() && flying.size < window) {
      const entry = outbox.shift();
      const again = entry ? undefined : due?.next();
      if (entry) send(entry);
      else if (again && !again.done) {
        if (!flying.has(again.value)) send({ publication: again.value, done: () => {} });
      } else {
        due = undefined;
        return;
      }
    }
  };

  /** Acknowledgements come in bunches: what may follow them goes out as one, where each alone would be a write. */
  const drainSoon = (): void => {
    if (isDraining) return;
    isDraining = true;
    setImmediate(() => {
      isDraining = false;
      drain();
    });
  };

  const publishAtMostOnce = (publication: Taken, done: (error?: Error) => void): void => {
    const { topic, payload, retain } = publication;
    const client = line.client();
    const isFull = (client?.stream?.writableLength ?? 0) > socketLimit;
    if (!line.isOnline() || isFull) dropped++;
    else {
      const properties =
        client?.options.protocolVersion === 5 ? propertiesOf(publication, clock.monotonic()) : undefined;
      client?.publish(prefix + topic, payload, { qos: 0, retain, ...(properties && { properties }) });
      if (retain) retained.acknowledge(line.server(), prefix + topic, publication);
    }
    done();
  };

  const publish = (given: Publication, done: (error?: Error) => void = () => {}): void => {
    const { expiryS, ...rest } = given;
    const publication: Taken =
      expiryS === undefined ? rest : { ...rest, expiresAt: clock.monotonic() + expiryS * 1000 };
    const { topic, qos, retain } = publication;
    if (topic === '' || /[+#\0]/.test(topic)) {
      done(new Error(`"${topic}" is not a topic to publish to`));
      return;
    }
    if (retain) retained.remember(publication);
    if (qos === 0) {
      publishAtMostOnce(publication, done);
      return;
    }
    const entry: Entry = { publication, done };
    if (line.isOnline() && flying.size < window && outbox.depth === 0) send(entry);
    else if (!outbox.push(entry)) {
      // As the value of its topic it is not lost: it is due once the queue is empty.
      if (retain && line.isOnline()) due ??= retained.due(line.server(), prefix, clock.monotonic());
      done(new Error(`${topic}: ${outbox.capacity} messages are waiting for the broker already, this one is lost`));
    }
  };

  return {
    publish,
    limit(receiveMaximum = defaultReceiveMaximum) {
      // MQTT 5 §3.3.4: more than Receive Maximum unacknowledged publications are a protocol error.
      window = Math.min(mostInFlight, receiveMaximum);
    },
    resume(hasSession) {
      retained.arrive(line.server(), hasSession);
      due = retained.due(line.server(), prefix, clock.monotonic());
      drain();
    },
    pause() {
      due = undefined;
    },
    depth: () => ({ waiting: outbox.depth, inFlight: flying.size, dropped }),
  };
};
