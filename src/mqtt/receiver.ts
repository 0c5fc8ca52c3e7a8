/** What comes from the broker, checked: valid objects gathered for a moment, the rest with the reasons. */
import { type CheckContext, checkMessage, isRecord, readPayload, readTopic, unsafetyOf } from '../model/check.ts';
import type { Message } from '../model/message.ts';
import type { Clock, Timer } from '../model/time.ts';
import { isCommandTopic, type Topic } from '../model/topic.ts';
import { createDuplicates } from './duplicates.ts';
import { createHandovers, type Handover, settleAfter } from './handovers.ts';
import type { Incoming } from './subscriptions.ts';

export interface Rejection {
  incoming: Incoming;
  reasons: string[];
}

/** What is handed over is taken at once, or the promise says whether it was. */
type Handed = undefined | Promise<boolean>;

export interface ReceiverSink {
  batch(messages: Message[]): Handed;
  /** Responses and setpoints come alone, with what MQTT says about them. */
  single(message: Message, incoming: Incoming): Handed;
  /** A command as it came: whoever carries it out judges it, and answers. */
  command(body: Record<string, unknown>, incoming: Incoming): Handed;
  rejected(rejection: Rejection): Handed;
  /** The retained meta of a device was taken away. */
  removed(device: string): void;
}

export interface ReceiverOptions {
  batchMs: number;
  admits(topic: Topic, isRetained: boolean): boolean;
  isDeclared(topic: Topic): boolean;
  /** Whether copies are handed on as well. */
  withCopies?: boolean;
}

export interface Receiver {
  /** @returns a promise where it is not known at once whether the message was taken; it never is after the end */
  take(incoming: Incoming): Promise<boolean> | undefined;
  /** What was gathered goes on now. */
  hurry(): void;
  /** What nobody promised to deliver goes on; the rest was not taken. */
  close(): void;
}

/** So many at once go on without waiting for the end of the batch. */
const largestBatch = 5000;

export const createReceiver = (options: ReceiverOptions, clock: Clock, sink: ReceiverSink): Receiver => {
  const { batchMs, admits, isDeclared, withCopies = false } = options;
  const duplicates = createDuplicates(clock.monotonic);
  const handovers = createHandovers();
  let waiting: Message[] = [];
  /** Those of them that the broker keeps until they are taken. */
  let promised = new Set<Message>();
  let handover: Handover | undefined;
  let timer: Timer | undefined;

  const flush = (): void => {
    timer?.cancel();
    timer = undefined;
    const batch = waiting;
    const taken = handover;
    waiting = [];
    promised = new Set();
    handover = undefined;
    if (batch.length > 0) settleAfter(sink.batch(batch), taken);
  };

  /** A message of QoS 0 was promised to nobody. */
  const takenAfter = (handed: Handed, { qos }: Incoming): Promise<boolean> | undefined => {
    if (qos === 0 || !handed) return undefined;
    const own = handovers.open();
    settleAfter(handed, own);
    return own.promise;
  };

  const gather = (message: Message, { qos }: Incoming): Promise<boolean> | undefined => {
    waiting.push(message);
    if (qos > 0) {
      promised.add(message);
      handover ??= handovers.open();
    }
    const { promise } = handover ?? {};
    if (batchMs === 0 || waiting.length >= largestBatch) flush();
    else timer ??= clock.after(batchMs, flush);
    return qos > 0 ? promise : undefined;
  };

  const pass = (message: Message, topic: Topic, incoming: Incoming): Promise<boolean> | undefined => {
    // The first one may still be on its way: a copy must not be acknowledged before it.
    if (!withCopies && duplicates.isDuplicate(message)) return incoming.qos > 0 ? handovers.all() : undefined;
    const isAction = topic.kind === 'action' || topic.kind === 'site_action';
    return isAction ? takenAfter(sink.single(message, incoming), incoming) : gather(message, incoming);
  };

  /** An empty retained message takes a topic away: of devices and setpoints, somebody has to know. */
  const end = (topic: Topic, incoming: Incoming): Promise<boolean> | undefined => {
    if (topic.kind === 'meta') {
      // An earlier meta of the device may still be among what was gathered.
      flush();
      sink.removed(topic.device);
    }
    if (topic.kind !== 'action' || topic.action !== 'setpoint') return undefined;
    return takenAfter(sink.single({ topic: incoming.topic, schema: 'setpoint/1', ended: true }, incoming), incoming);
  };

  return {
    take(incoming) {
      const { topic: text, payload, retain } = incoming;
      const topic = readTopic(text);
      if (topic.ok && !admits(topic.value, retain)) return undefined;
      if (topic.ok && payload.length === 0) return end(topic.value, incoming);
      const reject = (reasons: string[]): Promise<boolean> | undefined =>
        takenAfter(sink.rejected({ incoming, reasons }), incoming);
      const context: CheckContext = { now: clock.now(), retained: retain, isDeclared };
      const read = readPayload(text, payload, context);
      if (!read.ok) return reject([read.reason]);
      const { value } = read;
      const isObject = isRecord(value);
      if (topic.ok && isCommandTopic(topic.value)) {
        const danger = isObject ? unsafetyOf(value) : 'not an object';
        return danger === undefined && isObject
          ? takenAfter(sink.command(value, incoming), incoming)
          : reject([danger ?? '']);
      }
      const checked = checkMessage(isObject ? { ...value, topic: text } : value, context);
      return checked.ok ? pass(checked.message, checked.topic, incoming) : reject(checked.reasons);
    },
    hurry: flush,
    close() {
      waiting = waiting.filter((message) => !promised.has(message));
      handover?.settle(false);
      handover = undefined;
      flush();
    },
  };
};
