/** Between Node-RED messages and the objects of the contract. */
import type { NodeMessage } from 'node-red';
import { z } from 'zod';
import { type CheckContext, isRecord, readPayload } from '../model/check.ts';
import type { Message } from '../model/message.ts';
import type { Result } from '../model/time.ts';

/** The levels all topics share; the whole topic of a single one. */
const commonTopic = (messages: { topic: string }[]): string => {
  const [first, ...others] = messages;
  if (!first) return '';
  if (others.length === 0) return first.topic;
  const levels = first.topic.split('/');
  let shared = levels.length;
  for (const { topic } of others) {
    const parts = topic.split('/');
    let i = 0;
    while (i < shared && parts[i] === levels[i]) i++;
    shared = i;
  }
  return levels.slice(0, shared).join('/');
};

/**
 * One Node-RED message with all objects of a cycle.
 * @param topic what they share, where the caller knows it
 */
export const toNodeMessage = (messages: Message[], topic = commonTopic(messages)): NodeMessage => {
  const [only] = messages;
  return messages.length === 1 && only ? { topic: only.topic, payload: only } : { topic, payload: messages };
};

/**
 * The candidates in a Node-RED message: one or an array of objects of the contract, or a raw MQTT message.
 * Nothing is checked yet.
 */
export const candidatesOf = (message: NodeMessage, context: CheckContext): Result<unknown>[] => {
  const { payload, topic } = message;
  if (Array.isArray(payload)) return payload.map((value) => ({ ok: true, value }));
  if (isRecord(payload) && typeof payload.topic === 'string') return [{ ok: true, value: payload }];
  if (typeof topic !== 'string' || topic === '')
    return [{ ok: false, reason: 'neither an object with topic and schema, nor a payload with msg.topic' }];
  const read = readPayload(topic, payload, context);
  if (!read.ok) return [read];
  return [{ ok: true, value: isRecord(read.value) ? { ...read.value, topic } : read.value }];
};

/** Properties of a message that say what a device shall do and how, as hand-wired flows write them. */
export const commandWishes = z.object({
  command: z.string().min(1).max(64).optional(),
  component: z.string().max(64).optional(),
  id: z.string().min(1).max(64).optional(),
  requester: z.string().min(1).max(256).optional(),
  priority: z.number().optional(),
  ttl_s: z.number().optional(),
  lease_s: z.number().optional(),
  on_range: z.enum(['reject', 'clamp']).optional(),
});
