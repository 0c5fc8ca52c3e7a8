/** Packets on their way to one connected client: bounded, and a client that reads slowly holds up nobody for long. */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../model/time.ts';

/** Bounds of the bytes that wait for a client. */
interface StreamBounds {
  /** Bytes that may wait for the client. */
  bytes: number;
  /** How long the client may let bytes wait without taking all of them. */
  readMs: number;
}

/** Bytes that a packet costs beside its own while it waits, about. */
const packetBytes = 256;

/** Publishers wait so long for a client that is behind, and then no more until it has caught up, ms. */
const patienceMs = 250;

/** The bytes on their way to one client. */
export class OutgoingStream {
  /** Whether publishers have waited for the client for as long as they do. */
  isStalled = false;
  readonly #socket: Duplex;
  readonly #bounds: StreamBounds;
  readonly #clock: Clock;
  readonly #stuck: (limit: 'outgoingBytes' | 'readS') => void;
  readonly #onDrain: () => void;
  #isCorked = false;
  #isClosed = false;
  /** Packets written since the client stopped taking what it is sent. */
  #behind = 0;
  #deadline: Timer | undefined;
  #patience: Timer | undefined;
  #held: (() => void)[] = [];

  /**
   * @param drained called when the client has taken everything
   * @param stuck called when a bound is reached
   */
  constructor(
    socket: Duplex,
    bounds: StreamBounds,
    clock: Clock,
    drained: () => void,
    stuck: (limit: 'outgoingBytes' | 'readS') => void,
  ) {
    this.#socket = socket;
    this.#bounds = bounds;
    this.#clock = clock;
    this.#stuck = stuck;
    this.#onDrain = () => {
      this.#deadline?.cancel();
      this.#deadline = undefined;
      this.#behind = 0;
      this.progress();
      drained();
    };
    socket.on('drain', this.#onDrain);
  }

  /** Whether more than its buffer takes is waiting for the client. */
  get isCongested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Bytes that wait in this process, with those that the packets cost beside. */
  get waitingBytes(): number {
    return this.#socket.writableLength + this.#behind * packetBytes;
  }

  send(packet: Buffer[]): void {
    if (this.#isClosed || !this.#socket.writable) return;
    // Packets of one turn of the event loop go in one segment.
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    for (const part of packet) this.#socket.write(part);
    if (!this.isCongested) return;
    this.#behind++;
    this.#deadline ??= this.#clock.after(this.#bounds.readMs, () => this.#stuck('readS'));
    if (this.waitingBytes > this.#bounds.bytes) this.#stuck('outgoingBytes');
  }

  /** Calls back once the client has caught up, or has been waited for long enough. */
  hold(done: () => void): void {
    this.#held.push(done);
    this.#patience ??= this.#waitPatiently();
  }

  /** The client takes packets: publishers may wait for it, and longer. */
  progress(): void {
    this.isStalled = false;
    if (this.#held.length === 0) return;
    this.#patience?.cancel();
    this.#patience = this.#waitPatiently();
  }

  /** The client has caught up. */
  release(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
    const held = this.#held;
    this.#held = [];
    for (const done of held) done();
  }

  close(): void {
    this.#isClosed = true;
    this.#deadline?.cancel();
    this.#socket.off('drain', this.#onDrain);
    this.release();
  }

  #waitPatiently(): Timer {
    return this.#clock.after(patienceMs, () => {
      this.isStalled = true;
      this.release();
    });
  }
}
