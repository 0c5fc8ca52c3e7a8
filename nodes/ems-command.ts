import type { NodeAPI, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import { isRecord } from '../src/model/check.ts';
import { type Command, commandDefaults, type Params, type Response } from '../src/model/command.ts';
import type { CommandMeta } from '../src/model/meta.ts';
import { isoTime } from '../src/model/time.ts';
import { findVerb } from '../src/model/verbs.ts';
import { createCommander, type Outcome } from '../src/mqtt/commander.ts';
import { choiceField, flagField, nodeReference, numberField, optionalId, textField } from '../src/shell/config.ts';
import { commandWishes } from '../src/shell/contract.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { serveDirectory } from '../src/shell/endpoints.ts';
import { gatewayName } from '../src/shell/gateway.ts';
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
  ttl: numberField(commandDefaults.ttlS, 1, 86400),
  lease: numberField(commandDefaults.leaseS, 1, 86400),
  priority: numberField(commandDefaults.priority, 0, 100),
  requester: textField(),
  onRange: choiceField(['reject', 'clamp'], 'reject'),
  session: flagField(false),
  releaseOnClose: flagField(false),
});

const asked = commandWishes.extend({ device: z.string().max(64).optional() });

/** Beyond the ttl: as long as a slow device needs to show that it obeys, ms. */
const graceMs = 15_000;

/** A number where the text is one; the forms of Node-RED know texts only. */
const parseValue = (value: string | number | boolean): string | number | boolean => {
  if (typeof value !== 'string') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
};

const formParams = (given: Record<string, string | number | boolean>): Params =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === '' ? [] : [[name, parseValue(value)]])),
  );

/** Asks a device for something over the broker, and says what came of it. */
export default function register(RED: NodeAPI): void {
  serveDirectory(RED);

  defineNode(RED, 'ems-command', {
    config,
    start({ RED, config, node, clock, showStatus, onInput, onClose }) {
      const { link, follow } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const directory = directoryOf(RED);
      const requester = config.requester || `${gatewayName()}/${config.name || node.id}`;
      /** What the last command came to; the broker's state is shown where it stands in the way. */
      let own: Status | undefined;
      let isConnected = false;
      const following = follow((status) => {
        isConnected = status.fill === 'green' || status.key === 'standby';
        showStatus(isConnected && own ? own : status);
      });
      const tell = (status: Status): void => {
        own = status;
        if (isConnected) showStatus(status);
      };
      const commander = createCommander(link, clock, () => tell({ fill: 'blue', shape: 'dot', key: 'accepted' }));
      /** What was asked for and is not released yet: the topic of its release, and who holds it. */
      const held = new Map<string, { topic: string; requester: string }>();

      const metaOf = (device: string, component: string, command: string): CommandMeta | undefined =>
        directory
          .device(device)
          ?.meta.components.find(({ type, index }) => (index === undefined ? type : `${type}/${index}`) === component)
          ?.commands?.[command];

      /** A bare number is the one number the command needs. */
      const paramsOf = (payload: unknown, type: string, command: string): Params => {
        const fixed = command === config.command ? formParams(config.params) : {};
        if (isRecord(payload)) return { ...fixed, ...(payload as Params) };
        if (typeof payload !== 'number') return fixed;
        const needed = Object.entries(findVerb(type, command)?.params ?? {}).filter(
          ([, { value }]) => value === 'number',
        );
        return needed[0] ? { ...fixed, [needed[0][0]]: payload } : fixed;
      };

      const build = (
        message: NodeMessageInFlow,
      ): { topic: string; command: Command; device: string; component: string } => {
        const given = asked.parse(message);
        const device = given.device || config.device;
        const component = given.component || config.component;
        const verb = given.command || config.command;
        if (device === '' || component === '' || verb === '')
          throw new Error('device, component and command are missing: set them in the form, or in the message');
        const [type = ''] = component.split('/');
        const kind = findVerb(type, verb)?.kind;
        const hasLease = kind === undefined || kind === 'setpoint' || kind === 'limit';
        return {
          device,
          component,
          topic: `devices/${device}/${component}/command/${verb}`,
          command: {
            schema: 'command/1',
            id: given.id ?? crypto.randomUUID(),
            ts: isoTime(clock.now()),
            params: paramsOf(message.payload, type, verb),
            ttl_s: given.ttl_s ?? config.ttl,
            ...(hasLease ? { lease_s: given.lease_s ?? config.lease } : {}),
            priority: given.priority ?? config.priority,
            requester: given.requester ?? requester,
            on_range: given.on_range ?? config.onRange,
            ...(config.session ? { bind_to_session: true } : {}),
          },
        };
      };

      const showResponse = ({ command, status, code, lease_until: until }: Response): void => {
        if (status !== 'completed')
          tell({ fill: 'red', shape: 'ring', key: 'refused', params: { command, status, code: code ?? '' } });
        else if (until === undefined) tell({ fill: 'green', shape: 'dot', key: 'done', params: { command } });
        else
          tell({
            fill: 'green',
            shape: 'dot',
            key: 'held',
            params: { command, until: new Date(until).toLocaleTimeString(undefined, { hour12: false }) },
          });
      };

      const show = (outcome: Outcome): void => {
        if (outcome.kind === 'response') showResponse(outcome.response);
        else tell({ fill: 'red', shape: 'ring', key: 'silent' });
      };

      onInput(async (message, send) => {
        const { topic, command, device, component } = build(message);
        const verb = topic.split('/').at(-1) ?? '';
        const release = { topic: topic.replace(/[^/]+$/, 'release'), requester: command.requester };
        const holding = `${release.topic} ${release.requester}`;
        if (command.lease_s !== undefined) held.set(holding, release);
        tell({ fill: 'blue', shape: 'ring', key: 'asking', params: { command: verb } });
        const verifyMs = (metaOf(device, component, verb)?.verify_s ?? 0) * 1000;
        const outcome = await commander.send(topic, command, graceMs + verifyMs);
        show(outcome);
        if (outcome.kind === 'none') {
          send([null, { ...message, topic, payload: { id: command.id, command: verb, status: 'timed_out' } }]);
          return;
        }
        const { response } = outcome;
        const answer = { ...message, topic: topic.replace('/command/', '/response/'), payload: response };
        const isDone = response.status === 'completed';
        if (isDone && verb === 'release' && command.params.command === undefined) held.delete(holding);
        send(isDone ? [answer, null] : [null, answer]);
      });

      onClose(async () => {
        following.remove();
        if (config.releaseOnClose)
          for (const { topic, requester } of held.values()) {
            const id = crypto.randomUUID();
            const ts = isoTime(clock.now());
            // Not waited for: where it does not arrive, the lease ends by itself.
            void commander
              .send(topic, { schema: 'command/1', id, ts, params: {}, ttl_s: config.ttl, requester }, 0)
              .catch(() => {});
          }
        commander.close();
      });
    },
  });
}
