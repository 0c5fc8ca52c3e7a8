/**
 * The capabilities of one server: those that it tells in CONNACK (MQTT 5 §3.2.2.3) and, where it says nothing, those
 * that experience has shown. The knowledge outlives connections, and a redeploy.
 */
import type { IConnackPacket } from 'mqtt';
import type { PublishFlags, QoS, QueuedPublication } from '../publishing/publication.ts';
import { publishPacketSize } from '../publishing/publish-packet.ts';
import { isShared } from '../subscriptions/topic-filter.ts';

/** Properties of a CONNACK of MQTT 5, as mqtt.js gives them. */
export type ConnackProperties = NonNullable<IConnackPacket['properties']>;

/** Flags with which a publication is tried after the server ended the connection over it: less than was asked for. */
export interface ReducedFlags {
  qos: 1 | 2;
  retain: boolean;
}

/** How long experience counts, ms: the server may be replaced by a better one. */
const experienceMs = 24 * 3600 * 1000;
/**
 * Connections that end over publications of one kind before the kind is doubted: of one, the message may be the reason.
 */
const endingsOfDoubt = 2;
/** MQTT 5 §3.2.2.3.3: Receive Maximum where the server does not say one. */
const standardReceiveMaximum = 65_535;

/** The capabilities of one server. */
export class ServerCapabilities {
  #connack: ConnackProperties = {};
  #maximumQoS: QoS = 2;
  #retainAvailable = true;
  #receiveMaximum = standardReceiveMaximum;
  /** Monotonic, ms. */
  #experiencedAt = 0;
  /** Publications of this kind were acknowledged: a server that takes some takes all. */
  #hasTakenQoS2 = false;
  #hasTakenRetained = false;
  /** Connections that ended while a publication of this kind was alone in flight. */
  readonly #endedOver = { qos2: 0, retained: 0 };
  /** Capabilities that were reported missing. */
  readonly #reported = new Set<'qos' | 'retain'>();

  /**
   * A connection begins.
   * @param now monotonic, ms
   */
  onConnack(properties: ConnackProperties | undefined, now: number): void {
    this.#connack = properties ?? {};
    if (now - this.#experiencedAt < experienceMs) return;
    this.#maximumQoS = 2;
    this.#retainAvailable = true;
    this.#receiveMaximum = standardReceiveMaximum;
  }

  /** Receive Maximum (MQTT 5 §3.2.2.3.3): publications of QoS 1 and 2 that may be unacknowledged at once. */
  get receiveMaximum(): number {
    return Math.min(this.#receiveMaximum, this.#connack.receiveMaximum ?? standardReceiveMaximum);
  }

  /**
   * The server ended the connection because so many publications were unacknowledged.
   * @param now monotonic, ms
   */
  onReceiveMaximumExceeded(inFlight: number, now: number): void {
    this.#receiveMaximum = Math.max(1, Math.floor(inFlight / 2));
    this.#experiencedAt = now;
  }

  /** Whether some PUBLISH may be refused: a server that tells no Maximum Packet Size takes them all. */
  get limitsPublish(): boolean {
    return this.#connack.maximumPacketSize !== undefined;
  }

  /** Maximum QoS (MQTT 5 §3.2.2.3.4): MQTT-3.2.2-11 forbids to send more. */
  get maximumQoS(): QoS {
    return Math.min(this.#maximumQoS, this.#connack.maximumQoS ?? 2) as QoS;
  }

  /** Retain Available (MQTT 5 §3.2.2.3.5): MQTT-3.2.2-14 forbids RETAIN where it is 0. */
  get retainAvailable(): boolean {
    return this.#retainAvailable && this.#connack.retainAvailable !== false;
  }

  /** @returns what the server takes of what is asked for */
  reduce({ qos, retain }: PublishFlags): PublishFlags {
    return { qos: Math.min(qos, this.maximumQoS) as QoS, retain: retain && this.retainAvailable };
  }

  /** @returns what a publication has to do without, where that was not reported yet */
  newlyMissing(asked: PublishFlags, reduced: PublishFlags): ('qos' | 'retain')[] {
    if (reduced.qos === asked.qos && reduced.retain === asked.retain) return [];
    const missing = [
      ...(reduced.qos < asked.qos ? (['qos'] as const) : []),
      ...(reduced.retain === asked.retain ? [] : (['retain'] as const)),
    ].filter((each) => !this.#reported.has(each));
    for (const each of missing) this.#reported.add(each);
    return missing;
  }

  /**
   * Maximum Packet Size (MQTT 5 §3.2.2.3.6): MQTT-3.2.2-15 forbids to send more.
   * @param topicName as it stands on the wire
   * @returns why the server does not take a PUBLISH of this publication, in words; undefined: it may
   */
  refusesPublish(topicName: string, publication: QueuedPublication): string | undefined {
    const { maximumPacketSize } = this.#connack;
    if (maximumPacketSize === undefined) return undefined;
    const bytes = publishPacketSize(topicName, publication);
    if (bytes <= maximumPacketSize) return undefined;
    return `it has ${bytes} bytes, the broker takes ${maximumPacketSize} (its Maximum Packet Size)`;
  }

  /**
   * Wildcard Subscription Available and Shared Subscription Available (MQTT 5 §3.2.2.3.11, §3.2.2.3.13).
   * @returns why a SUBSCRIBE with this filter would end the connection; undefined: it would not
   */
  refusesFilter(filter: string): 'wildcard' | 'shared' | undefined {
    if (this.#connack.sharedSubscriptionAvailable === false && isShared(filter)) return 'shared';
    const isWild = /[+#]/.test(filter);
    return this.#connack.wildcardSubscriptionAvailable === false && isWild ? 'wildcard' : undefined;
  }

  /** The server has taken a publication with these flags. */
  onTaken({ qos, retain }: PublishFlags): void {
    this.#hasTakenQoS2 ||= qos === 2;
    this.#hasTakenRetained ||= retain;
  }

  /** The connection ended while a publication with these flags was alone in flight. */
  onConnectionEnded({ qos, retain }: PublishFlags): void {
    if (qos === 2) this.#endedOver.qos2++;
    if (retain) this.#endedOver.retained++;
  }

  /** Whether connections have ended over several publications of this kind, and none was ever taken. */
  isDoubtful({ qos, retain }: PublishFlags): boolean {
    const { qos2, retained } = this.#endedOver;
    return (
      (qos === 2 && !this.#hasTakenQoS2 && qos2 >= endingsOfDoubt) ||
      (retain && !this.#hasTakenRetained && retained >= endingsOfDoubt)
    );
  }

  /**
   * @param tried the flags that were tried last
   * @returns less of what the server has never taken yet, to be tried before the publication is given up
   */
  nextReducedFlags(asked: PublishFlags, tried?: ReducedFlags): ReducedFlags | undefined {
    const { qos: most, retain: retains } = this.reduce(asked);
    const whole: 1 | 2 = most === 2 ? 2 : 1;
    const lower = whole === 2 && !this.#hasTakenQoS2;
    const unretained = retains && !this.#hasTakenRetained;
    const trials: ReducedFlags[] = [
      ...(lower ? [{ qos: 1 as const, retain: retains }] : []),
      ...(unretained ? [{ qos: whole, retain: false }] : []),
      ...(lower && unretained ? [{ qos: 1 as const, retain: false }] : []),
    ];
    const last = trials.findIndex((trial) => trial.qos === tried?.qos && trial.retain === tried.retain);
    return trials[last + 1];
  }

  /**
   * The server took with less what it did not take as it was, or said so as it ended the connection.
   * @param now monotonic, ms
   */
  learn(asked: PublishFlags, taken: PublishFlags, now: number): void {
    if (taken.qos < asked.qos) this.#maximumQoS = taken.qos;
    if (taken.retain !== asked.retain) this.#retainAvailable = false;
    this.#experiencedAt = now;
  }
}
