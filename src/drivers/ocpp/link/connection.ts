/** One connection of a station: its calls are answered, ours wait in line, and who does not behave is shown out. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../../model/time.ts';
import type { Version } from '../words.ts';
import { AnswerError } from './answer-error.ts';
import { type AnswerOptions, createAnswers, type Handle } from './answers.ts';
import { createCallQueue } from './call-queue.ts';
import { CallFailure, type Peer, type StationLink } from './link.ts';
import { toPlainText } from './plain-text.ts';
import { type Bucket, createBucket, type Rate } from './rates.ts';
import type { RpcClient } from './transport.ts';

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
  called: Handle;
  ended(reason: string): void;
  /** Something odd, in words. */
  told(what: string): void;
}

export interface ConnectionOptions {
  client: RpcClient;
  socket: Socket;
  identity: string;
  version: Version;
  peer: Peer;
  limits: ConnectionLimits;
  noReply: unknown;
}

export interface Connection {
  link: StationLink;
  /** When the socket is gone. */
  ended: Promise<void>;
}

/** RFC 6455 §7.4.1, and the registry of close codes at IANA. */
const policyViolation = 1008;
const tryAgainLater = 1013;
/** RFC 6455 §5.5: a control frame carries 125 bytes, two of them are the code. */
const longestReason = 120;
const openState = 1;
const longestNote = 300;

const messageType = (frame: string): number => Number(/^\s*\[\s*(\d+)\s*[,\]]/.exec(frame)?.[1]);

/** Whether what cannot be read is answered at all. */
const isAnswered = (version: Version, type: number): boolean => {
  // OCPP-J 1.6 §4.1.3: messages of an unknown type are ignored.
  if (version === '1.6') return type === 2;
  // OCPP 2.1 part 4 §4.2: neither CALLRESULTERROR nor SEND is ever answered.
  return version !== '2.1' || (type !== 5 && type !== 6);
};

const describeEnd = (code: number, reason: string): string => {
  if (code === 1006) return 'the connection broke off';
  return reason ? `closed by the station: ${toPlainText(reason, longestReason)}` : 'closed by the station';
};

const describeBadMessage = (type: number, frame: string, error: Error): string => {
  if (type === 5) return `the station refused an answer: ${frame}`;
  if (type === 3 || type === 4) return 'the station answered nothing that is open: too late, or twice';
  return `a message that means nothing: ${error.message}`;
};

export const createConnection = (options: ConnectionOptions, events: ConnectionEvents, clock: Clock): Connection => {
  const { client, socket, identity, version, peer, limits, noReply } = options;
  const messages = createBucket(limits.messages, clock);
  const bytes = createBucket(limits.bytes, clock);
  /** Made when there is something to tell. */
  let notes: Bucket | undefined;
  /** The message that has just come in. */
  let frame = '';
  let isNextMuted = false;
  let endReason: string | undefined;
  let grace: Timer | undefined;
  let letGo: Timer | undefined;

  const tell = (what: string): void => {
    notes ??= createBucket({ perS: 0.1, burst: 20 }, clock);
    if (notes.take()) events.told(toPlainText(what, longestNote));
  };
  const answers = createAnswers(events.called, limits, clock, tell);

  const send = async (action: string, payload: object, signal: AbortSignal): Promise<unknown> => {
    try {
      // Said here and not inside: what cannot be written would leave a call open there.
      JSON.stringify(payload);
      return await client.call(action, payload, { callTimeoutMs: 0, signal });
    } catch (error) {
      const { rpcErrorCode: code, message } = error as { rpcErrorCode?: unknown; message?: unknown };
      const text = `${identity}, ${action}: ${toPlainText(String(message), 255)}`;
      if (typeof code === 'string') throw new CallFailure('error', `${text} (${code})`, code);
      throw client.state === openState
        ? new CallFailure('error', text, 'InternalError')
        : new CallFailure('offline', text);
    }
  };
  const queue = createCallQueue(identity, send, clock, limits.maxWaiting);

  const close = (code: number, reason: string): void => {
    if (endReason !== undefined) return;
    endReason = reason;
    answers.end();
    queue.end(reason);
    client.close({ code, reason: Buffer.from(reason).subarray(0, longestReason).toString() }).catch(() => {});
    grace = clock.after(limits.closeGraceMs, () => socket.destroy());
  };

  /** Whoever floods us is not read any further. */
  const showOut = (reason: string): void => {
    tell(reason);
    close(policyViolation, reason);
    socket.pause();
  };

  const guard = (length: number): void => {
    if (endReason !== undefined) return;
    if (!messages.take()) showOut(`more than ${limits.messages.perS} messages per second for too long`);
    else if (!bytes.take(length)) showOut(`more than ${limits.bytes.perS} bytes per second for too long`);
  };

  // ocpp-rpc answers by itself what OCPP leaves unanswered, and throws where it cannot send any more.
  const speak = client.sendRaw.bind(client);
  client.sendRaw = (text) => {
    const isMuted = isNextMuted;
    isNextMuted = false;
    if (isMuted || !socket.writable) return;
    speak(text);
    if (socket.writableLength > limits.maxUnsent) showOut('the station does not read what it is sent');
  };

  const refuse = (error: unknown): unknown => {
    const { kind, message, code } = error as CallFailure;
    if (kind !== 'unanswered') throw new AnswerError(message, version, code);
    tell(message);
    letGo ??= clock.after(limits.unansweredMs, () => close(tryAgainLater, message));
    return noReply;
  };
  client.handle(({ method, params }) => {
    const own = frame;
    frame = '';
    try {
      const reply = answers.answer(own, method, params);
      return reply instanceof Promise ? reply.then((found) => found ?? noReply, refuse) : (reply ?? noReply);
    } catch (error) {
      return refuse(error);
    }
  });
  client.on('message', ({ message, outbound }) => {
    if (outbound) return;
    frame = message;
    guard(message.length);
  });
  client.on('badMessage', ({ error, response }) => {
    const type = messageType(frame);
    tell(describeBadMessage(type, frame, error));
    // It is sent right after this event.
    if (!response || client.state !== openState) return;
    if (!isAnswered(version, type)) isNextMuted = true;
    else if (version === '1.6') response[2] = 'FormationViolation';
  });
  client.on('callError', ({ error, outbound }) => {
    // Not a failure of ours: the same message id is being answered already, and a second answer would spoil the first.
    if (!outbound && !(error instanceof AnswerError)) isNextMuted = true;
  });
  client.on('socketError', ({ code, message }) => {
    // The close with the code of the fault is on its way already; the station may never answer it.
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') close(1009, 'the station sent a message that is too long');
    else close(1002, `the station broke the protocol: ${message}`);
  });

  const ended = new Promise<void>((resolve) => {
    client.on('close', ({ code, reason }) => {
      endReason ??= describeEnd(code, reason);
      for (const timer of [grace, letGo]) timer?.cancel();
      answers.end();
      queue.end(endReason);
      events.ended(endReason);
      resolve();
    });
  });

  return { link: { identity, version, peer, call: queue.call, close }, ended };
};
