/** One connection of a station: its calls are answered, ours wait in line, and who does not behave is shown out. */
import type { Socket } from 'node:net';
import { type Rate, TokenBucket } from '../../../common/rate-limit.ts';
import type { Clock, Timer } from '../../../model/time.ts';
import type { Version } from '../words.ts';
import { AnswerError } from './answer-error.ts';
import { type Answerer, type Answering, type AnswerOptions, answerCall, endAnswers } from './answers.ts';
import { callNumber, describeBadFrame, isAnswered, messageType } from './bad-frame.ts';
import { type CallQueue, createCallQueue, endCalls, holdCalls, queueCall, releaseCalls } from './call-queue.ts';
import type { CallFailure, Peer, StationLink } from './link.ts';
import { toPlainText } from './plain-text.ts';
import { callStation } from './station-call.ts';
import type { Place } from './stations.ts';
import { openState, type RpcClient } from './transport.ts';

export interface ConnectionLimits extends AnswerOptions {
  messages: Rate;
  bytes: Rate;
  /** Of our calls that wait. */
  maxWaiting: number;
  /** Of what was sent and not taken by the station, bytes. */
  maxUnsent: number;
  /** For a station to answer the close, ms. */
  closeGraceMs: number;
  /**
   * A station that is not answered is let go after this long, ms: before it gives up waiting and counts an attempt. What
   * it could not tell for want of a connection it keeps (OCPP 1.6 §4.6, 2.0.1 part 2 E04).
   */
  unansweredMs: number;
}

export interface ConnectionEvents {
  called(connection: Connection, action: string, payload: unknown): Promise<object> | object;
  ended(connection: Connection, reason: string): void;
  /** Something odd of ours, in words. */
  told(connection: Connection, what: string): void;
  /** The station breaks the protocol, in words. */
  deviated(connection: Connection, what: string): void;
}

/** What the connections of a server have in common. */
export interface ConnectionHost {
  readonly limits: ConnectionLimits;
  readonly noReply: unknown;
  readonly events: ConnectionEvents;
  readonly clock: Clock;
  readonly answering: Answering<Connection>;
}

/** Who has come in, and by what. */
export interface Arrival {
  client: RpcClient;
  socket: Socket;
  identity: string;
  version: Version;
  peer: Peer;
}

/**
 * A record, and functions that take it: of thousands of connections, each closure would have to be fetched from memory
 * with each message.
 */
export interface Connection extends Answerer {
  readonly host: ConnectionHost;
  /** The message that has just come in. */
  frame: string;
  endReason: string | undefined;
  /** Where the calls of the station go; undefined until it has been led there. */
  place: Place | undefined;
  readonly messages: TokenBucket;
  readonly bytes: TokenBucket;
  isNextMuted: boolean;
  readonly socket: Socket;
  readonly client: RpcClient;
  readonly link: StationLink;
  readonly calls: CallQueue;
  /** Made when there is something to tell. */
  notes: TokenBucket | undefined;
  grace: Timer | undefined;
  letGo: Timer | undefined;
}

/** RFC 6455 §7.4.1, and the registry of close codes at IANA. */
const policyViolation = 1008;
const tryAgainLater = 1013;
/** RFC 6455 §5.5: a control frame carries 125 bytes, two of them are the code. */
const longestReason = 120;
const longestNote = 300;

/** Of a call of ours, as ocpp-rpc writes it; everything else that leaves is an answer. */
const callStart = '[2,';
/** Nobody waits longer than this for an answer that has to be asked for, ms: limits are among our calls. */
const longestHoldMs = 1000;

const describeEnd = (code: number, reason: string): string => {
  if (code === 1006) return 'the connection broke off';
  return reason ? `closed by the station: ${toPlainText(reason, longestReason)}` : 'closed by the station';
};

const noteRate: Rate = { perS: 0.1, burst: 20 };

const note = (connection: Connection, what: string, to: ConnectionEvents['told']): void => {
  const { clock } = connection.host;
  connection.notes ??= new TokenBucket(noteRate, clock.monotonic());
  if (connection.notes.take(clock.monotonic())) to(connection, toPlainText(what, longestNote));
};

const tell = (connection: Connection, what: string): void => note(connection, what, connection.host.events.told);

const tellDeviation = (connection: Connection, what: string): void =>
  note(connection, what, connection.host.events.deviated);

/** @param noReply told to ocpp-rpc: this call has no answer of its own */
export const createConnectionHost = (
  limits: ConnectionLimits,
  noReply: unknown,
  events: ConnectionEvents,
  clock: Clock,
): ConnectionHost => ({
  limits,
  noReply,
  events,
  clock,
  answering: { limits, clock, handle: events.called, tell },
});

const close = (connection: Connection, code: number, reason: string): void => {
  if (connection.endReason !== undefined) return;
  const { host, client, socket, calls } = connection;
  connection.endReason = reason;
  endAnswers(connection);
  endCalls(calls, reason);
  client.close({ code, reason: Buffer.from(reason).subarray(0, longestReason).toString() }).catch(() => {});
  connection.grace = host.clock.after(host.limits.closeGraceMs, () => socket.destroy());
};

/** Whoever floods us is not read any further. */
const showOut = (connection: Connection, reason: string): void => {
  tellDeviation(connection, reason);
  close(connection, policyViolation, reason);
  connection.socket.pause();
};

const guard = (connection: Connection, length: number): void => {
  if (connection.endReason !== undefined) return;
  const { limits, clock } = connection.host;
  const now = clock.monotonic();
  if (!connection.messages.take(now))
    showOut(connection, `more than ${limits.messages.perS} messages per second for too long`);
  else if (!connection.bytes.take(now, length))
    showOut(connection, `more than ${limits.bytes.perS} bytes per second for too long`);
};

/** ocpp-rpc answers by itself what OCPP leaves unanswered, and throws where it cannot send any more. */
const speak = (connection: Connection, text: string, sendRaw: RpcClient['sendRaw']): void => {
  const { client, socket, host, calls, isNextMuted } = connection;
  connection.isNextMuted = false;
  const isSent = !isNextMuted && socket.writable;
  if (isSent) sendRaw.call(client, text);
  if (!text.startsWith(callStart)) releaseCalls(calls);
  if (isSent && socket.writableLength > host.limits.maxUnsent)
    showOut(connection, 'the station does not read what it is sent');
};

const refuse = (connection: Connection, error: unknown): unknown => {
  const { kind, message, code } = error as CallFailure;
  const { host, calls, link } = connection;
  const { limits, noReply, clock } = host;
  if (kind !== 'unanswered') throw new AnswerError(message, link.version, code);
  releaseCalls(calls);
  tell(connection, message);
  connection.letGo ??= clock.after(limits.unansweredMs, () => close(connection, tryAgainLater, message));
  return noReply;
};

const replyTo = (connection: Connection, action: string, payload: unknown): unknown => {
  const { host, frame } = connection;
  const { answering, noReply } = host;
  connection.frame = '';
  try {
    const reply = answerCall(answering, connection, frame, action, payload);
    if (!(reply instanceof Promise)) return reply ?? noReply;
    return reply.then(
      (found) => found ?? noReply,
      (error: unknown) => refuse(connection, error),
    );
  } catch (error) {
    return refuse(connection, error);
  }
};

/** Our calls wait until it is sent. */
const answer = (connection: Connection, action: string, payload: unknown): unknown => {
  const { calls, host } = connection;
  holdCalls(calls);
  const reply = replyTo(connection, action, payload);
  if (!(reply instanceof Promise)) return reply;
  const timer = host.clock.after(longestHoldMs, () => releaseCalls(calls));
  return reply.finally(() => timer.cancel());
};

/** @param response it is sent right after this event */
const takeBadMessage = (connection: Connection, error: Error, response: unknown[] | null): void => {
  const { client, frame, link } = connection;
  const number = callNumber(frame);
  tellDeviation(connection, describeBadFrame(frame, error));
  if (!response || client.state !== openState) return;
  if (!isAnswered(link.version, messageType(frame))) connection.isNextMuted = true;
  else if (link.version === '1.6') response[2] = 'FormationViolation';
  // A call whose number can be read is answered by it.
  if (number !== undefined) response[1] = number;
};

/** The close with the code of the fault is on its way already; the station may never answer it. */
const takeSocketError = (connection: Connection, { code, message }: Error & { code?: string }): void => {
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
    close(connection, 1009, 'the station sent a message that is too long');
  else close(connection, 1002, `the station broke the protocol: ${message}`);
};

const takeEnd = (connection: Connection, code: number, reason: string): void => {
  connection.endReason ??= describeEnd(code, reason);
  for (const timer of [connection.grace, connection.letGo]) timer?.cancel();
  endAnswers(connection);
  endCalls(connection.calls, connection.endReason);
  connection.host.events.ended(connection, connection.endReason);
};

/** From here on the station is heard. */
const attach = (connection: Connection): void => {
  const { client } = connection;
  const { sendRaw } = client;
  client.sendRaw = (text) => speak(connection, text, sendRaw);
  client.handle(({ method, params }) => answer(connection, method, params));
  client.on('message', ({ message, outbound }) => {
    if (outbound) return;
    connection.frame = message;
    guard(connection, message.length);
  });
  client.on('badMessage', ({ error, response }) => takeBadMessage(connection, error, response));
  client.on('callError', ({ error, outbound }) => {
    // Not a failure of ours: the same message id is being answered already, and a second answer would spoil the first.
    if (!outbound && !(error instanceof AnswerError)) connection.isNextMuted = true;
  });
  client.on('socketError', (error) => takeSocketError(connection, error));
  client.on('close', ({ code, reason }) => takeEnd(connection, code, reason));
};

export const openConnection = (host: ConnectionHost, arrival: Arrival): Connection => {
  const { client, socket, identity, version, peer } = arrival;
  const { limits, clock } = host;
  const calls = createCallQueue(
    identity,
    (action, payload, signal) => callStation(client, identity, action, payload, signal),
    clock,
    limits.maxWaiting,
  );
  const now = clock.monotonic();
  const connection: Connection = {
    host,
    frame: '',
    endReason: undefined,
    place: undefined,
    messages: new TokenBucket(limits.messages, now),
    bytes: new TokenBucket(limits.bytes, now),
    remembered: [],
    awaited: undefined,
    isNextMuted: false,
    socket,
    client,
    link: {
      identity,
      version,
      peer,
      call: (action, payload, options) => queueCall(calls, action, payload, options),
      close: (code, reason) => close(connection, code, reason),
    },
    calls,
    notes: undefined,
    grace: undefined,
    letGo: undefined,
  };
  attach(connection);
  return connection;
};
