/**
 * The limits that the embedded broker sets its clients. Each one concerns one client or one message, and is told when
 * it is reached.
 */
import { localBrokerFields } from '../../model/limits.ts';

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

const { sessionExpiry, packetSize, outgoingSize, queuedSize, queuedTotal, retainedSize } = localBrokerFields;

/** The limits of a broker whose form says nothing else. */
export const defaultLimits: BrokerLimits = {
  connections: localBrokerFields.connections.default,
  connectionsPerAddress: localBrokerFields.connectionsPerAddress.default,
  connectS: localBrokerFields.connectTime.default,
  loginFailures: localBrokerFields.loginFailures.default,
  packetBytes: packetSize.default * kB,
  outgoingBytes: outgoingSize.default * MB,
  readS: localBrokerFields.readTime.default,
  subscriptions: localBrokerFields.subscriptions.default,
  sessions: localBrokerFields.sessions.default,
  sessionExpiryS: sessionExpiry.default * 3600,
  queuedMessages: localBrokerFields.queuedMessages.default,
  queuedBytes: queuedSize.default * MB,
  queuedBytesTotal: queuedTotal.default * MB,
  retainedMessages: localBrokerFields.retainedMessages.default,
  retainedBytes: retainedSize.default * MB,
};
