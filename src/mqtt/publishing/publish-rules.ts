/** How the server that is connected takes a publication, and why it does not take one. */
import type { Clock } from '../../model/time.ts';
import type { ServerRecord, Session } from '../session/session.ts';
import { type PublishFlags, publishPacketSize, type QueuedPublication } from './publication.ts';
import type { PublishConnection } from './publish-connection.ts';

/** Rules for the PUBLISH packets to one server. */
export class PublishRules {
  readonly #session: Session;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #connection: PublishConnection;

  /** @param prefix stands before every topic on the wire */
  constructor(session: Session, prefix: string, clock: Clock, connection: PublishConnection) {
    this.#session = session;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#connection = connection;
  }

  /** Capabilities of the server that is connected, or comes next. */
  get server(): ServerRecord {
    return this.#session.server(this.#connection.server());
  }

  /** @returns the Topic Name as it stands on the wire */
  topicName({ topic, isAbsolute }: Pick<QueuedPublication, 'topic' | 'isAbsolute'>): string {
    return isAbsolute ? topic : this.#prefix + topic;
  }

  /** @returns why a publication is not sent, in words */
  refusal(publication: QueuedPublication): string | undefined {
    const { expiresAt = Number.POSITIVE_INFINITY } = publication;
    if (expiresAt <= this.#clock.monotonic()) return 'it waited for the broker until it was worth nothing';
    return this.sizeRefusal(publication);
  }

  /** @returns why a publication is too large (MQTT-3.2.2-15), in words */
  sizeRefusal(publication: QueuedPublication): string | undefined {
    const { maximumPacketSize } = this.server.capabilities;
    if (maximumPacketSize === Number.POSITIVE_INFINITY) return undefined;
    const bytes = publishPacketSize(this.topicName(publication), publication);
    if (bytes <= maximumPacketSize) return undefined;
    return `it has ${bytes} bytes, the broker takes ${maximumPacketSize} (its Maximum Packet Size)`;
  }

  /** @returns QoS and RETAIN with which a publication is sent; what it has to do without is told once of each server */
  flags(asked: PublishFlags): PublishFlags {
    const { capabilities } = this.server;
    const flags = capabilities.reduce(asked);
    for (const lack of capabilities.newlyMissing(asked, flags)) {
      const params = { server: this.#connection.server(), qos: flags.qos };
      this.#connection.tell({
        name: 'delivery_degraded',
        severity: 'warning',
        phrase: { key: `notice.${lack}`, params },
      });
    }
    return flags;
  }
}
