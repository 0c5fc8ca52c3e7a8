/**
 * The order in which publications of QoS 1 and 2 leave over a connection: those that the last one left unacknowledged,
 * then those that wait, then what the server does not retain as it should; as many at once as the flows have room for.
 */
import type { ConnackProperties } from '../connection/server-capabilities.ts';
import type { HeldPacketIds } from '../session/held-packet-ids.ts';
import type { InFlightPublication } from '../session/packet-identifiers.ts';
import { findPoison } from './poison-messages.ts';
import type { OutboxEntry, QueuedPublication } from './publication.ts';
import type { ConnectionEnd, LeftUnacknowledged } from './publish-connection.ts';
import { PublishFlows, type PublishFlowsParts } from './publish-flows.ts';
import { PendingPubrels } from './pubrel.ts';
import { Redelivery } from './redelivery.ts';
import { RefusedPublications } from './refused-publications.ts';

/** The parts that a delivery gets from outside; the others are its own. */
type DeliveryParts = Omit<PublishFlowsParts, 'redelivery' | 'refused'>;

/** Reason Codes of DISCONNECT (MQTT 5 §3.14.2.1). */
const [retainNotSupported, qosNotSupported] = [0x9a, 0x9b];

const ignore = (): void => {};

/** Delivers publications of QoS 1 and 2 over all connections of a client. */
export class AcknowledgedDelivery {
  readonly #parts: DeliveryParts;
  readonly #flows: PublishFlows;
  readonly #pubrels: PendingPubrels;
  readonly #refused: RefusedPublications;
  readonly #redelivery: Redelivery;
  /** Packet Identifiers that the connected server may hold. */
  #heldPacketIds: HeldPacketIds | undefined;
  #birth: QueuedPublication | undefined;
  /** Topics on which the connected server does not retain the right value. */
  #due: Iterator<QueuedPublication> | undefined;
  #isReady = false;
  #isSendingSoon = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    const { session, clock } = parts;
    this.#pubrels = new PendingPubrels(clock);
    this.#redelivery = new Redelivery(session.outbox, clock);
    this.#refused = new RefusedPublications(session.outbox, clock, () => this.send());
    this.#flows = new PublishFlows(
      { ...parts, redelivery: this.#redelivery, refused: this.#refused },
      { answered: () => this.#sendSoon(), overtaken: () => this.makeDue() },
    );
  }

  /** Whether the publication that is in flight may end the connection: nothing else may come under suspicion. */
  get isOnTrial(): boolean {
    return this.#flows.isOnTrial;
  }

  /** Number of publications that the server has refused for now, several times. */
  get delayed(): number {
    return this.#refused.delayed;
  }

  /**
   * A connection begins.
   * @param isSessionPresent of CONNACK
   * @param birth sent before everything else, unless one is in flight already
   */
  resume(
    isSessionPresent: boolean,
    properties: ConnackProperties | undefined,
    birth: QueuedPublication | undefined,
  ): void {
    const { session, clock, connection, window } = this.#parts;
    const { inFlight, outbox } = session;
    const { capabilities, heldPacketIds } = connection.server;
    this.#heldPacketIds = heldPacketIds;
    capabilities.onConnack(properties, clock.monotonic());
    const all = inFlight.all();
    // MQTT-3.2.2-5: a server without the session has lost what it received and did not get released.
    if (!isSessionPresent) for (const publication of all) publication.isReceived = false;
    const isBorn = all.some(({ entry }) => entry.publication.topic === birth?.topic);
    this.#birth = isBorn ? undefined : birth;
    outbox.releaseAll();
    this.#redelivery.start(
      all.filter(({ isReceived }) => !isReceived),
      () => this.send(),
    );
    session.retained.onConnected(connection.address, isSessionPresent);
    this.makeDue();
    const received = all.filter(({ isReceived }) => isReceived);
    this.#flows.begin(isSessionPresent, received);
    // A server that takes no QoS 2 holds none.
    const highest = capabilities.maximumQoS === 2 ? window : 0;
    this.#release(received, heldPacketIds.onConnected(isSessionPresent, inFlight, highest));
  }

  /** @param stale Packet Identifiers under which the server may hold messages that nobody here knows any more */
  #release(received: InFlightPublication[], stale: number[]): void {
    const { connection, session } = this.#parts;
    if (!connection.client) return;
    this.#pubrels.send(connection.client, [...received.map(({ packetId }) => packetId), ...stale], () => {
      for (const packetId of this.#pubrels.stop())
        if (!session.inFlight.get(packetId)) connection.server.heldPacketIds.avoided.add(packetId);
      this.#isReady = true;
      this.send();
    });
  }

  /** The connection is over. */
  pause({ isByServer, isReceiveMaximumExceeded, reasonCode }: ConnectionEnd): LeftUnacknowledged {
    const { session, clock, poison, connection } = this.#parts;
    const { capabilities } = connection.server;
    const { unacknowledged } = this.#flows;
    const { open, isAlone } = this.#flows.end();
    this.#redelivery.stop();
    this.#refused.stop();
    this.#due = undefined;
    this.#isReady = false;
    const unanswered = this.#pubrels.stop().filter((packetId) => !session.inFlight.get(packetId));
    // Undefined where the client is closed without a connection: neither the last server nor the next one is left then.
    this.#heldPacketIds?.onDisconnected(session.inFlight, unanswered);
    this.#heldPacketIds = undefined;
    const now = clock.monotonic();
    const most = { qos: capabilities.maximumQoS, retain: true };
    if (isReceiveMaximumExceeded && unacknowledged > 1) capabilities.onReceiveMaximumExceeded(unacknowledged, now);
    if (reasonCode === qosNotSupported) capabilities.learn(most, { ...most, qos: most.qos === 2 ? 1 : 0 }, now);
    else if (reasonCode === retainNotSupported) capabilities.learn(most, { ...most, retain: false }, now);
    else if (isByServer) {
      poison.connectionEnded();
      const found = findPoison(open, isAlone, capabilities);
      if (found) this.#flows.setAside(found);
    }
    return { count: open.length, isBlamed: isByServer && isAlone };
  }

  onPubcomp(packetId: number): void {
    this.#flows.onPubcomp(packetId);
    this.#pubrels.onPubcomp(packetId);
  }

  /** A value that found no room in the outbox is due all the same, as the value of its topic. */
  makeDue(): void {
    const { session, connection, clock } = this.#parts;
    const { isOnline, address, prefix } = connection;
    if (isOnline) this.#due ??= session.retained.due(address, prefix, clock.monotonic());
  }

  /** Sends what may be sent now. */
  send(): void {
    const flows = this.#flows;
    const redelivery = this.#redelivery;
    while (this.#isReady && this.#parts.connection.isOnline && !flows.isOnTrial && flows.hasRoom) {
      const isAgain = redelivery.left > 0 && !this.#birth;
      const again = isAgain ? redelivery.next(flows.unacknowledged > 0) : undefined;
      if (again === 'wait') return;
      const entry = again ? undefined : this.#next();
      if (again) flows.sendAgain(again);
      else if (entry) flows.send(entry);
      else return;
    }
  }

  /** Acknowledgements come in bunches: what may follow them leaves in one write, where each alone would be a write. */
  #sendSoon(): void {
    if (this.#isSendingSoon) return;
    this.#isSendingSoon = true;
    setImmediate(() => {
      this.#isSendingSoon = false;
      this.send();
    });
  }

  /**
   * Waiting publications go before those that are due: the newest value of a retained topic must be the last one on it.
   */
  #next(): OutboxEntry | undefined {
    const publication = this.#birth;
    this.#birth = undefined;
    if (publication) return { publication, done: ignore };
    return this.#parts.session.outbox.shift() ?? this.#nextDue();
  }

  #nextDue(): OutboxEntry | undefined {
    const { inFlight, outbox } = this.#parts.session;
    for (let next = this.#due?.next(); next && !next.done; next = this.#due?.next()) {
      const publication = next.value;
      if (!inFlight.has(publication) && !outbox.isHeld(publication.topic)) return { publication, done: ignore };
    }
    this.#due = undefined;
    return undefined;
  }
}
