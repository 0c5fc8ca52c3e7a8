/** What the embedded broker tells of its clients, and how often it repeats itself. */
import type { Clock, Timer } from '../../model/time.ts';
import type { BrokerLimits } from './limits.ts';
import type { QueueLimit } from './queue.ts';

/** count: so many alike were not told one by one since the last of them. */
export type BrokerEvent =
  | { kind: 'connected' | 'disconnected'; client: string; address: string }
  | { kind: 'refused' | 'failed'; client: string; address: string; reason: string; count?: number }
  | { kind: 'limited'; limit: keyof BrokerLimits; client?: string; address?: string; reason: string; count?: number }
  | { kind: 'subscribed' | 'unsubscribed'; client: string; filters: string[] };

type Repeated = Extract<BrokerEvent, { reason: string }>;

interface Window {
  timer: Timer;
  latest: Repeated;
  count: number;
}

const windowMs = 10_000;
/** Addresses and client ids are chosen by strangers. */
const mostWindows = 1000;

/** The address without the port, which is another one with each connection. */
const hostOf = (address = ''): string => address.slice(0, Math.max(0, address.lastIndexOf(':')));

const keyOf = (event: Repeated): string => {
  const { kind, client, address, reason } = event;
  // Whoever is refused chose the client id anew each time; who is in has one.
  return [kind, reason, kind === 'refused' ? hostOf(address) : (client ?? hostOf(address))].join('|');
};

/** What a limit did, in words. */
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

/** Which message was lost to a full queue, in words. */
export const queueReason = (limits: BrokerLimits, limit: QueueLimit, qos: 1 | 2): string =>
  `${limitReason[limit](limits)}, no more are allowed: ${
    qos === 1 ? 'its oldest message of QoS 1 was dropped' : 'a new message of QoS 2 found no room and is lost to it'
  }`;

/** Tells the first of its kind at once, and those that follow within seconds in one event with their count. */
export class EventLimiter {
  readonly #windows = new Map<string, Window>();
  readonly #clock: Clock;
  readonly #report: (event: BrokerEvent) => void;

  constructor(clock: Clock, report: (event: BrokerEvent) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  tell(event: Repeated): void {
    const isCrowded = this.#windows.size >= mostWindows;
    const key = isCrowded && !this.#windows.has(keyOf(event)) ? event.kind : keyOf(event);
    const window = this.#windows.get(key);
    if (window) {
      window.latest = event;
      window.count++;
      return;
    }
    this.#open(key, event);
    this.#report(event);
  }

  /** What happens once is told once. */
  pass(event: BrokerEvent): void {
    this.#report(event);
  }

  close(): void {
    for (const { timer } of this.#windows.values()) timer.cancel();
    this.#windows.clear();
  }

  #open(key: string, event: Repeated): void {
    const timer = this.#clock.after(windowMs, () => this.#end(key));
    this.#windows.set(key, { timer, latest: event, count: 0 });
  }

  #end(key: string): void {
    const window = this.#windows.get(key);
    this.#windows.delete(key);
    if (!window || window.count === 0) return;
    this.#open(key, window.latest);
    this.#report({ ...window.latest, count: window.count });
  }
}
