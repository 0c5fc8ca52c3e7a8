/** What comes from the broker, checked: valid objects gathered for a moment, the rest with the reasons. */
import { type CheckContext, checkMessage, isRecord, readPayload, readTopic, unsafetyOf } from '../model/check.ts';
import type { Message } from '../model/message.ts';
import type { Clock, Timer } from '../model/time.ts';
import { isCommandTopic, type Topic } from '../model/topic.ts';
import { createDuplicates } from './duplicates.ts';
import type { Incoming } from './subscriptions.ts';

export interface Rejection {
  incoming: Incoming;
  reasons: string[];
}

export interface ReceiverSink {
  batch(messages: Message[]): void;
  /** Responses and setpoints come alone, with what MQTT says about them. */
  single(message: Message, incoming: Incoming): void;
  /** A command as it came: whoever carries it out judges it, and answers. */
  command(body: Record<string, unknown>, incoming: Incoming): void;
  rejected(rejection: Rejection): void;
  /** The retained meta of a device was taken away. */
  removed(device: string): void;
}

export interface ReceiverOptions {
  batchMs: number;
  admits(topic: Topic): boolean;
  isDeclared(topic: Topic): boolean;
}

export interface Receiver {
  take(incoming: Incoming): void;
  close(): void;
}

/** So many at once go on without waiting for the end of the batch. */
const largestBatch = 5000;

export const createReceiver = (options: ReceiverOptions, clock: Clock, sink: ReceiverSink): Receiver => {
  const { batchMs, admits, isDeclared } = options;
  const duplicates = createDuplicates();
  let waiting: Message[] = [];
  let timer: Timer | undefined;

  const flush = (): void => {
    timer?.cancel();
    timer = undefined;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) sink.batch(batch);
  };

  const isCopy = (message: Message): boolean =>
    'boot' in message &&
    typeof message.boot === 'string' &&
    typeof message.seq === 'number' &&
    duplicates.isDuplicate(message.topic, message.boot, message.seq);

  const pass = (message: Message, topic: Topic, incoming: Incoming): void => {
    if (isCopy(message)) return;
    if (topic.kind === 'action' || topic.kind === 'site_action') {
      sink.single(message, incoming);
      return;
    }
    waiting.push(message);
    if (batchMs === 0 || waiting.length >= largestBatch) flush();
    else timer ??= clock.after(batchMs, flush);
  };

  return {
    take(incoming) {
      const { topic: text, payload, retain } = incoming;
      const topic = readTopic(text);
      if (topic.ok && !admits(topic.value)) return;
      if (topic.ok && payload.length === 0) {
        // An empty retained message takes a topic away; of devices, somebody has to know.
        if (topic.value.kind === 'meta') sink.removed(topic.value.device);
        if (topic.value.kind === 'action' && topic.value.action === 'setpoint')
          sink.single({ topic: text, schema: 'setpoint/1', ended: true }, incoming);
        return;
      }
      const context: CheckContext = { now: clock.now(), retained: retain, isDeclared };
      const read = readPayload(text, payload, context);
      if (!read.ok) {
        sink.rejected({ incoming, reasons: [read.reason] });
        return;
      }
      const { value } = read;
      const isObject = isRecord(value);
      if (topic.ok && isCommandTopic(topic.value)) {
        const danger = isObject ? unsafetyOf(value) : 'not an object';
        if (danger === undefined && isObject) sink.command(value, incoming);
        else sink.rejected({ incoming, reasons: [danger ?? ''] });
        return;
      }
      const checked = checkMessage(isObject ? { ...value, topic: text } : value, context);
      if (checked.ok) pass(checked.message, checked.topic, incoming);
      else sink.rejected({ incoming, reasons: checked.reasons });
    },
    close() {
      flush();
    },
  };
};
