/** Node-RED messages as the objects of the contract, and the way back. */
import type { NodeMessage } from 'node-red';
import { z } from 'zod';
import { type Checked, checkMessage } from '../model/check.ts';
import type { CheckContext } from '../model/check-context.ts';
import type { Message } from '../model/message.ts';
import { readPayload } from '../model/payload.ts';
import { isRecord } from '../model/safety.ts';
import type { Result } from '../model/time.ts';

/** @returns the levels that all topics share; the whole topic of a single message */
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
 * @param topic the levels that all topics share, for a caller that knows them
 * @returns one Node-RED message with all objects of a cycle
 */
export const toNodeMessage = (messages: Message[], topic = commonTopic(messages)): NodeMessage => {
  const [only] = messages;
  return messages.length === 1 && only ? { topic: only.topic, payload: only } : { topic, payload: messages };
};

/**
 * @returns the candidates in a Node-RED message: one or an array of objects of the contract, or a raw MQTT message;
 *   their content is not checked
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

/** A candidate that is an object of the contract. */
export type AcceptedCandidate = Extract<Checked, { ok: true }>;

/** A candidate that is no object of the contract. */
export interface RefusedCandidate {
  ok: false;
  /** The candidate, or the payload that could not be read as one. */
  original: unknown;
  reasons: string[];
}

/** Checks the candidates in a Node-RED message, in their order. */
export const checkCandidates = (
  message: NodeMessage,
  context: CheckContext,
): (AcceptedCandidate | RefusedCandidate)[] =>
  candidatesOf(message, context).map((candidate) => {
    if (!candidate.ok) return { ok: false, original: message.payload, reasons: [candidate.reason] };
    const checked = checkMessage(candidate.value, context);
    return checked.ok ? checked : { ok: false, original: candidate.value, reasons: checked.reasons };
  });

/** Properties of a Node-RED message that describe a command, as flows without our command node write them. */
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
