/** From a publisher to the sessions: what is retained, who gets a message at which QoS, and when the next may come. */
import { lowerQoS, type Message } from './frames.ts';
import type { Outlet } from './outlet.ts';
import type { RetainedMessages } from './retained.ts';
import type { Sessions } from './sessions.ts';

/** Bytes of its own: a slice would keep the whole segment in memory in which the message arrived. */
const copied = (payload: Buffer): Buffer => {
  const own = Buffer.allocUnsafeSlow(payload.length);
  payload.copy(own);
  return own;
};

/**
 * Delivers one message to all who subscribed, in the order of these calls.
 * @param done called when the publisher may send more. It waits for clients that take less than they get, as long as
 *   they take anything
 * @returns whether there was room to retain it, where that was asked for
 */
export const route = (
  sessions: Sessions,
  retained: RetainedMessages,
  { topic, payload, qos, retain }: Message & { retain: boolean },
  done: () => void,
): boolean => {
  const sink = sessions.match(topic);
  const isStored = retain || (qos > 0 && sink.size > 0);
  const message: Message = { topic, payload: isStored ? copied(payload) : payload, qos };
  const hasRoom = !retain || retained.store({ ...message });
  const behind: Outlet[] = [];
  for (const [session, granted] of sink) {
    session.deliver(message, lowerQoS(granted, qos));
    const { outlet } = session;
    if (outlet && !outlet.isStalled && session.isBehind) behind.push(outlet);
  }
  let left = behind.length;
  const next = (): void => {
    left--;
    if (left <= 0) setImmediate(done);
  };
  if (left === 0) next();
  else for (const outlet of behind) outlet.hold(next);
  return hasRoom;
};
