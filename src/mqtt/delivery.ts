/**
 * The order in which messages of QoS 1 and 2 leave over a connection: what the last one left unacknowledged, then what
 * waits, then what the server does not retain as it should; so many at once as may be unacknowledged.
 */
import type { Clock } from '../model/time.ts';
import type { HeldIds } from './held-ids.ts';
import type { Sent } from './inflight.ts';
import type { Ending, Left, Line } from './line.ts';
import type { Entry, Taken } from './outbox.ts';
import type { Poison } from './poison.ts';
import { Publishing } from './publishing.ts';
import { createReleases, type Releases } from './releases.ts';
import { blame, createReplay, type Replay } from './replay.ts';
import { createRetries, type Retries } from './retries.ts';
import type { ConnackProperties } from './server-limits.ts';
import type { Session } from './session.ts';
import type { Terms } from './terms.ts';

export interface DeliveryParts {
  session: Session;
  terms: Terms;
  prefix: string;
  /** Messages of QoS 1 and 2 that may be unacknowledged at once. */
  window: number;
  clock: Clock;
  line: Line;
  poison: Poison;
}

/** Of DISCONNECT (MQTT 5 §3.14.2.1). */
const [retainNotSupported, qosNotSupported] = [0x9a, 0x9b];

export class Delivery {
  #parts: DeliveryParts;
  #publishing: Publishing;
  #releases: Releases;
  #retries: Retries;
  #replay: Replay;
  #window = 0;
  /** Those of the server we are connected to. */
  #heldIds: HeldIds | undefined;
  #birth: Taken | undefined;
  /** What the server we are connected to does not retain as it should. */
  #due: Iterator<Taken> | undefined;
  #isReady = false;
  #isPumping = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    const { session, clock } = parts;
    this.#releases = createReleases(clock);
    this.#replay = createReplay(session.outbox, clock);
    this.#retries = createRetries(session.outbox, clock, () => this.pump());
    this.#publishing = new Publishing(
      { ...parts, replay: this.#replay, retries: this.#retries },
      { answered: () => this.#pumpSoon(), overtaken: () => this.makeDue() },
    );
  }

  /** Whether what is sent now may end the connection: nothing else may come under suspicion. */
  get isOnTrial(): boolean {
    return this.#publishing.isOnTrial;
  }

  /** Messages that the server has refused for now, several times. */
  get delayed(): number {
    return this.#retries.stubborn();
  }

  /** A connection begins. @param birth sent before everything else, unless one is in flight already */
  resume(hasSession: boolean, properties: ConnackProperties | undefined, birth: Taken | undefined): void {
    const { session, clock, line, window, terms } = this.#parts;
    const { inFlight, outbox } = session;
    const { limits, heldIds } = terms.server();
    this.#heldIds = heldIds;
    limits.connected(properties, clock.monotonic());
    // MQTT 5 §3.3.4: more than Receive Maximum unacknowledged publications are a protocol error.
    this.#window = Math.min(window, limits.receiveMaximum);
    const flying = inFlight.all();
    // A server that does not know us any more has lost what it received and did not get released.
    if (!hasSession) for (const sent of flying) sent.isReceived = false;
    const isBorn = flying.some(({ entry }) => entry.publication.topic === birth?.topic);
    this.#birth = isBorn ? undefined : birth;
    outbox.releaseAll();
    this.#replay.start(
      flying.filter(({ isReceived }) => !isReceived),
      () => this.pump(),
    );
    session.retained.arrive(line.server(), hasSession);
    this.makeDue();
    const received = flying.filter(({ isReceived }) => isReceived);
    this.#publishing.begin(hasSession, received);
    // Where no QoS 2 is taken, none is held.
    const most = limits.maximumQoS === 2 ? window : 0;
    this.#release(received, heldIds.arrive(hasSession, inFlight, most));
  }

  /** @param stale packet ids the server may hold messages under that nobody here knows any more */
  #release(received: Sent[], stale: number[]): void {
    const { line, session, terms } = this.#parts;
    const client = line.client();
    if (!client) return;
    this.#releases.send(client, [...received.map(({ id }) => id), ...stale], () => {
      for (const id of this.#releases.stop()) if (!session.inFlight.get(id)) terms.server().heldIds.avoided.add(id);
      this.#isReady = true;
      this.pump();
    });
  }

  /** The connection is over. */
  pause({ isByPeer, isCrowded, reasonCode }: Ending): Left {
    const { session, clock, poison, terms } = this.#parts;
    const { limits } = terms.server();
    const { inAir } = this.#publishing;
    const { open, isAlone } = this.#publishing.end();
    this.#replay.stop();
    this.#retries.stop();
    this.#due = undefined;
    this.#isReady = false;
    const unanswered = this.#releases.stop().filter((id) => !session.inFlight.get(id));
    // A link that is closed without a connection leaves no server, neither the last one nor the one it would try next.
    this.#heldIds?.leave(session.inFlight, unanswered);
    this.#heldIds = undefined;
    const now = clock.monotonic();
    const most = { qos: limits.maximumQoS, retain: true };
    if (isCrowded && inAir > 1) limits.crowded(inAir, now);
    if (reasonCode === qosNotSupported) limits.learn(most, { ...most, qos: most.qos === 2 ? 1 : 0 }, now);
    else if (reasonCode === retainNotSupported) limits.learn(most, { ...most, retain: false }, now);
    else if (isByPeer) {
      poison.cut();
      const poisonous = blame(open, isAlone, limits);
      if (poisonous) this.#publishing.setAside(poisonous);
    }
    return { open: open.length, isBlamed: isByPeer && isAlone };
  }

  /** PUBCOMP came; where we sent the PUBREL, mqtt.js may know nothing of it. */
  released(id: number): void {
    this.#publishing.released(id);
    this.#releases.answered(id);
  }

  /** What a full queue did not take is due all the same, as the value of its topic. */
  makeDue(): void {
    const { session, line, prefix, clock } = this.#parts;
    if (line.isOnline()) this.#due ??= session.retained.due(line.server(), prefix, clock.monotonic());
  }

  pump(): void {
    const publishing = this.#publishing;
    while (this.#isReady && this.#parts.line.isOnline() && !publishing.isOnTrial && publishing.inAir < this.#window) {
      const again = this.#birth ? undefined : this.#replay.next(publishing.inAir > 0);
      if (again === 'wait') return;
      const entry = again ? undefined : this.#next();
      if (again) publishing.sendAgain(again);
      else if (entry) publishing.send(entry);
      else return;
    }
  }

  /** Acknowledgements come in bunches: what may follow them goes out as one, where each alone would be a write. */
  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.pump();
    });
  }

  /** What waits goes before what is due: the newest of a retained topic must be the last word on it. */
  #next(): Entry | undefined {
    const publication = this.#birth;
    this.#birth = undefined;
    if (publication) return { publication, done: () => {} };
    return this.#parts.session.outbox.shift() ?? this.#nextDue();
  }

  #nextDue(): Entry | undefined {
    const { inFlight, outbox } = this.#parts.session;
    for (let next = this.#due?.next(); next && !next.done; next = this.#due?.next()) {
      const publication = next.value;
      if (!inFlight.has(publication) && !outbox.isHeld(publication.topic)) return { publication, done: () => {} };
    }
    this.#due = undefined;
    return undefined;
  }
}
