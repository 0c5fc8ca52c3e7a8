/** Commands that come in through the input of a bridge node, and the answers that leave through its output. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import type { Bridge } from '../bridge/bridge.ts';
import type { Reply } from '../bridge/commands/command-journal.ts';
import { completeCommand } from '../bridge/commands/shorthand.ts';
import type { Message } from '../model/message.ts';
import { isRecord } from '../model/safety.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { formatTopic, isCommandTopic, parseTopic } from '../model/topic.ts';
import { candidatesOf, commandWishes, toNodeMessage } from './node-messages.ts';

/** Properties of PUBLISH beside a command: from ems-subscribe in msg.mqtt, from the core "mqtt in" in msg itself. */
const publishProperties = z.object({
  retain: z.boolean().optional().catch(undefined),
  responseTopic: z.string().max(1024).optional().catch(undefined),
  correlationData: z.instanceof(Buffer).optional().catch(undefined),
});

const replyOf = (message: object, body: Record<string, unknown>): Reply & { isRetained: boolean } => {
  const facts = 'mqtt' in message && isRecord(message.mqtt) ? message.mqtt : message;
  const { retain, responseTopic, correlationData } = publishProperties.parse(facts);
  const { reply_to: replyTo } = body;
  const answerOn = responseTopic ?? (typeof replyTo === 'string' ? replyTo : undefined);
  return {
    isRetained: retain === true,
    ...(answerOn === undefined ? {} : { responseTopic: answerOn }),
    ...(correlationData === undefined ? {} : { correlationData: correlationData.toString('base64') }),
  };
};

/**
 * Hands the commands in a Node-RED message to the bridge they are for.
 * @throws where the message is neither a command nor the short form of one, in words
 */
export const takeCommands = (
  message: NodeMessageInFlow,
  bridge: Pick<Bridge, 'onCommand' | 'actuators'>,
  { device, requester, clock }: { device: string; requester: string; clock: Clock },
): void => {
  if ('command' in message) {
    const { payload } = message;
    const {
      ttl_s: ttlS,
      lease_s: leaseS,
      on_range: onRange,
      ...given
    } = commandWishes.required({ command: true }).parse(message);
    const short = {
      requester,
      ...Object.fromEntries(
        Object.entries({ ...given, ttlS, leaseS, onRange }).filter(([, value]) => value !== undefined),
      ),
      command: given.command,
      params: payload,
    };
    const completed = completeCommand(short, { device, actuators: bridge.actuators(), clock });
    if (!completed.ok) throw new Error(completed.reason);
    const { topic, body } = completed.value;
    const address = parseTopic(topic);
    if (!address.ok) throw new Error(address.reason);
    if (address.value.kind === 'action')
      bridge.onCommand({ address: address.value, body, isRetained: false, reply: {} });
    return;
  }
  for (const candidate of candidatesOf(message, { now: clock.now() })) {
    if (!candidate.ok) throw new Error(candidate.reason);
    const { value } = candidate;
    const topic = isRecord(value) && typeof value.topic === 'string' ? parseTopic(value.topic) : undefined;
    if (!isRecord(value) || !topic?.ok || !isCommandTopic(topic.value))
      throw new Error('this input takes commands: command/1 with its topic, or msg.command with its parameters');
    // A flow may send all commands to all bridges.
    if (topic.value.kind !== 'action' || topic.value.device !== device) continue;
    const { topic: _, ...body } = value;
    const { isRetained, ...reply } = replyOf(message, body);
    bridge.onCommand({ address: topic.value, body, isRetained, reply });
  }
};

/** @returns an answer on its way to the broker, with the topic on which it is wanted */
export const toAnswer = (response: Message<'response/1'>, { responseTopic, correlationData }: Reply): NodeMessage => {
  const mqtt = {
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData, 'base64') }),
  };
  return { ...toNodeMessage([response]), ...(Object.keys(mqtt).length > 0 && { mqtt }) };
};

/**
 * Commands for a device that is not there yet are answered so; those for others are let pass.
 * @throws where the message is no command, or is meant for this node alone
 */
export const refuseCommands = (
  message: NodeMessageInFlow,
  {
    device,
    reason,
    clock,
    answer,
  }: { device: string; reason: string; clock: Clock; answer(message: NodeMessage): void },
): void => {
  if ('command' in message) throw new Error(reason);
  const absent: Pick<Bridge, 'onCommand' | 'actuators'> = {
    actuators: () => [],
    onCommand({ address, body, reply }) {
      const { id } = body;
      if (typeof id !== 'string') throw new Error(reason);
      const response: Message<'response/1'> = {
        topic: formatTopic({ ...address, action: 'response' }),
        schema: 'response/1',
        id,
        command: address.verb,
        status: 'rejected',
        code: 'DEVICE_OFFLINE',
        message: reason,
        ts: isoTime(clock.now()),
      };
      answer(toAnswer(response, reply));
    },
  };
  takeCommands(message, absent, { device, requester: '', clock });
};
