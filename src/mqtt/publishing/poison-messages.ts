/**
 * Messages over which a server ends the connection: which were set aside, and which topics of QoS 0 are suspected,
 * since nothing acknowledges a message of QoS 0. Topics are those on the wire, sizes those of the payload in bytes.
 */
import type { Clock } from '../../model/time.ts';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import type { InFlightPublication } from '../session/packet-identifiers.ts';

interface Ban {
  bytes: number;
  /** Monotonic, ms. */
  until: number;
  pauseMs: number;
}

const firstBanMs = 10 * 60_000;
const longestBanMs = 6 * 3600_000;
/** Connections that end over a topic before it is suspected: by chance, it is rarely among the last messages of two. */
const endingsOfASuspect = 2;
/** Connections that a message of QoS 1 or 2 ends alone before it is set aside. */
const endingsOfPoison = 2;
/** Topics of QoS 0 that come under suspicion at most when a connection ends. */
const mostSuspects = 1000;
/** Messages of QoS 0 whose topics are remembered. */
const rememberedMessages = 4096;

/** The suspects among the messages of one client. */
export class PoisonMessages {
  readonly #clock: Clock;
  readonly #bans = new Map<string, Ban>();
  /** Topics of the last messages of QoS 0 on this connection: number n is at n modulo the length. */
  readonly #sent: (string | undefined)[] = [];
  /** Messages of any QoS sent so far. */
  #count = 0;
  /** All messages up to this number went well. */
  #provedUpTo = 0;
  /** Connections by topic that ended before anything proved that a message on the topic went well. */
  readonly #endings = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns ms until a message of this size is tried again on this topic; undefined: nothing speaks against it */
  banMs(topic: string, payload: string | Buffer): number | undefined {
    const ban = this.#banOn(topic, payload);
    const restMs = ban ? ban.until - this.#clock.monotonic() : 0;
    return restMs > 0 ? restMs : undefined;
  }

  /** A message of this size ended the connection again and again. */
  ban(topic: string, bytes: number): void {
    const pauseMs = Math.min(longestBanMs, (this.#bans.get(topic)?.pauseMs ?? firstBanMs / 2) * 2);
    this.#bans.set(topic, { bytes, pauseMs, until: this.#clock.monotonic() + pauseMs });
    this.#endings.delete(topic);
  }

  /**
   * The server acknowledged a message of this size.
   * @param number of the message: all of QoS 0 before it went well, too
   */
  prove(topic: string, payload: string | Buffer, number: number): void {
    if (this.#banOn(topic, payload)) this.#bans.delete(topic);
    if (this.#endings.size > 0) for (const each of [topic, ...this.#unproved(number)]) this.#endings.delete(each);
    this.#provedUpTo = Math.max(this.#provedUpTo, number);
  }

  /** @returns the number of a message of QoS 1 or 2 in the order of sending */
  number(): number {
    this.#sent[++this.#count % rememberedMessages] = undefined;
    return this.#count;
  }

  /** A message of QoS 0 was sent. */
  sentAtMostOnce(topic: string): void {
    this.#sent[++this.#count % rememberedMessages] = topic;
  }

  /** The server ended the connection. */
  connectionEnded(): void {
    for (const topic of this.#unproved(this.#count)) this.#endings.set(topic, (this.#endings.get(topic) ?? 0) + 1);
    this.#provedUpTo = this.#count;
    if (this.#endings.size > mostSuspects) this.#endings.clear();
  }

  /** Whether QoS 0 on this topic is to be sent with an acknowledgement, and alone. */
  isSuspect(topic: string): boolean {
    return this.#endings.size > 0 && (this.#endings.get(topic) ?? 0) >= endingsOfASuspect;
  }

  /** Whether a message of this size was set aside on this topic, and nothing has proved since that it is taken. */
  isKnown(topic: string, payload: string | Buffer): boolean {
    return this.#banOn(topic, payload) !== undefined;
  }

  /** @returns the ban on messages of this size, also where it is over */
  #banOn(topic: string, payload: string | Buffer): Ban | undefined {
    const ban = this.#bans.size === 0 ? undefined : this.#bans.get(topic);
    return ban && Buffer.byteLength(payload) >= ban.bytes ? ban : undefined;
  }

  /** @returns topics of QoS 0 whose last message is not proved to have gone well, and was sent up to this number */
  #unproved(upTo: number): Set<string> {
    const topics = new Set<string>();
    const later = new Set<string>();
    const first = Math.max(this.#provedUpTo, this.#count - rememberedMessages) + 1;
    for (let number = this.#count; number >= first && topics.size < mostSuspects; number--) {
      const topic = this.#sent[number % rememberedMessages];
      if (topic === undefined || later.has(topic)) continue;
      if (number > upTo) later.add(topic);
      else topics.add(topic);
    }
    return topics;
  }
}

/** @returns why a message is not sent for that long, in words */
export const banReason = (ms: number): string =>
  `the broker ended the connection over such a message; the next is tried in ${Math.ceil(ms / 60_000)} min`;

/**
 * The server ended a connection with these unacknowledged.
 * @param isAlone one was unacknowledged, and nothing else was sent on the connection without an acknowledgement
 * @returns the one that has ended connections again and again, and is not to be sent any more
 */
export const findPoison = (
  open: InFlightPublication[],
  isAlone: boolean,
  capabilities: ServerCapabilities,
): InFlightPublication | undefined => {
  for (const publication of open) publication.isSuspect = true;
  const [only] = open;
  if (!isAlone || !only) return undefined;
  const { publication } = only.entry;
  const flags = only.trial ?? capabilities.reduce(publication);
  only.endings++;
  capabilities.onConnectionEnded(flags);
  if (only.endings < endingsOfPoison && !capabilities.isDoubtful(flags)) return undefined;
  const trial = capabilities.nextReducedFlags(publication, only.trial);
  if (!trial) return only.endings < endingsOfPoison ? undefined : only;
  only.trial = trial;
  return undefined;
};
