/** One connection of a station: its calls are answered, ours wait in line, and who does not behave is shown out. */
import { randomUUID } from 'node:crypto';
import { type Rate, TokenBucket } from '../../../common/rate-limit.ts';
import type { Clock, Timer } from '../../../model/time.ts';
import type { Version } from '../messages.ts';
import { CallQueue } from './call-queue.ts';
import { closeCode, cutReason, describeClose } from './close-codes.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { cutDescription, readCode, spellCode } from './error-codes.ts';
import { type CallHandler, IncomingCalls } from './incoming-calls.ts';
import { answerMalformed, describeMalformed, unmatchedAnswer } from './malformed-message.ts';
import { toPlainText, withoutFrames } from './plain-text.ts';
import {
  type Call,
  type CallError,
  type Malformed,
  readMessage,
  writeCall,
  writeCallError,
  writeCallResult,
} from './rpc-message.ts';
import { CallFailure, type CallOptions, type Peer, type StationLink } from './station-link.ts';
import type { StationSocket, WebSocketListener } from './websocket.ts';

/** The server of a connection. */
export interface ConnectionHost {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly stations: {
    /** @returns the payload of the CALLRESULT; see CallHandler for its failures */
    call(identity: string, action: string, payload: unknown): Promise<object> | object;
  };
  onClosed(connection: Connection, reason: string): void;
  /** Something went wrong on our side, in words for the log. */
  onFault(connection: Connection, fault: string): void;
  /** The station breaks the protocol, in words. */
  onDeviation(connection: Connection, deviation: string): void;
}

/** A station that was let in. */
export interface Arrival {
  socket: StationSocket;
  identity: string;
  version: Version;
  peer: Peer;
}

/** A call of ours that the station has not answered yet. */
interface OpenCall {
  id: string;
  action: string;
  resolve(payload: unknown): void;
  reject(failure: CallFailure): void;
}

/** Characters of what is told of a station. */
const longestNote = 300;
/** Characters of an error description of the station that are told. */
const longestDescription = 150;
/** Notes about one station. */
const noteRate: Rate = { perS: 0.1, burst: 20 };
/** No call of ours waits longer than this for an answer that has to be asked for, ms: limits are among them. */
const longestHoldMs = 1000;

/** One of thousands: a class with short methods, for closures of each would be cold in the caches when a message comes. */
export class Connection implements StationLink, WebSocketListener, CallHandler {
  readonly identity: string;
  readonly version: Version;
  readonly peer: Peer;
  private readonly host: ConnectionHost;
  private readonly socket: StationSocket;
  private readonly messages: TokenBucket;
  private readonly bytes: TokenBucket;
  private readonly incoming: IncomingCalls;
  private readonly outgoing: CallQueue;
  private openCall: OpenCall | undefined;
  /** Ids of calls whose handler has not settled yet; made with the first of them. */
  private handling: Set<string> | undefined;
  /** Made when there is something to tell. */
  private notes: TokenBucket | undefined;
  private closeReason: string | undefined;
  private grace: Timer | undefined;
  private letGo: Timer | undefined;

  /** From here on the station is heard. */
  constructor(host: ConnectionHost, { socket, identity, version, peer }: Arrival) {
    const { limits, clock } = host;
    const now = clock.monotonic();
    this.host = host;
    this.socket = socket;
    this.identity = identity;
    this.version = version;
    this.peer = peer;
    this.messages = new TokenBucket(limits.messages, now);
    this.bytes = new TokenBucket(limits.bytes, now);
    this.incoming = new IncomingCalls(this, limits, clock);
    this.outgoing = new CallQueue(identity, (action, payload, signal) => this.sendCall(action, payload, signal), {
      clock,
      maxWaiting: limits.maxWaiting,
    });
    socket.listen(this);
  }

  call(action: string, payload: object, options: CallOptions): Promise<unknown> {
    return this.outgoing.call(action, payload, options);
  }

  close(code: number, reason: string): void {
    if (this.closeReason !== undefined) return;
    this.closeReason = reason;
    this.incoming.end();
    this.outgoing.end(reason);
    this.socket.close(code, cutReason(reason));
    this.grace = this.host.clock.after(this.host.limits.closeGraceMs, () => this.socket.terminate());
  }

  onMessage(text: string): void {
    if (this.closeReason !== undefined || !this.isWithinRates(text.length)) return;
    const message = readMessage(text);
    switch (message.kind) {
      case 'call':
        this.takeCall(message, text);
        break;
      case 'call_result':
        this.takeAnswer(message.id, ({ resolve }) => resolve(message.payload));
        break;
      case 'call_error':
        this.takeAnswer(message.id, (call) => this.failCall(call, message));
        break;
      case 'malformed':
        this.takeMalformed(message, text);
    }
  }

  onError({ code, message }: Error & { code?: string }): void {
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      this.close(closeCode.messageTooBig, 'the station sent a message that is too long');
    else this.close(closeCode.protocolError, `the station broke the protocol: ${message}`);
  }

  onClose(code: number, reason: string): void {
    this.closeReason ??= describeClose(code, reason);
    for (const timer of [this.grace, this.letGo]) timer?.cancel();
    this.incoming.end();
    this.outgoing.end(this.closeReason);
    this.host.onClosed(this, this.closeReason);
  }

  onCall(action: string, payload: unknown): Promise<object> | object {
    return this.host.stations.call(this.identity, action, payload);
  }

  onFault(fault: string): void {
    if (this.mayTell()) this.host.onFault(this, toPlainText(fault, longestNote));
  }

  private onDeviation(deviation: string): void {
    if (this.mayTell()) this.host.onDeviation(this, toPlainText(deviation, longestNote));
  }

  private mayTell(): boolean {
    const now = this.host.clock.monotonic();
    this.notes ??= new TokenBucket(noteRate, now);
    return this.notes.take(now);
  }

  /** A station that sends too much is shown out. */
  private isWithinRates(length: number): boolean {
    const { limits, clock } = this.host;
    const now = clock.monotonic();
    if (!this.messages.take(now)) this.showOut(`more than ${limits.messages.perS} messages per second for too long`);
    else if (!this.bytes.take(now, length))
      this.showOut(`more than ${limits.bytes.perS} bytes per second for too long`);
    else return true;
    return false;
  }

  /** Nothing more is read of a station that harms the server. */
  private showOut(reason: string): void {
    this.onDeviation(reason);
    this.close(closeCode.policyViolation, reason);
    this.socket.pause();
  }

  private takeCall({ id, action, payload }: Call, text: string): void {
    // A second answer under the same id would spoil the one that is to come.
    if (this.handling?.has(id)) return;
    this.outgoing.hold();
    try {
      const answer = this.incoming.answer(text, action, payload);
      if (answer instanceof Promise) void this.answerLate(id, answer);
      else if (answer !== undefined) this.sendAnswer(writeCallResult(id, answer));
    } catch (error) {
      this.refuse(id, error);
    }
  }

  private async answerLate(id: string, pending: Promise<string | undefined>): Promise<void> {
    this.handling ??= new Set();
    const { handling } = this;
    handling.add(id);
    const release = this.host.clock.after(longestHoldMs, () => this.outgoing.release());
    try {
      const answer = await pending;
      if (answer !== undefined) this.sendAnswer(writeCallResult(id, answer));
    } catch (error) {
      this.refuse(id, error);
    }
    handling.delete(id);
    release.cancel();
  }

  /** @param error a CallFailure */
  private refuse(id: string, error: unknown): void {
    const { kind, message, code = 'InternalError' } = error as CallFailure;
    if (kind !== 'unanswered') {
      this.sendAnswer(writeCallError(id, spellCode(code, this.version), cutDescription(message)));
      return;
    }
    this.outgoing.release();
    this.onFault(message);
    const { clock, limits } = this.host;
    this.letGo ??= clock.after(limits.unansweredMs, () => this.close(closeCode.tryAgainLater, message));
  }

  private takeAnswer(id: string, settle: (call: OpenCall) => void): void {
    const call = this.openCall;
    if (call?.id !== id) {
      this.onDeviation(unmatchedAnswer);
      return;
    }
    this.openCall = undefined;
    settle(call);
  }

  private failCall({ action, reject }: OpenCall, { code, description }: CallError): void {
    const said = withoutFrames(typeof description === 'string' ? description : '');
    const known = readCode(code);
    const words = `${this.identity}, ${action}: ${toPlainText(said, longestDescription)} (${known})`;
    reject(new CallFailure('error', words, known));
  }

  private takeMalformed(malformed: Malformed, text: string): void {
    this.onDeviation(describeMalformed(text, malformed));
    const answer = answerMalformed(text, malformed, this.version);
    if (answer !== undefined) this.sendAnswer(answer);
  }

  /** Calls of ours have waited for the answer. */
  private sendAnswer(text: string): void {
    this.send(text);
    this.outgoing.release();
  }

  private async sendCall(action: string, payload: object, signal: AbortSignal): Promise<unknown> {
    const id = randomUUID();
    const text = this.writeCall(id, action, payload);
    return new Promise((resolve, reject) => {
      this.openCall = { id, action, resolve, reject };
      signal.addEventListener('abort', () => this.forgetCall(id), { once: true });
      this.send(text);
    });
  }

  /** @throws CallFailure where the payload cannot be written */
  private writeCall(id: string, action: string, payload: object): string {
    try {
      return writeCall(id, action, payload);
    } catch (error) {
      const fault = toPlainText(withoutFrames((error as Error).message), longestDescription);
      throw new CallFailure('error', `${this.identity}, ${action}: ${fault}`, 'InternalError');
    }
  }

  private forgetCall(id: string): void {
    if (this.openCall?.id === id) this.openCall = undefined;
  }

  private send(text: string): void {
    const { socket, host } = this;
    if (!socket.isOpen) return;
    socket.send(text);
    if (socket.unsent > host.limits.maxUnsent) this.showOut('the station does not read what it is sent');
  }
}
