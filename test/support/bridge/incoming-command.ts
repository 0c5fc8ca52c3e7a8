/** Commands as a bridge gets them: with the topic parsed. */
import assert from 'node:assert/strict';
import type { IncomingCommand } from '../../../src/bridge/commands/handle-command.ts';
import { parseTopic } from '../../../src/model/topic.ts';

/** @param more what came beside the payload; by default the command was not retained and wants no other answer */
export const incomingCommand = (
  topic: string,
  body: Record<string, unknown>,
  more: Partial<Pick<IncomingCommand, 'isRetained' | 'reply'>> = {},
): IncomingCommand => {
  const parsed = parseTopic(topic);
  assert.ok(parsed.ok && parsed.value.kind === 'action', topic);
  return { address: parsed.value, body, isRetained: false, reply: {}, ...more };
};
