/** Fixed headers (MQTT 3.1.1 §2.2) of the packets in what one client sends: none is gathered that is too long. */

/** Type and flags of CONNECT, MQTT 3.1.1 §3.1.1. */
const connectHeader = 0x10;

/** A packet that may not be read. */
interface HeaderFault {
  /** In words. */
  reason: string;
  /** The packet is too long, and not malformed. */
  isTooLong: boolean;
}

/** Limits that can be checked by the fixed header alone. */
interface HeaderLimits {
  /** Bytes of CONNECT after its fixed header. */
  connectBytes: number;
  /** Bytes of any packet after its fixed header. */
  packetBytes: number;
}

/** The Remaining Length has at most four bytes (MQTT 3.1.1 §2.2.3): the factor of the last one. */
const lastFactor = 128 ** 3;

/** Reads the fixed headers in the stream of one connection. */
export class FixedHeaderReader {
  readonly #limits: HeaderLimits;
  #packets = 0;
  #isInLength = false;
  #length = 0;
  #factor = 1;
  #left = 0;

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
  }

  /** @returns what is wrong with the packets in these bytes */
  findFault(chunk: Buffer): HeaderFault | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
      } else {
        const fault = this.#take(chunk[at++] as number);
        if (fault) return fault;
      }
    }
    return undefined;
  }

  #take(byte: number): HeaderFault | undefined {
    if (!this.#isInLength) {
      this.#packets++;
      // MQTT-3.1.0-1
      if (this.#packets === 1 && byte !== connectHeader)
        return { reason: 'what it sends does not begin with CONNECT', isTooLong: false };
      this.#isInLength = true;
      this.#length = 0;
      this.#factor = 1;
      return undefined;
    }
    this.#length += (byte & 127) * this.#factor;
    this.#factor *= 128;
    if (byte > 127) {
      if (this.#factor > lastFactor) return { reason: 'the length of a packet is malformed', isTooLong: false };
      return undefined;
    }
    this.#isInLength = false;
    this.#left = this.#length;
    const { connectBytes, packetBytes } = this.#limits;
    const limit = this.#packets === 1 ? Math.min(connectBytes, packetBytes) : packetBytes;
    if (this.#length <= limit) return undefined;
    const what = this.#packets === 1 ? 'CONNECT' : 'a packet';
    return { reason: `${what} of ${this.#length} bytes; ${limit} are allowed`, isTooLong: true };
  }
}
