/** Whether a message that is sent reaches the nodes it is wired to, also while some of them are being redeployed. */
import type { Node, NodeAPI } from 'node-red';
import { z } from 'zod';
import type { Clock } from '../model/time.ts';

/** The deploy that is under way, if there is one. */
interface Deploys {
  isUnderWay: boolean;
  /** Since when somebody waits for its end, monotonic, ms. */
  since: number | undefined;
  waiting: Set<Waiting>;
  /** Messages so far, over all nodes. */
  count: number;
}

interface Waiting {
  /** Place of the message among all. One that went out just before the deploy begins to wait after others. */
  order: number;
  goOn(): void;
}

const wired = z.object({ wires: z.array(z.array(z.string())) });
const deploysByEvents = new WeakMap<object, Deploys>();

/**
 * Node-RED gives nodes 15 s to stop. A deploy that lasts longer came to nothing, as where a type of node is missing.
 */
const longestDeployMs = 20_000;

const deploysOf = ({ events }: NodeAPI): Deploys => {
  const known = deploysByEvents.get(events);
  if (known) return known;
  const deploys: Deploys = { isUnderWay: false, since: undefined, waiting: new Set(), count: 0 };
  deploysByEvents.set(events, deploys);
  events.on('flows:stopping', () => {
    deploys.isUnderWay = true;
    deploys.since = undefined;
  });
  events.on('flows:started', () => {
    deploys.isUnderWay = false;
    for (const { goOn } of [...deploys.waiting].sort((a, b) => a.order - b.order)) goOn();
  });
  return deploys;
};

/** @returns undefined where there is no deploy, or one that is not waited for any more */
const endOfDeploy = (deploys: Deploys, order: number, clock: Clock): Promise<void> | undefined => {
  if (!deploys.isUnderWay) return undefined;
  const now = clock.monotonic();
  deploys.since ??= now;
  const restMs = deploys.since + longestDeployMs - now;
  if (restMs <= 0) return undefined;
  return new Promise((resolve) => {
    const waiting: Waiting = {
      order,
      goOn() {
        timer.cancel();
        deploys.waiting.delete(waiting);
        resolve();
      },
    };
    const timer = clock.after(restMs, waiting.goOn);
    deploys.waiting.add(waiting);
  });
};

/**
 * @returns sends, and resolves with whether it arrived. Node-RED delivers in the next turn of the loop, and a node that
 *   was stopped before gets nothing: where the sender is still there, the message is sent again to the node that takes
 *   its place. One that takes its time to stop may have got it all the same: rather twice than never.
 */
export const createRedeployDelivery = (
  RED: NodeAPI,
  node: Node,
  clock: Clock,
): ((send: () => void) => Promise<boolean>) => {
  const deploys = deploysOf(RED);
  const isThere = (): boolean => RED.nodes.getNode(node.id) === node;
  return async (send) => {
    const order = deploys.count++;
    for (;;) {
      const deployed = isThere() ? endOfDeploy(deploys, order, clock) : undefined;
      if (deployed) {
        await deployed;
        if (!isThere()) return false;
      }
      const targets = wired
        .parse(node)
        .wires.flat()
        .map((id) => ({ id, target: RED.nodes.getNode(id) }));
      send();
      await new Promise((resolve) => setImmediate(resolve));
      if (targets.every(({ id, target }) => RED.nodes.getNode(id) === target)) return true;
      if (!isThere()) return false;
    }
  };
};
