/** What every bridge node does with its bridge: readings and answers out, commands in, and what survives a restart. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import { type Bridge, type BridgeOptions, type BridgeStatus, createBridge } from '../bridge/bridge.ts';
import type { Reply } from '../bridge/ledger.ts';
import { completeCommand } from '../bridge/short-form.ts';
import type { Driver } from '../drivers/driver.ts';
import { isRecord } from '../model/check.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { isCommandTopic, parseTopic } from '../model/topic.ts';
import { sayConnectionReason } from './connection-reason.ts';
import { candidatesOf, commandWishes, toNodeMessage } from './contract.ts';
import type { NodeContext } from './define-node.ts';
import { directoryOf } from './directory.ts';
import type { serveLiveValues } from './endpoints.ts';
import { openJournal } from './journal.ts';
import type { Status } from './status.ts';

/** What MQTT said beside a command: from ems-subscribe in msg.mqtt, from the core "mqtt in" in msg itself. */
const transport = z.object({
  retain: z.boolean().optional().catch(undefined),
  responseTopic: z.string().max(1024).optional().catch(undefined),
  correlationData: z.instanceof(Buffer).optional().catch(undefined),
});

const replyOf = (message: object, body: Record<string, unknown>): Reply & { isRetained: boolean } => {
  const facts = 'mqtt' in message && isRecord(message.mqtt) ? message.mqtt : message;
  const { retain, responseTopic, correlationData } = transport.parse(facts);
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
  bridge: Pick<Bridge, 'take' | 'actuators'>,
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
    const completed = completeCommand(short, device, bridge.actuators(), clock);
    if (!completed.ok) throw new Error(completed.reason);
    bridge.take({ ...completed.value, isRetained: false, reply: {} });
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
    const { topic: text, ...body } = value;
    const { isRetained, ...reply } = replyOf(message, body);
    bridge.take({ topic: String(text), body, isRetained, reply });
  }
};

/** An answer on its way to the broker, and where it is wanted. */
const toAnswer = (response: Message<'response/1'>, { responseTopic, correlationData }: Reply): NodeMessage => {
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
  const absent: Pick<Bridge, 'take' | 'actuators'> = {
    actuators: () => [],
    take({ topic, body, reply }) {
      const { id } = body;
      if (typeof id !== 'string') throw new Error(reason);
      const command = topic.split('/').at(-1) ?? '';
      const response: Message<'response/1'> = {
        topic: topic.replace('/command/', '/response/'),
        schema: 'response/1',
        id,
        command,
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

/**
 * @param isGuarded without this gateway, the device falls back by itself; where that goes without saying
 * @param place where the device is looked for
 */
export const showBridge = (status: BridgeStatus, isGuarded = true, place = ''): Status => {
  switch (status.kind) {
    case 'connecting':
      return { fill: 'yellow', shape: 'ring', key: 'connecting' };
    case 'live':
      return {
        fill: 'green',
        shape: 'dot',
        key: isGuarded ? 'live' : 'unguarded',
        params: { points: status.points, s: status.durationS.toFixed(1) },
      };
    case 'degraded':
      return {
        fill: 'yellow',
        shape: 'dot',
        key: 'degraded',
        params: { points: status.points, reason: status.reason },
      };
    case 'stale':
      return { fill: 'yellow', shape: 'ring', key: 'stale', params: { s: Math.round(status.ageS) } };
    case 'offline':
      return {
        fill: 'red',
        shape: 'ring',
        key: 'unreachable',
        params: {
          s: Math.max(1, Math.round(status.retryS ?? 0)),
          reason: sayConnectionReason(status.reason),
          place,
        },
      };
  }
};

export interface BridgeNodeOptions extends Omit<BridgeOptions, 'journal'> {
  driver: Driver;
  live: ReturnType<typeof serveLiveValues>;
  /** Each object in a message of its own. */
  isSingle: boolean;
  /** When the bridge is closed; isRemoved: the node was deleted. */
  onClosed?(isRemoved: boolean): Promise<void> | void;
  /** Where the device is looked for: "tcp 192.168.1.50:502". */
  place?: string;
  /** Whether the device falls back by itself without this gateway, where its integrator should see that. */
  isGuarded?(): boolean;
  /** @returns whether a message at the input was for the driver, and no command */
  takes?(message: NodeMessageInFlow): boolean;
}

/** Runs a bridge from the deploy to the close of its node. */
export const runBridge = <Config, Credentials>(
  { RED, node, clock, send, showStatus, onInput, onStarted, onClose }: NodeContext<Config, Credentials>,
  { driver, live, isSingle, onClosed, takes, isGuarded, place, ...options }: BridgeNodeOptions,
): void => {
  const { device, name } = options.placement;
  const directory = directoryOf(RED);
  const journal = openJournal(RED, `${node.type}-${node.id}`, (text) => node.warn(text));
  const bridge = createBridge({ ...options, journal }, driver, clock, {
    readings(messages) {
      for (const message of messages) directory.take(message);
      if (isSingle) for (const message of messages) send([toNodeMessage([message]), null]);
      else send([toNodeMessage(messages, `devices/${device}`), null]);
    },
    events: (messages) => send([null, toNodeMessage(messages)]),
    answer: (response, reply) => send([null, toAnswer(response, reply)]),
    status: (status) => showStatus(showBridge(status, isGuarded?.(), place)),
  });
  directory.register(node.id, `devices/${device}`);
  const watching = directory.onNodeState(bridge.nodeState);
  live.add(node.id, bridge);

  onInput((message) => {
    if (!takes?.(message)) takeCommands(message, bridge, { device, requester: `flow/${name || device}`, clock });
  });
  onStarted(() => bridge.start());
  onClose(async (isRemoved) => {
    live.remove(node.id);
    watching.remove();
    try {
      await bridge.close(isRemoved);
    } finally {
      if (isRemoved) journal.remove();
      else journal.close();
      await onClosed?.(isRemoved);
    }
  });
};
