/** Packet Identifiers (MQTT 5 §2.2.1) as mqtt.js asks for them, and what it stores under them. */
import mqtt from 'mqtt';

/** SUBSCRIBE and UNSUBSCRIBE use the upper half, so that they never take the identifier of a publication. */
const firstOfOthers = 0x8000;
const last = 0xffff;

/**
 * Gives mqtt.js the Packet Identifier that was chosen for a publication, and any of the upper half for other packets.
 */
export class PacketIdentifiers extends mqtt.DefaultMessageIdProvider {
  #chosen: number | undefined;
  #nextOther = firstOfOthers;

  /** The next packet has this identifier. */
  choose(packetId: number): void {
    this.#chosen = packetId;
  }

  override allocate(): number {
    const packetId = this.#chosen ?? this.#nextOther++;
    this.#chosen = undefined;
    if (this.#nextOther > last) this.#nextOther = firstOfOthers;
    return packetId;
  }
}

/** Keeps nothing, and so replays nothing. mqtt.js stores PUBREL as soon as PUBREC has come. */
export class PubrecStore extends mqtt.Store {
  readonly #onPubrec: (packetId: number) => void;

  constructor(onPubrec: (packetId: number) => void) {
    super({ clean: false });
    this.#onPubrec = onPubrec;
  }

  override put(...[packet, stored]: Parameters<mqtt.Store['put']>): this {
    if (packet.cmd === 'pubrel' && packet.messageId !== undefined) this.#onPubrec(packet.messageId);
    stored();
    return this;
  }

  override del(...[, deleted]: Parameters<mqtt.Store['del']>): this {
    deleted();
    return this;
  }
}
