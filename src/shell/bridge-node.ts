/**
 * The common part of every bridge node: readings and responses out, commands in, and the files that survive a restart.
 */
import type { NodeMessageInFlow } from 'node-red';
import { Bridge, type BridgeOptions, type BridgeSink } from '../bridge/bridge.ts';
import { bridgeStatus, type DotOptions } from './bridge-status.ts';
import { takeCommands, toAnswer } from './command-input.ts';
import type { NodeContext } from './define-node.ts';
import { directoryOf } from './directory.ts';
import type { serveLiveValues } from './endpoints.ts';
import { openJournal } from './journal-file.ts';
import { toNodeMessage } from './node-messages.ts';

interface BridgeNodeOptions extends Omit<BridgeOptions, 'journal' | 'clock'> {
  live: ReturnType<typeof serveLiveValues>;
  /** Each object in a message of its own. */
  isSingle: boolean;
  /** When the bridge is closed; isRemoved: the node was deleted. */
  onClosed?(isRemoved: boolean): Promise<void> | void;
  /** Address of the device: "tcp 192.168.1.50:502". */
  place?: string;
  /** @returns the reason of a state in words of the catalogs; by default that of a connection */
  sayReason?: DotOptions['sayReason'];
  /** Whether the device falls back by itself without this gateway, where its integrator should see that. */
  isGuarded?(): boolean;
  /** @returns whether a message at the input was for the driver, and no command */
  takes?(message: NodeMessageInFlow): boolean;
}

/** Runs a bridge from the deploy to the close of its node. */
export const runBridge = <Config, Credentials>(
  { RED, node, clock, send, showStatus, onInput, onStarted, onClose }: NodeContext<Config, Credentials>,
  { live, isSingle, onClosed, takes, isGuarded, place, sayReason, ...options }: BridgeNodeOptions,
): void => {
  const { device, name } = options.placement;
  const directory = directoryOf(RED);
  const journal = openJournal(RED, { name: `${node.type}-${node.id}`, content: 'commands' }, (text) => node.warn(text));
  const sink: BridgeSink = {
    readings(messages) {
      for (const message of messages) directory.take(message);
      if (isSingle) for (const message of messages) send([toNodeMessage([message]), null]);
      else send([toNodeMessage(messages, `devices/${device}`), null]);
    },
    events: (messages) => send([null, toNodeMessage(messages)]),
    answer: (response, reply) => send([null, toAnswer(response, reply)]),
    status: (status) => showStatus(bridgeStatus(status, { isGuarded: isGuarded?.(), place, sayReason })),
  };
  const bridge = new Bridge({ ...options, clock, journal }, sink);
  directory.register(node.id, `devices/${device}`);
  const watching = directory.onNodeState((name, isOnline) => bridge.onPresence(name, isOnline));
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
