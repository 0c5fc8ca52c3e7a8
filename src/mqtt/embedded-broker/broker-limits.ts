/**
 * The limits that the embedded broker sets its clients. Each one concerns one client or one message, and is told when
 * it is reached.
 */

export interface BrokerLimits {
  /** Open connections, those included that have not logged in yet. */
  connections: number;
  connectionsPerAddress: number;
  /** Seconds from the first byte of TCP to a login that was accepted. */
  connectS: number;
  /** Wrong passwords from one address, after which its logins are answered later and later. */
  loginFailures: number;
  /** Bytes of one packet after its fixed header. */
  packetBytes: number;
  /** Bytes that wait for one client to read them. */
  outgoingBytes: number;
  /** Seconds a client may let bytes wait without reading. */
  readS: number;
  /** Topic filters of one client. */
  subscriptions: number;
  /** Sessions that outlive their connection, absent or not. */
  sessions: number;
  /** Seconds after which the session of an absent client ends. */
  sessionExpiryS: number;
  /** Messages of QoS 1 and 2 that wait in one session or are not acknowledged yet. */
  queuedMessages: number;
  queuedBytes: number;
  /** The same of all sessions together. */
  queuedBytesTotal: number;
  retainedMessages: number;
  retainedBytes: number;
}

const kB = 1024;
const MB = 1024 * kB;

/** The limits of a broker whose form says nothing else. */
export const defaultLimits: BrokerLimits = {
  connections: 1000,
  connectionsPerAddress: 500,
  connectS: 10,
  loginFailures: 5,
  packetBytes: MB,
  outgoingBytes: 4 * MB,
  readS: 30,
  subscriptions: 1000,
  sessions: 1000,
  sessionExpiryS: 7 * 86_400,
  queuedMessages: 20_000,
  queuedBytes: 16 * MB,
  queuedBytesTotal: 64 * MB,
  retainedMessages: 20_000,
  retainedBytes: 32 * MB,
};
