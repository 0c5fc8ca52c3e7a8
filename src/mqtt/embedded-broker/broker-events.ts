/** Events of the embedded broker about its clients, told at most once per pause where they repeat. */
import { RepeatLimit } from '../../common/repeat-limit.ts';
import type { Clock } from '../../model/time.ts';
import type { BrokerLimits } from './broker-limits.ts';
import type { QueueLimit } from './session-queue.ts';

/** count: number of events alike since the last one that was told; absent: the event is told as it comes. */
export type BrokerEvent =
  | { kind: 'connected' | 'disconnected'; client: string; address: string }
  | { kind: 'refused' | 'failed'; client: string; address: string; reason: string; count?: number }
  | { kind: 'limited'; limit: keyof BrokerLimits; client?: string; address?: string; reason: string; count?: number }
  | { kind: 'subscribed' | 'unsubscribed'; client: string; filters: string[] };

type Repeated = Extract<BrokerEvent, { reason: string }>;

const pauseMs = 10_000;
/** Addresses and client identifiers are chosen by strangers, so their number is bounded. */
const mostKinds = 1000;

/** @returns the address without the port, which is another one with each connection */
/** @returns the host of "host:port" */
const hostIn = (address = ''): string => address.slice(0, Math.max(0, address.lastIndexOf(':')));

const keyOf = (event: Repeated): string => {
  const { kind, client, address, reason } = event;
  // A client that is refused may choose another identifier each time; one that is connected has one.
  return [kind, reason, kind === 'refused' ? hostIn(address) : (client ?? hostIn(address))].join('|');
};

/** One sentence about a limit that was reached. */
export const limitReason = {
  connections: ({ connections }: BrokerLimits) =>
    `${connections} connections are open, no more are allowed: one that has not logged in was closed`,
  connectionsPerAddress: ({ connectionsPerAddress }: BrokerLimits) =>
    `${connectionsPerAddress} connections of this address are open, no more are allowed: one that has not logged in was closed`,
  connectS: ({ connectS }: BrokerLimits) => `it has not logged in within ${connectS} s, and was disconnected`,
  loginDelayed: ({ loginFailures }: BrokerLimits) =>
    `more than ${loginFailures} wrong passwords came from this address: its logins are answered late, right or wrong`,
  loginDropped: () =>
    'so many logins of this address wait for a late answer that this one was disconnected; the client may try again',
  outgoingBytes: ({ outgoingBytes }: BrokerLimits) =>
    `more than ${outgoingBytes} bytes waited to be read by this client, and it was disconnected`,
  readS: ({ readS }: BrokerLimits) =>
    `this client has not read what is sent to it for ${readS} s, and was disconnected`,
  subscriptions: ({ subscriptions }: BrokerLimits) =>
    `a subscription was refused: this client has ${subscriptions} already, or its filter is malformed or too long`,
  sessions: ({ sessions }: BrokerLimits) =>
    `${sessions} persistent sessions exist, no more are allowed: its login was refused`,
  queuedMessages: ({ queuedMessages }: BrokerLimits) => `${queuedMessages} messages wait for this client`,
  queuedBytes: ({ queuedBytes }: BrokerLimits) => `${queuedBytes} bytes wait for this client`,
  queuedBytesTotal: ({ queuedBytesTotal }: BrokerLimits) => `${queuedBytesTotal} bytes wait for all clients together`,
  sessionExpiryS: ({ sessionExpiryS }: BrokerLimits) =>
    `this client has been away for ${sessionExpiryS / 3600} h: its session ended, with the messages that waited in it`,
  retainedMessages: ({ retainedMessages }: BrokerLimits) =>
    `a message was delivered but not retained: ${retainedMessages} messages are retained already`,
  retainedBytes: ({ retainedBytes }: BrokerLimits) =>
    `a message was delivered but not retained: with it, more than ${retainedBytes} bytes would be retained`,
} satisfies Record<string, (limits: BrokerLimits) => string>;

/** @returns which message was lost to a full queue, in words */
export const queueReason = (limits: BrokerLimits, limit: QueueLimit, qos: 1 | 2): string =>
  `${limitReason[limit](limits)}, no more are allowed: ${
    qos === 1 ? 'its oldest message of QoS 1 was dropped' : 'a new message of QoS 2 found no room and is lost to it'
  }`;

/** Tells the first event of its kind at once, and those that follow within seconds in one event with their count. */
export class BrokerEvents {
  readonly #report: (event: BrokerEvent) => void;
  readonly #limit: RepeatLimit<Repeated>;

  constructor(clock: Clock, report: (event: BrokerEvent) => void) {
    this.#report = report;
    this.#limit = new RepeatLimit(pauseMs, clock, (event, heldBack) =>
      report(heldBack === 0 ? event : { ...event, count: heldBack }),
    );
  }

  /** Tells an event that may repeat. */
  tellLimited(event: Repeated): void {
    const kind = keyOf(event);
    const isCrowded = this.#limit.size >= mostKinds && !this.#limit.has(kind);
    this.#limit.add(isCrowded ? event.kind : kind, event);
  }

  /** Tells an event that happens once. */
  tell(event: BrokerEvent): void {
    this.#report(event);
  }

  close(): void {
    this.#limit.close();
  }
}
