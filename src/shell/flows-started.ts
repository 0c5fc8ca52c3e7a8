/** Waiting for the end of a deploy: however many nodes wait, Node-RED has one listener for them. */
import type { NodeAPI } from 'node-red';

interface Queue {
  runs: Set<() => void>;
  startAll(): void;
}

const queues = new WeakMap<object, Queue>();

const createQueue = (): Queue => {
  const runs = new Set<() => void>();
  const startAll = (): void => {
    for (const run of [...runs]) run();
  };
  return { runs, startAll };
};

/**
 * @param run called when all nodes of the deploy are there, unless that is cancelled; it has to be cancelled at the
 *   latest after that
 */
export const onFlowsStarted = ({ events }: NodeAPI, run: () => void): { cancel(): void } => {
  const queue = queues.get(events) ?? createQueue();
  queues.set(events, queue);
  const { runs, startAll } = queue;
  if (runs.size === 0) events.on('flows:started', startAll);
  runs.add(run);
  return {
    cancel() {
      if (runs.delete(run) && runs.size === 0) events.removeListener('flows:started', startAll);
    },
  };
};
