import type { NodeAPI, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import type { Command, Params, Response } from '../src/model/command.ts';
import { commandFields } from '../src/model/limits.ts';
import type { CommandMeta } from '../src/model/meta.ts';
import { isRecord } from '../src/model/safety.ts';
import { type Clock, isoTime } from '../src/model/time.ts';
import { findVerb } from '../src/model/verbs.ts';
import { type CommandOutcome, CommandSender } from '../src/mqtt/messages/command-sender.ts';
import { choiceField, flagField, nodeReference, numberField, optionalId, textField } from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { type Directory, directoryOf } from '../src/shell/directory.ts';
import { serveDirectory } from '../src/shell/endpoints.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import { commandWishes } from '../src/shell/node-messages.ts';
import type { Status } from '../src/shell/status.ts';
import type { BrokerApi } from './ems-broker.ts';

const config = z.object({
  broker: nodeReference('the broker'),
  name: textField(),
  device: optionalId('the device'),
  /** "battery", "ev_charger/2" */
  component: textField(),
  command: textField(),
  /** Parameters by name, as the form or the message before has them. */
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).catch({}),
  ttl: numberField(commandFields.ttl),
  lease: numberField(commandFields.lease),
  priority: numberField(commandFields.priority),
  requester: textField(),
  onRange: choiceField(commandFields.onRange),
  session: flagField(false),
  releaseOnClose: flagField(false),
});

const asked = commandWishes.extend({ device: z.string().max(64).optional() });

/** A slow device needs so long beyond the ttl to show that it obeys, ms. */
const graceMs = 15_000;

/** @returns a number or a switch where the text is one; the forms of Node-RED know texts only */
const parseValue = (value: string | number | boolean): string | number | boolean => {
  if (typeof value !== 'string') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
};

const formParams = (given: Record<string, string | number | boolean>): Params =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === '' ? [] : [[name, parseValue(value)]])),
  );

type Config = z.output<typeof config>;

/** A command on its way to a device. */
interface AddressedCommand {
  topic: string;
  device: string;
  /** "battery", "ev_charger/2" */
  component: string;
  verb: string;
  command: Command;
}

/**
 * @returns parameters of the message, completed by those of the form; a bare number is the one number the command
 *   needs
 */
const paramsOf = (payload: unknown, type: string, verb: string, config: Config): Params => {
  const fixed = verb === config.command ? formParams(config.params) : {};
  if (isRecord(payload)) return { ...fixed, ...(payload as Params) };
  if (typeof payload !== 'number') return fixed;
  const [needed] = Object.entries(findVerb(type, verb)?.params ?? {}).filter(([, { value }]) => value === 'number');
  return needed ? { ...fixed, [needed[0]]: payload } : fixed;
};

/** @throws where neither the form nor the message says what is asked of which device, in words */
const commandOf = (message: NodeMessageInFlow, config: Config, requester: string, clock: Clock): AddressedCommand => {
  const given = asked.parse(message);
  const device = given.device || config.device;
  const component = given.component || config.component;
  const verb = given.command || config.command;
  if (device === '' || component === '' || verb === '')
    throw new Error('device, component and command are missing: set them in the form, or in the message');
  const [type = ''] = component.split('/');
  const kind = findVerb(type, verb)?.kind;
  const hasLease = kind === undefined || kind === 'setpoint' || kind === 'limit';
  const command: Command = {
    schema: 'command/1',
    id: given.id ?? crypto.randomUUID(),
    ts: isoTime(clock.now()),
    params: paramsOf(message.payload, type, verb, config),
    ttl_s: given.ttl_s ?? config.ttl,
    ...(hasLease ? { lease_s: given.lease_s ?? config.lease } : {}),
    priority: given.priority ?? config.priority,
    requester: given.requester ?? requester,
    on_range: given.on_range ?? config.onRange,
    ...(config.session ? { bind_to_session: true } : {}),
  };
  return { topic: `devices/${device}/${component}/command/${verb}`, device, component, verb, command };
};

const metaOf = (directory: Directory, { device, component, verb }: AddressedCommand): CommandMeta | undefined =>
  directory
    .device(device)
    ?.meta.components.find(({ type, index }) => (index === undefined ? type : `${type}/${index}`) === component)
    ?.commands?.[verb];

const timeOfDay = (ts: string): string => new Date(ts).toLocaleTimeString(undefined, { hour12: false });

const showResponse = ({ command, status, code, lease_until: until }: Response): Status => {
  if (status !== 'completed')
    return { fill: 'red', shape: 'ring', key: 'refused', params: { command, status, code: code ?? '' } };
  if (until === undefined) return { fill: 'green', shape: 'dot', key: 'done', params: { command } };
  return { fill: 'green', shape: 'dot', key: 'held', params: { command, until: timeOfDay(until) } };
};

const showOutcome = (outcome: CommandOutcome): Status =>
  outcome.kind === 'response' ? showResponse(outcome.response) : { fill: 'red', shape: 'ring', key: 'silent' };

/** Shows the outcome of the last command, or the state of the broker where that stands in the way. */
const createDot = (follow: BrokerApi['follow'], showStatus: (status: Status) => void) => {
  let own: Status | undefined;
  let isConnected = false;
  const following = follow((status) => {
    isConnected = status.fill === 'green' || status.key === 'standby';
    showStatus(isConnected && own ? own : status);
  });
  return {
    show(status: Status): void {
      own = status;
      if (isConnected) showStatus(status);
    },
    close: (): void => following.remove(),
  };
};

/** Leases that were asked for and are not released yet. */
class HeldLeases {
  /** The topic of the release of each, and who holds it. */
  readonly #held = new Map<string, { topic: string; requester: string }>();

  onSent({ topic, command }: AddressedCommand): void {
    const { requester } = command;
    const release = topic.replace(/[^/]+$/, 'release');
    if (command.lease_s !== undefined) this.#held.set(`${release} ${requester}`, { topic: release, requester });
  }

  onCompleted({ topic, verb, command }: AddressedCommand): void {
    if (verb === 'release' && command.params.command === undefined) this.#held.delete(`${topic} ${command.requester}`);
  }

  /** @returns the commands that release them */
  releases(ttlS: number, clock: Clock): { topic: string; command: Command }[] {
    return [...this.#held.values()].map(({ topic, requester }) => ({
      topic,
      command: {
        schema: 'command/1',
        id: crypto.randomUUID(),
        ts: isoTime(clock.now()),
        params: {},
        ttl_s: ttlS,
        requester,
      },
    }));
  }
}

/** Asks a device for something over the broker, and says what came of it. */
export default function register(RED: NodeAPI): void {
  serveDirectory(RED);

  defineNode(RED, 'ems-command', {
    config,
    start({ RED, config, node, clock, showStatus, onInput, onClose }) {
      const { client, follow } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const directory = directoryOf(RED);
      const requester = config.requester || `${gatewayName()}/${config.name || node.id}`;
      const dot = createDot(follow, showStatus);
      const sender = new CommandSender(client, clock, () => dot.show({ fill: 'blue', shape: 'dot', key: 'accepted' }));
      const held = new HeldLeases();

      onInput(async (message, send) => {
        const addressed = commandOf(message, config, requester, clock);
        const { topic, verb, command } = addressed;
        held.onSent(addressed);
        dot.show({ fill: 'blue', shape: 'ring', key: 'asking', params: { command: verb } });
        const verifyMs = (metaOf(directory, addressed)?.verify_s ?? 0) * 1000;
        const outcome = await sender.send(topic, command, graceMs + verifyMs);
        dot.show(showOutcome(outcome));
        if (outcome.kind === 'none') {
          send([null, { ...message, topic, payload: { id: command.id, command: verb, status: 'timed_out' } }]);
          return;
        }
        const { response } = outcome;
        const answer = { ...message, topic: topic.replace('/command/', '/response/'), payload: response };
        const isDone = response.status === 'completed';
        if (isDone) held.onCompleted(addressed);
        send(isDone ? [answer, null] : [null, answer]);
      });

      onClose(() => {
        dot.close();
        if (config.releaseOnClose)
          // Not waited for: where the release does not arrive, the lease ends by itself.
          for (const { topic, command } of held.releases(config.ttl, clock))
            void sender.send(topic, command, 0).catch(() => {});
        sender.close();
      });
    },
  });
}
