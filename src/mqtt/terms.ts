/** On which terms the server we are connected to takes a publication: how, or not at all. */
import type { Clock } from '../model/time.ts';
import type { Line } from './line.ts';
import type { Taken } from './outbox.ts';
import { type Manner, publishSize } from './server-limits.ts';
import type { ServerMemory, Session } from './session.ts';

export interface Terms {
  server(): ServerMemory;
  /** The topic as it stands on the wire. */
  wireTopic(publication: Taken): string;
  /** @returns why it is not sent, in words */
  refusal(publication: Taken): string | undefined;
  /** How it is sent; what it has to do without is told once. */
  manner(publication: Manner): Manner;
}

export const createTerms = (session: Session, prefix: string, clock: Clock, line: Line): Terms => {
  const server = (): ServerMemory => session.server(line.server());
  const wireTopic = ({ topic, isAbsolute }: Taken): string => (isAbsolute ? topic : prefix + topic);
  return {
    server,
    wireTopic,
    refusal(publication) {
      const { expiresAt = Number.POSITIVE_INFINITY } = publication;
      if (expiresAt <= clock.monotonic()) return 'it waited for the broker until it was worth nothing';
      const most = server().limits.maximumPacketSize;
      const bytes = publishSize(wireTopic(publication), publication);
      return bytes > most ? `it has ${bytes} bytes, the broker takes ${most} (its Maximum Packet Size)` : undefined;
    },
    manner(publication) {
      const { limits } = server();
      const manner = limits.limit(publication);
      for (const lack of limits.lacking(publication, manner)) {
        const params = { server: line.server(), qos: manner.qos };
        line.tell({ name: 'delivery_degraded', severity: 'warning', phrase: { key: `notice.${lack}`, params } });
      }
      return manner;
    },
  };
};
