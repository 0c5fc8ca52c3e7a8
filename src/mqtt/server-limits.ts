/**
 * What one server takes of us: what it says in CONNACK (MQTT 5 §3.2.2.3) and, where it says nothing, what experience has
 * shown. It outlives connections, and a redeploy.
 */
import type { IConnackPacket } from 'mqtt';
import type { Trial } from './inflight.ts';
import type { Taken } from './outbox.ts';

export type ConnackProperties = NonNullable<IConnackPacket['properties']>;
export type QoS = 0 | 1 | 2;

/** How a publication may be sent. */
export interface Manner {
  qos: QoS;
  retain: boolean;
}

/** What a server was found not to take holds for so long: it may have been replaced by a better one. */
const learntMs = 24 * 3600 * 1000;
/** Of whatever kind: of one message alone, the message may be the reason. */
const endingsOfDoubt = 2;
/** MQTT 5 §3.2.2.3.3 */
const standardReceiveMaximum = 65_535;

export class ServerLimits {
  #told: ConnackProperties = {};
  #most: QoS = 2;
  #retains = true;
  #room = standardReceiveMaximum;
  #learntAt = 0;
  /** Deliveries that were acknowledged: whoever takes them takes them always. */
  #hasTakenQoS2 = false;
  #hasTakenRetained = false;
  /** Connections that ended over a publication sent like this, and alone, since one was taken. */
  #endedOver = { qos2: 0, retained: 0 };
  #toldOf = new Set<'qos' | 'retain'>();

  /** A connection begins. @param now monotonic, ms */
  connected(properties: ConnackProperties | undefined, now: number): void {
    this.#told = properties ?? {};
    if (now - this.#learntAt < learntMs) return;
    this.#most = 2;
    this.#retains = true;
    this.#room = standardReceiveMaximum;
  }

  get receiveMaximum(): number {
    return Math.min(this.#room, this.#told.receiveMaximum ?? standardReceiveMaximum);
  }

  /** So many unacknowledged were too many. */
  crowded(inFlight: number, now: number): void {
    this.#room = Math.max(1, Math.floor(inFlight / 2));
    this.#learntAt = now;
  }

  get maximumPacketSize(): number {
    return this.#told.maximumPacketSize ?? Number.POSITIVE_INFINITY;
  }

  get maximumQoS(): QoS {
    return Math.min(this.#most, this.#told.maximumQoS ?? 2) as QoS;
  }

  get retainAvailable(): boolean {
    return this.#retains && this.#told.retainAvailable !== false;
  }

  /** What is possible of what was asked for. */
  limit({ qos, retain }: Manner): Manner {
    return { qos: Math.min(qos, this.maximumQoS) as QoS, retain: retain && this.retainAvailable };
  }

  /** @returns what a publication has to do without, where nobody has been told of it yet */
  lacking(asked: Manner, possible: Manner): ('qos' | 'retain')[] {
    const lacking = [
      ...(possible.qos < asked.qos ? (['qos'] as const) : []),
      ...(possible.retain === asked.retain ? [] : (['retain'] as const)),
    ].filter((each) => !this.#toldOf.has(each));
    for (const each of lacking) this.#toldOf.add(each);
    return lacking;
  }

  /** @returns whether a SUBSCRIBE with this filter would end the connection (MQTT 5 §3.2.2.3.11, §3.2.2.3.13) */
  refusesFilter(filter: string): 'wildcard' | 'shared' | undefined {
    if (this.#told.sharedSubscriptionAvailable === false && filter.startsWith('$share/')) return 'shared';
    const isWild = /[+#]/.test(filter);
    return this.#told.wildcardSubscriptionAvailable === false && isWild ? 'wildcard' : undefined;
  }

  /** The server has taken a publication sent like this. */
  proved({ qos, retain }: Manner): void {
    this.#hasTakenQoS2 ||= qos === 2;
    this.#hasTakenRetained ||= retain;
  }

  /** The connection ended over a publication sent like this, and alone. */
  blamed({ qos, retain }: Manner): void {
    if (qos === 2) this.#endedOver.qos2++;
    if (retain) this.#endedOver.retained++;
  }

  /** Whether connections have ended over several publications of this kind, and none was ever taken. */
  doubts({ qos, retain }: Manner): boolean {
    const { qos2, retained } = this.#endedOver;
    return (
      (qos === 2 && !this.#hasTakenQoS2 && qos2 >= endingsOfDoubt) ||
      (retain && !this.#hasTakenRetained && retained >= endingsOfDoubt)
    );
  }

  /** @returns less of what the server has never taken yet, to be tried before the publication is given up */
  weaker({ qos, retain }: Taken, tried?: Trial): Trial | undefined {
    const { qos: most, retain: retains } = this.limit({ qos, retain });
    const whole: 1 | 2 = most === 2 ? 2 : 1;
    const lower = whole === 2 && !this.#hasTakenQoS2;
    const unretained = retains && !this.#hasTakenRetained;
    const trials: Trial[] = [
      ...(lower ? [{ qos: 1 as const, retain: retains }] : []),
      ...(unretained ? [{ qos: whole, retain: false }] : []),
      ...(lower && unretained ? [{ qos: 1 as const, retain: false }] : []),
    ];
    const last = trials.findIndex((trial) => trial.qos === tried?.qos && trial.retain === tried.retain);
    return trials[last + 1];
  }

  /** The server took with less what it did not take as it was, or said so as it ended the connection. */
  learn(asked: Manner, possible: Manner, now: number): void {
    if (possible.qos < asked.qos) this.#most = possible.qos;
    if (possible.retain !== asked.retain) this.#retains = false;
    this.#learntAt = now;
  }
}

const variableByteInteger = (value: number): number =>
  value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;

/** Bytes of PUBLISH on the wire (MQTT 5 §3.3), as the Maximum Packet Size counts them. @param topic on the wire */
export const publishSize = (
  topic: string,
  { payload, qos, expiresAt, correlationData, responseTopic }: Taken,
): number => {
  const properties =
    (expiresAt === undefined ? 0 : 5) +
    (correlationData === undefined ? 0 : 3 + correlationData.length) +
    (responseTopic === undefined ? 0 : 3 + Buffer.byteLength(responseTopic));
  const variable = 2 + Buffer.byteLength(topic) + (qos > 0 ? 2 : 0) + variableByteInteger(properties) + properties;
  const remaining = variable + Buffer.byteLength(payload);
  return 1 + variableByteInteger(remaining) + remaining;
};
