/**
 * The frame of every node: its config migrated and parsed by a schema, an input handler whose every failure reaches
 * done(err) and so the Catch node, an awaited close, status through the catalog, the clock.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import type { z } from 'zod';
import { isFromLaterVersion, migrate } from '../migrations/migrate.ts';
import type { Clock } from '../model/time.ts';
import { systemClock } from './clock.ts';
import { describeError } from './describe-error.ts';
import { directoryOf } from './directory.ts';
import { checkCredentials } from './environment.ts';
import { onFlowsStarted } from './flows-started.ts';
import { type Status, StatusDot } from './status.ts';

/** Sends one message, or an array with one entry per output. */
export type Send = (message: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;
/** Handles one message; a failure, thrown or rejected, reaches done(err). */
export type InputHandler = (message: NodeMessageInFlow, send: Send) => void | Promise<void>;

/** The parts of Node-RED that a node works with. */
export interface NodeContext<Config, Credentials> {
  RED: NodeAPI;
  node: Node;
  config: Config;
  credentials: Credentials;
  clock: Clock;
  /** Sends from outside an input handler. */
  send: Send;
  showStatus(status: Status): void;
  /** Tells a failure outside of an input handler: to the log and the Catch nodes. */
  report(error: unknown): void;
  onInput(handler: InputHandler): void;
  /** Runs once all nodes of the deploy are there: a message that is sent before that reaches nobody. */
  onStarted(run: () => void): void;
  /** Handlers run together and are awaited; isRemoved: deleted, not redeployed. */
  onClose(handler: (isRemoved: boolean) => void | Promise<void>): void;
}

/** A node type: its config, its credentials and its work. */
export interface NodeDefinition<Schema extends z.ZodType, Credentials, Api> {
  config: Schema;
  credentials?: Record<string, { type: 'text' | 'password' }>;
  clock?: Clock;
  /** The node's own work. A config node returns what other nodes may use of it. */
  start(context: NodeContext<z.output<Schema>, Credentials>): Api;
}

const apis = new WeakMap<object, { type: string; api: unknown }>();

/**
 * @returns the config as this version of the package writes it
 * @throws where a later version wrote it: its fields may mean something else
 */
const migrated = (type: string, given: NodeDef): Record<string, unknown> => {
  const config = { ...given };
  if (isFromLaterVersion(config))
    throw new Error('a later version of this package configured this node: update the package, or configure it anew');
  return migrate(type, config);
};

/** Until a node takes itself for started although no deploy has announced its end. */
const startedWithinMs = 500;

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Registers a node type. */
export const defineNode = <Schema extends z.ZodType, Credentials extends object, Api>(
  RED: NodeAPI,
  type: string,
  definition: NodeDefinition<Schema, Credentials, Api>,
): void => {
  function construct(this: Node<Credentials>, given: NodeDef): void {
    RED.nodes.createNode(this, given);
    const clock = definition.clock ?? systemClock;
    const dot = new StatusDot(RED, this, clock);
    const closers: ((isRemoved: boolean) => void | Promise<void>)[] = [];
    let handler: InputHandler | undefined;
    const report = (error: unknown): void => this.error(describeError(error), { payload: undefined } as NodeMessage);

    this.on('input', (message, send, done) => {
      const finish = (error?: unknown): void => (error === undefined ? done() : done(toError(error)));
      try {
        if (!handler) throw new Error('this node cannot work with its configuration; open it to see what is missing');
        const pending = handler(message, send as Send);
        if (pending instanceof Promise) pending.then(() => finish(), finish);
        else finish();
      } catch (error) {
        finish(error);
      }
    });
    this.on('close', (isRemoved: boolean, done: () => void) => {
      const run = async (closer: (isRemoved: boolean) => void | Promise<void>): Promise<void> => {
        try {
          await closer(isRemoved);
        } catch (error) {
          this.warn(`while closing: ${describeError(error)}`);
        }
      };
      const closed = Promise.all(closers.map(run)).then(() => dot.close());
      // Also for a node that did not start with its last configuration: it spoke for a device before.
      if (isRemoved) directoryOf(RED).remove(this.id, closed);
      closed.then(done);
    });

    const onStarted = (run: () => void): void => {
      const start = (): void => {
        cancel();
        run();
      };
      const announced = onFlowsStarted(RED, start);
      const cancel = (): void => {
        timer.cancel();
        announced.cancel();
      };
      const timer = clock.after(startedWithinMs, start);
      closers.push(cancel);
    };

    try {
      const config = definition.config.parse(migrated(type, given)) as z.output<Schema>;
      checkCredentials(this.credentials ?? {});
      const api = definition.start({
        RED,
        node: this,
        config,
        credentials: this.credentials ?? ({} as Credentials),
        clock,
        send: (message) => this.send(message as NodeMessage),
        showStatus: (status) => dot.show(status),
        report,
        onInput: (given) => {
          handler = given;
        },
        onStarted,
        onClose: (closer) => closers.push(closer),
      });
      apis.set(this, { type, api });
    } catch (error) {
      handler = undefined;
      dot.show({ fill: 'red', shape: 'ring', key: 'config' });
      report(error);
    }
  }
  RED.nodes.registerType(
    type,
    construct,
    definition.credentials ? { credentials: definition.credentials as never } : undefined,
  );
};

/**
 * The interface of a config node for the nodes that name it.
 * @throws where it is missing, disabled, of another type or wrongly configured, in words
 */
export const useConfigNode = <Api>(RED: NodeAPI, id: string, type: string): Api => {
  const node = RED.nodes.getNode(id);
  if (!node) throw new Error(`the ${type} this node uses is missing or disabled`);
  const known = apis.get(node);
  if (!known) throw new Error(`the ${type} this node uses has a configuration error`);
  if (known.type !== type) throw new Error(`this node needs an ${type}, not an ${known.type}`);
  return known.api as Api;
};
