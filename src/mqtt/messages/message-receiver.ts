/** Messages from the broker, checked: valid ones gathered for a moment, the rest with the reasons against them. */
import { checkMessage } from '../../model/check.ts';
import type { CheckContext } from '../../model/check-context.ts';
import { readTopic } from '../../model/known-topics.ts';
import type { Message } from '../../model/message.ts';
import { readPayload } from '../../model/payload.ts';
import { isRecord, unsafetyOf } from '../../model/safety.ts';
import type { Clock, Timer } from '../../model/time.ts';
import { isCommandTopic, type Topic } from '../../model/topic.ts';
import type { IncomingMessage } from '../subscriptions/subscriptions.ts';
import { DuplicateDetection } from './duplicate-detection.ts';

/** A message that is not one of the model. */
export interface RejectedMessage {
  incoming: IncomingMessage;
  reasons: string[];
}

/** A message that is handed over is taken at once, or the promise says whether it was. */
type Handed = undefined | Promise<boolean>;

/** Outputs for received messages; a message for an absent output counts as taken. */
export interface ReceiverSink {
  batch?(messages: Message[]): Handed;
  /** Responses and setpoints come alone, with what MQTT says about them. */
  single?(message: Message, incoming: IncomingMessage): Handed;
  /** A command as it came: the bridge that carries it out checks it, and answers. */
  command?(body: Record<string, unknown>, incoming: IncomingMessage): Handed;
  rejected?(rejected: RejectedMessage): Handed;
  /** The retained meta of a device was taken away. */
  removed?(device: string): void;
}

interface ReceiverOptions {
  /** How long messages are gathered, ms. */
  batchMs: number;
  admits(topic: Topic, isRetained: boolean): boolean;
  /** Whether the meta of a device declares this quantity. */
  isDeclared(topic: Topic): boolean;
  /** Whether copies are handed on as well. */
  withCopies?: boolean;
}

/** Gathered messages that the broker keeps until they are taken. */
interface PendingBatch {
  isTaken: Promise<boolean>;
  settle(isTaken: boolean): void;
}

/** A batch of so many goes on without waiting for its time. */
const largestBatch = 5000;

/** Turns received PUBLISH packets into messages of the model, in batches. */
export class MessageReceiver {
  readonly #options: ReceiverOptions;
  readonly #clock: Clock;
  readonly #sink: ReceiverSink;
  readonly #duplicates: DuplicateDetection;
  /** Each resolves with whether messages that were handed over, or gathered, were taken. */
  readonly #pending = new Set<Promise<boolean>>();
  #batch: Message[] = [];
  /** Messages of the batch that the broker keeps until they are taken. */
  #promised = new Set<Message>();
  #pendingBatch: PendingBatch | undefined;
  #timer: Timer | undefined;

  constructor(options: ReceiverOptions, clock: Clock, sink: ReceiverSink) {
    this.#options = options;
    this.#clock = clock;
    this.#sink = sink;
    this.#duplicates = new DuplicateDetection(clock.monotonic);
  }

  /** @returns a promise where it is not known at once whether the message was taken; it never is after the end */
  take(incoming: IncomingMessage): Promise<boolean> | undefined {
    const { payload, retain } = incoming;
    const topic = readTopic(incoming.topic);
    if (topic.ok && !this.#options.admits(topic.value, retain)) return undefined;
    if (topic.ok && payload.length === 0) return this.#onEmpty(topic.value, incoming);
    const context = { now: this.#clock.now(), retained: retain, isDeclared: this.#options.isDeclared };
    const read = readPayload(incoming.topic, payload, context);
    if (!read.ok) return this.#reject(incoming, [read.reason]);
    if (topic.ok && isCommandTopic(topic.value)) return this.#onCommand(read.value, incoming);
    return this.#onMessage(read.value, topic.ok ? topic.text : incoming.topic, incoming, context);
  }

  /** Passes on the gathered messages now. */
  hurry(): void {
    this.#flush();
  }

  /** Messages of QoS 0 are passed on; the others were not taken. */
  close(): void {
    this.#batch = this.#batch.filter((message) => !this.#promised.has(message));
    this.#pendingBatch?.settle(false);
    this.#pendingBatch = undefined;
    this.#flush();
  }

  /** @param value read from the payload, and so nobody else's */
  #onMessage(
    value: unknown,
    topic: string,
    incoming: IncomingMessage,
    context: CheckContext,
  ): Promise<boolean> | undefined {
    if (isRecord(value)) value.topic = topic;
    const checked = checkMessage(value, context);
    return checked.ok ? this.#pass(checked.message, checked.topic, incoming) : this.#reject(incoming, checked.reasons);
  }

  #onCommand(value: unknown, incoming: IncomingMessage): Promise<boolean> | undefined {
    if (!isRecord(value)) return this.#reject(incoming, ['not an object']);
    const danger = unsafetyOf(value);
    if (danger !== undefined) return this.#reject(incoming, [danger]);
    return this.#takenAfter(this.#sink.command?.(value, incoming), incoming);
  }

  #reject(incoming: IncomingMessage, reasons: string[]): Promise<boolean> | undefined {
    return this.#takenAfter(this.#sink.rejected?.({ incoming, reasons }), incoming);
  }

  #pass(message: Message, topic: Topic, incoming: IncomingMessage): Promise<boolean> | undefined {
    // The first one may still be on its way: a copy must not be acknowledged before it.
    if (!this.#options.withCopies && this.#duplicates.isDuplicate(message))
      return incoming.qos > 0 ? this.#allPending() : undefined;
    const isAction = topic.kind === 'action' || topic.kind === 'site_action';
    return isAction
      ? this.#takenAfter(this.#sink.single?.(message, incoming), incoming)
      : this.#gather(message, incoming);
  }

  /** An empty retained message takes a topic away (MQTT-3.3.1-6): the end of a device or setpoint has to be known. */
  #onEmpty(topic: Topic, incoming: IncomingMessage): Promise<boolean> | undefined {
    if (topic.kind === 'meta') {
      // An earlier meta of the device may still be among what was gathered.
      this.#flush();
      this.#sink.removed?.(topic.device);
    }
    if (topic.kind !== 'action' || topic.action !== 'setpoint') return undefined;
    const ended: Message = { topic: incoming.topic, schema: 'setpoint/1', ended: true };
    return this.#takenAfter(this.#sink.single?.(ended, incoming), incoming);
  }

  /** A message of QoS 0 was promised to nobody. */
  #takenAfter(handed: Handed, { qos }: IncomingMessage): Promise<boolean> | undefined {
    return qos === 0 || !handed ? undefined : this.#waitFor(handed);
  }

  #waitFor(isTaken: Promise<boolean>): Promise<boolean> {
    this.#pending.add(isTaken);
    void isTaken.then(() => this.#pending.delete(isTaken));
    return isTaken;
  }

  /** @returns whether all that are pending now were taken; undefined where none is */
  #allPending(): Promise<boolean> | undefined {
    if (this.#pending.size === 0) return undefined;
    return Promise.all(this.#pending).then((taken) => taken.every((isTaken) => isTaken));
  }

  #gather(message: Message, { qos }: IncomingMessage): Promise<boolean> | undefined {
    const { batchMs } = this.#options;
    this.#batch.push(message);
    const isTaken = qos > 0 ? this.#gatherPromised(message) : undefined;
    if (batchMs === 0 || this.#batch.length >= largestBatch) this.#flush();
    else this.#timer ??= this.#clock.after(batchMs, () => this.#flush());
    return isTaken;
  }

  /** @returns whether the batch that this message belongs to is taken */
  #gatherPromised(message: Message): Promise<boolean> {
    this.#promised.add(message);
    if (!this.#pendingBatch) {
      let settle = (_isTaken: boolean): void => {};
      const isTaken = new Promise<boolean>((resolve) => {
        settle = resolve;
      });
      this.#pendingBatch = { isTaken: this.#waitFor(isTaken), settle };
    }
    return this.#pendingBatch.isTaken;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const batch = this.#batch;
    const pending = this.#pendingBatch;
    this.#batch = [];
    this.#pendingBatch = undefined;
    if (this.#promised.size > 0) this.#promised = new Set();
    if (batch.length === 0) return;
    const handed = this.#sink.batch?.(batch);
    if (!pending) return;
    if (handed) void handed.then(pending.settle);
    else pending.settle(true);
  }
}
