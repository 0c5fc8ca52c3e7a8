import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { createBoot } from '../src/model/identity.ts';
import { brokerFields } from '../src/model/limits.ts';
import type { Message } from '../src/model/message.ts';
import type { Phrase } from '../src/model/phrase.ts';
import { describeServer, parseServer, plainFallback, type Server } from '../src/model/server-address.ts';
import type { Clock } from '../src/model/time.ts';
import { isPrefix } from '../src/model/topic.ts';
import { BrokerClient } from '../src/mqtt/client.ts';
import { toEventMessage } from '../src/mqtt/client-events.ts';
import { testConnection } from '../src/mqtt/connection/connection-test.ts';
import { gatewayStatus, keepGatewayStatus } from '../src/mqtt/messages/gateway-status.ts';
import { RetainedRemoval } from '../src/mqtt/publishing/retained-removal.ts';
import { Session } from '../src/mqtt/session/session.ts';
import { inCatalogOf, sayIn } from '../src/shell/catalog-phrases.ts';
import { systemClock } from '../src/shell/clock.ts';
import { choiceField, flagField, numberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { type Directory, directoryOf } from '../src/shell/directory.ts';
import { defineEndpoint } from '../src/shell/endpoints.ts';
import { fromEnvironment } from '../src/shell/environment.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import type { Status } from '../src/shell/status.ts';
import { tlsOptionsOf } from '../src/shell/tls-config.ts';

const readServer = (address: string, context: z.RefinementCtx): Server => {
  const server = parseServer(address);
  if (server) return server;
  const message = `"${address}" is not a broker address like mqtts://broker.example:8883`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
};

const fields = z.object({
  name: textField(),
  /** In order of preference. */
  servers: z.array(textField().transform(readServer)).min(1, 'at least one broker address is needed'),
  /** A server without TLS may follow one with it. */
  plainFallback: flagField(false),
  tls: textField(),
  version: choiceField(brokerFields.version),
  clientId: textField(),
  prefix: textField().pipe(
    z.string().refine((text) => text === '' || isPrefix(text), {
      error: ({ input }) =>
        `"${input}" is not a prefix like "ems" or "acme/v1": no "+" or "#", no empty level, none beginning with "$"`,
    }),
  ),
  keepalive: numberField(brokerFields.keepalive),
  sessionExpiry: numberField(brokerFields.sessionExpiry),
  queue: numberField(brokerFields.queue),
});

/** An attacker who cuts the way to the server with TLS would get the password from the connection to the other. */
const refuseFallback = (given: { servers: Server[]; plainFallback: boolean }, context: z.RefinementCtx): void => {
  const plain = given.plainFallback ? undefined : plainFallback(given.servers);
  if (!plain) return;
  const message = `${describeServer(plain)} has no TLS and follows a server that has: user, password and data would go there unprotected; remove it, or allow it in the form`;
  context.addIssue({ code: 'custom', path: ['servers'], message });
};

const config = fields.superRefine(refuseFallback);

interface Credentials {
  user?: string;
  password?: string;
}

/** The text that the editor sends in place of a stored password. */
const storedPassword = '__PWRD__';

/** The broker node as other nodes use it. */
export interface BrokerApi {
  client: BrokerClient;
  /** Shows the connection on the node that uses it. */
  follow(showStatus: (status: Status) => void): { remove(): void };
  /** Trouble with the connection, and messages that the broker does not take: each once, for an output. */
  onEvent(listener: (event: Message<'event/1'>) => void): { remove(): void };
}

const type = 'ems-broker';

const showClient = (client: BrokerClient): Status => {
  const { state, depth } = client;
  const { waiting, delayed, dropped } = depth;
  const queue = { waiting, dropped };
  const problem = (phrase: Phrase): Status => {
    return { fill: 'yellow', shape: 'dot', key: 'problem', params: { reason: inCatalogOf(type, phrase) } };
  };
  switch (state.kind) {
    case 'online':
      if (state.problem) return problem(state.problem);
      if (delayed > 0) return problem({ key: 'notice.delayed', params: { server: state.server, delayed } });
      if (state.isUnverified) return problem({ key: 'notice.unverified', params: { server: state.server } });
      if (!state.isPreferred) return { fill: 'yellow', shape: 'dot', key: 'standby', params: { server: state.server } };
      return waiting > 0
        ? { fill: 'green', shape: 'dot', key: 'sending', params: { server: state.server, ...queue } }
        : { fill: 'green', shape: 'dot', key: 'online', params: { server: state.server } };
    case 'connecting':
      return { fill: 'yellow', shape: 'ring', key: 'connecting', params: { server: state.server } };
    case 'waiting':
      return {
        fill: 'red',
        shape: 'ring',
        key: waiting > 0 ? 'offlineQueued' : 'offline',
        params: { reason: inCatalogOf(type, state.reason), server: state.server, ...queue },
      };
    case 'closed':
      return { fill: 'grey', shape: 'ring', key: 'closed' };
  }
};

const showEveryMs = 1000;
/** A device that is removed may have to be brought into its safe state first. */
const settleWithinMs = 6000;

const within = (clock: Clock, ms: number, work: Promise<void>): Promise<void> =>
  new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    work.then(() => {
      timer.cancel();
      resolve();
    });
  });

const testFields = { servers: true, plainFallback: true, tls: true, version: true } as const;
/** The values of an open form; a password that was not typed anew is the stored one. */
const testRequest = fields
  .pick(testFields)
  .extend({ id: z.string(), user: textField(), password: textField() })
  .superRefine(refuseFallback);

/** @returns the values of an open form, with those of the environment, which Node-RED has not put in yet */
const resolve = (RED: NodeAPI, body: unknown): unknown => {
  const given = z.looseObject({ id: z.string() }).parse(body);
  const node = RED.nodes.getNode(given.id);
  const stored = RED.nodes.getCredentials(given.id) as Credentials | undefined;
  const { password = '' } = stored ?? {};
  const values = { ...given, ...(given.password === storedPassword && { password }) };
  const read = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(read);
    return typeof value === 'string' ? fromEnvironment(RED, node, value) : value;
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, read(value)]));
};

const versionOf = (version: 'auto' | '4' | '5'): 'auto' | 4 | 5 =>
  version === 'auto' ? 'auto' : version === '5' ? 5 : 4;

interface ClientParts {
  config: z.output<typeof config>;
  credentials: Credentials;
  tls: Record<string, unknown> | undefined;
  session: Session;
  nodeId: string;
  gateway: string;
  clock: Clock;
}

/** A client that tells the other gateways whether it is connected. */
const createClient = ({ config, credentials, tls, session, nodeId, gateway, clock }: ClientParts): BrokerClient => {
  const { user, password } = credentials;
  const client = new BrokerClient(
    {
      servers: config.servers,
      clientId: config.clientId || `ems-${gateway}-${nodeId}`,
      ...(user ? { username: user } : {}),
      ...(password ? { password } : {}),
      ...(tls ? { tls } : {}),
      version: versionOf(config.version),
      keepaliveS: config.keepalive,
      sessionExpiryS: config.sessionExpiry,
      prefix: config.prefix,
      ...gatewayStatus(gateway, clock),
    },
    session,
    clock,
  );
  keepGatewayStatus(client, gateway, clock);
  return client;
};

/** Takes off the broker what is retained of devices and sites that are removed. */
const removeRetained = (
  client: BrokerClient,
  session: Session,
  directory: Directory,
  { gateway, clock }: { gateway: string; clock: Clock },
): { close(): Promise<void> } => {
  const { isSpokenFor } = directory;
  const removal = new RetainedRemoval(client, session.retained, { gateway, isBack: isSpokenFor }, clock);
  // A deploy may end something before this node is there.
  for (const path of directory.over()) if (!isSpokenFor(path)) removal.remove(path);
  const following = [
    directory.onOver((path) => removal.remove(path)),
    directory.onWithdrawn((topic) => removal.withdraw(topic)),
  ];
  return {
    async close() {
      // Devices that go in the same deploy go while there is a connection to say so.
      await within(clock, settleWithinMs, directory.settled());
      await removal.done();
      for (const each of following) each.remove();
      removal.close();
    },
  };
};

/** The connection to an MQTT broker or a cluster of them. */
export default function register(RED: NodeAPI): void {
  /** Sessions outlive a redeploy: messages that wait or are in flight belong to the next node with the same id. */
  const sessions = new Map<string, Session>();

  defineEndpoint(RED, 'post', '/ems/broker/test', async (_, body) => {
    const { servers, tls: tlsId, version, user, password } = testRequest.parse(resolve(RED, body));
    const tls = tlsOptionsOf(RED, tlsId);
    const result = await testConnection(
      {
        servers,
        clientId: `ems-test-${createBoot()}`,
        ...(user ? { username: user } : {}),
        ...(password ? { password } : {}),
        ...(tls ? { tls } : {}),
        version: versionOf(version),
      },
      systemClock,
    );
    return result.kind === 'online'
      ? result
      : { ...result, reasons: result.reasons.map((phrase) => inCatalogOf(type, phrase)) };
  });

  defineNode(RED, type, {
    config,
    credentials: { user: { type: 'text' }, password: { type: 'password' } },
    start({ config, credentials, node, clock, onStarted, onClose }): BrokerApi {
      const gateway = gatewayName();
      const tls = tlsOptionsOf(RED, config.tls);
      const session = sessions.get(node.id) ?? new Session(config.queue);
      session.outbox.resize(config.queue);
      sessions.set(node.id, session);
      const client = createClient({
        config,
        credentials: credentials as Credentials,
        tls,
        session,
        nodeId: node.id,
        gateway,
        clock,
      });
      // A persistent session delivers at once what it kept: first everybody who wants it must be there.
      onStarted(() => client.open());
      const removing = removeRetained(client, session, directoryOf(RED), { gateway, clock });
      onClose(async (isRemoved) => {
        if (isRemoved) sessions.delete(node.id);
        await client.close(isRemoved, () => removing.close());
      });

      const followers = new Set<(status: Status) => void>();
      const show = (): void => {
        const status = showClient(client);
        for (const follower of followers) follower(status);
      };
      // The number of messages that wait changes without the state of the connection.
      const showing = clock.every(showEveryMs, show);
      client.onState(show);
      onClose(() => showing.cancel());
      const listeners = new Set<(event: Message<'event/1'>) => void>();
      client.onEvent((event) => {
        const text = sayIn(RED, type, event.phrase);
        if (event.severity === 'info') node.log(text);
        else node.warn(text);
        const message = toEventMessage(event, text, gateway, clock);
        for (const listener of listeners) listener(message);
      });
      return {
        client,
        follow(showStatus) {
          followers.add(showStatus);
          showStatus(showClient(client));
          return { remove: () => followers.delete(showStatus) };
        },
        onEvent(listener) {
          listeners.add(listener);
          return { remove: () => listeners.delete(listener) };
        },
      };
    },
  });
}
