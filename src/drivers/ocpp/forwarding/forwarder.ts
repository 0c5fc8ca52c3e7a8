/**
 * Forwards a station to a second central system, the backend that bills it, as if the station were connected there. Its
 * calls are answered here and sent on; calls of the backend queue behind ours; the station does not notice when the
 * backend is away.
 */
import type { Clock } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import { asFields } from '../codec/lenient-fields.ts';
import { CallFailure, type StationLink } from '../ocpp-j/station-link.ts';
import type { StationRecords } from '../station/station-records.ts';
import type { RelayedCall } from './backend-requests.ts';
import { relayAllowed } from './backend-requests.ts';
import { TransactionIdMap } from './id-mapping.ts';
import { isQuestion, keepOf, type Payload, tokenDecisionIn, withTransaction } from './station-calls.ts';
import { UpstreamBoot } from './upstream-boot.ts';
import { UpstreamConnection } from './upstream-connection.ts';
import { type QueuedCall, UpstreamQueue } from './upstream-queue.ts';

/** The form's part of forwarding. */
export interface ForwardOptions {
  /** ws:// or wss://, without the identity. */
  url: string;
  /** As the backend knows the station; absent: the same as here. */
  identity?: string;
  password?: string;
  /** observe: only the backend limits. limit: so do we, and the lower limit is in force. */
  mode: 'observe' | 'limit';
}

interface ForwarderContext {
  /** The identity with which the station dials in here. */
  identity: string;
  records: StationRecords;
  clock: Clock;
  onEvent(event: DriverEvent): void;
  /** Relays a request of the backend to the station, with whatever has to be done before and after. */
  relayRequest(request: RelayedCall): Promise<unknown>;
}

/** A call of the station, and our part in its answer. */
interface StationCall {
  action: string;
  payload: unknown;
  /** Our own answer; where it throws, nothing is forwarded. */
  answer(): object | Promise<object>;
  /** The status that the backend gives to the token, before we answer. */
  onAuthorization(status: string): void;
  /** Once answered: the transaction that the call has ended, whatever id the station names. */
  endedTransaction(): string | undefined;
}

/** For the backend to decide about a token, ms: the station waits meanwhile. */
const decisionTimeoutMs = 3000;
/** Connectors whose status is kept. */
const maxStatuses = 64;
/** For the station to answer the backend, ms. */
const stationTimeoutMs = 20_000;

/** One station as the backend sees it. */
export class Forwarder {
  private readonly context: ForwarderContext;
  private readonly transactionIds: TransactionIdMap;
  private readonly connection: UpstreamConnection;
  private readonly boot: UpstreamBoot;
  private readonly queue: UpstreamQueue;
  private station: StationLink | undefined;
  /** The last StatusNotification of each connector: stations do not repeat them for a backend that comes later. */
  private readonly statuses = new Map<string, Payload>();
  /** Why the backend cannot be reached; undefined: it can, or it was not tried. */
  private offlineReason: string | undefined;

  constructor(context: ForwarderContext, { url, identity = context.identity, password }: ForwardOptions) {
    const { records, clock } = context;
    this.context = context;
    this.transactionIds = new TransactionIdMap(records);
    this.connection = new UpstreamConnection({ url, identity, password }, clock, {
      onOpen: () => this.boot.onUpstreamOpen(),
      onLost: (reason) => this.onUpstreamLost(reason),
      onCall: (action, payload) => this.relayToStation(action, payload),
    });
    this.boot = new UpstreamBoot({
      records,
      clock,
      call: (action, payload) => this.connection.call(action, payload),
      onRegistered: () => this.onRegistered(),
    });
    this.queue = new UpstreamQueue({
      records,
      clock,
      send: (call) => this.send(call),
      onAnswer: (call, answer) => this.onAnswer(call, answer),
      onLost: (call, why) => this.onCallLost(call, why),
    });
  }

  /** The station has connected here. */
  connected(link: StationLink): void {
    const isNew = this.station?.version !== link.version;
    if (isNew) this.close();
    this.station = link;
    this.boot.onStationConnected();
    if (isNew) this.connection.dial(link.version);
  }

  disconnected(): void {
    this.close();
  }

  /** @returns our answer to a call of the station, with what the backend decides in it where that came in time */
  onCall(call: StationCall): object | Promise<object> {
    if (isQuestion(call.action)) return this.askBackend(call);
    const answer = call.answer();
    return answer instanceof Promise ? answer.then((made) => this.forward(call, made)) : this.forward(call, answer);
  }

  close(): void {
    this.station = undefined;
    this.boot.onUpstreamLost();
    this.queue.close();
    this.connection.hangUp();
  }

  private onUpstreamLost(reason: string): void {
    this.boot.onUpstreamLost();
    this.queue.close();
    this.setOffline(reason);
  }

  private onRegistered(): void {
    this.setOffline(undefined);
    this.queue.open(
      [...this.statuses.values()].map((payload) => ({ action: 'StatusNotification', payload, keep: 'never' })),
    );
  }

  private setOffline(reason: string | undefined): void {
    if ((reason === undefined) === (this.offlineReason === undefined)) return;
    this.offlineReason = reason;
    this.context.onEvent({
      name: 'backend_offline',
      severity: 'warning',
      state: reason === undefined ? 'cleared' : 'active',
      ...(reason === undefined ? {} : { message: reason }),
    });
  }

  /** A call of the backend. @throws CallFailure */
  private async relayToStation(action: string, payload: unknown): Promise<unknown> {
    const link = this.station;
    if (!link) throw new CallFailure('offline', 'the station is not connected');
    const { version } = link;
    const given = asFields(payload) ?? {};
    const request = version === '1.6' ? this.transactionIds.toStation(action, given) : given;
    if (!request) return { status: 'Rejected' };
    const relay = (): Promise<unknown> =>
      relayAllowed({ version, action, payload: request }, (allowed) =>
        link.call(action, allowed, { timeoutMs: stationTimeoutMs }),
      );
    return this.context.relayRequest({ action, payload: request, relay });
  }

  /** @returns the answer of the backend; undefined where there was nothing to send */
  private async send({ action, payload, transaction }: QueuedCall): Promise<unknown> {
    // Answered before: the station repeats a call until it is answered, and the process may have ended in between.
    if (transaction !== undefined && this.transactionIds.has(transaction)) return undefined;
    const mapped = this.station?.version === '1.6' ? this.transactionIds.toBackend(action, payload) : payload;
    return mapped && this.connection.call(action, mapped);
  }

  private onAnswer({ transaction }: QueuedCall, answer: unknown): void {
    const theirs = asFields(answer)?.transactionId;
    if (transaction !== undefined && typeof theirs === 'number') this.transactionIds.add(transaction, theirs);
  }

  private onCallLost({ action }: QueuedCall, why: string): void {
    this.context.onEvent({
      name: 'forward_lost',
      severity: 'alarm',
      message: `the backend did not take ${action}: ${why}`.slice(0, 1024),
    });
  }

  /** The backend is asked before the station is answered. */
  private async askBackend({ action, payload, answer, onAuthorization }: StationCall): Promise<object> {
    const given = asFields(payload) ?? {};
    const theirs = this.queue.isOpen() ? await this.inTime(this.connection.call(action, given, true)) : undefined;
    if (action !== 'Authorize') return { ...(await answer()), ...asFields(theirs) };
    const decision = tokenDecisionIn(theirs);
    if (decision) onAuthorization(decision.status);
    return { ...(await answer()), ...decision?.info };
  }

  /** Sends on a call that we have answered. */
  private forward({ action, payload, endedTransaction }: StationCall, answer: object): object | Promise<object> {
    const given = withTransaction(action, asFields(payload) ?? {}, endedTransaction());
    switch (action) {
      case 'BootNotification':
        this.boot.onBootNotification(given);
        return answer;
      case 'Heartbeat':
        // The backend gets heartbeats of its own, as often as it asks for them.
        return answer;
      case 'StartTransaction':
        return this.forwardStart(given, answer);
      case 'TransactionEvent':
        return this.forwardTransactionEvent(given, answer);
      case 'StatusNotification':
        this.keepStatus(given);
    }
    void this.queue.push({ action, payload: given, keep: keepOf(action, given) });
    return answer;
  }

  private keepStatus(payload: Payload): void {
    const connector = JSON.stringify([payload.evseId, payload.connectorId]);
    if (this.statuses.has(connector) || this.statuses.size < maxStatuses) this.statuses.set(connector, payload);
  }

  private forwardStart(payload: Payload, answer: object): object | Promise<object> {
    const action = 'StartTransaction';
    const transaction = Number(asFields(answer)?.transactionId);
    const sent = this.queue.push({ action, payload, keep: keepOf(action, payload), transaction });
    return this.queue.isOpen() ? this.withDecision(answer, sent) : answer;
  }

  private forwardTransactionEvent(payload: Payload, answer: object): object | Promise<object> {
    const action = 'TransactionEvent';
    const isOpen = this.queue.isOpen();
    // OCPP 2.0.1 E04: while the backend is away, the station is offline for it.
    const told = isOpen ? payload : { ...payload, offline: true };
    const sent = this.queue.push({ action, payload: told, keep: keepOf(action, payload) });
    return isOpen && tokenDecisionIn(answer) ? this.withDecision(answer, sent) : answer;
  }

  /** @returns our answer, with what the backend decides about the token where that comes in time */
  private async withDecision(answer: object, sent: Promise<unknown>): Promise<object> {
    return { ...answer, ...tokenDecisionIn(await this.inTime(sent))?.info };
  }

  /** @returns the answer of the backend; undefined where it does not come in time */
  private inTime(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve) => {
      const deadline = this.context.clock.after(decisionTimeoutMs, () => resolve(undefined));
      answer.then(resolve, () => resolve(undefined)).finally(() => deadline.cancel());
    });
  }
}
