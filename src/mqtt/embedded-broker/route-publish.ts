/** PUBLISH from a client to the sessions: what is retained, who gets it at which QoS, and when the next may come. */

import type { BrokerSessions } from './broker-sessions.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import { type ApplicationMessage, lowerQoS } from './packets.ts';
import type { RetainedMessages } from './retained-messages.ts';

/** @returns a copy with memory of its own: a slice would keep the whole segment in which the message arrived */
const copied = (payload: Buffer): Buffer => {
  const own = Buffer.allocUnsafeSlow(payload.length);
  payload.copy(own);
  return own;
};

/**
 * Delivers one message to all who subscribed, in the order of these calls.
 * @param done called when the publisher may send more: not before clients that take less than they get have caught up,
 *   as long as they take anything
 * @returns whether there was room to retain it, where that was asked for
 */
export const routePublish = (
  sessions: BrokerSessions,
  retained: RetainedMessages,
  { topic, payload, qos, retain }: ApplicationMessage & { retain: boolean },
  done: () => void,
): boolean => {
  const sink = sessions.match(topic);
  const isStored = retain || (qos > 0 && sink.size > 0);
  const message: ApplicationMessage = { topic, payload: isStored ? copied(payload) : payload, qos };
  const hasRoom = !retain || retained.store({ ...message });
  const behind: OutgoingStream[] = [];
  for (const [session, granted] of sink) {
    session.deliver(message, lowerQoS(granted, qos));
    const { stream } = session;
    if (stream && !stream.isStalled && session.isBehind) behind.push(stream);
  }
  let left = behind.length;
  const next = (): void => {
    left--;
    if (left <= 0) setImmediate(done);
  };
  if (left === 0) next();
  else for (const stream of behind) stream.hold(next);
  return hasRoom;
};
