/** Status dots: a key of the node's catalog and its parameters, so that each browser shows them in its own language. */
import type { Node, NodeAPI } from 'node-red';
import type { Phrase } from '../model/phrase.ts';
import type { Clock, Timer } from '../model/time.ts';
import { isPhrase } from './phrases.ts';

export interface Status {
  fill: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  shape: 'ring' | 'dot';
  /** Under <type>.status in the catalog. */
  key: string;
  params?: Record<string, string | number | Phrase>;
}

export interface StatusDot {
  show(status: Status): void;
  close(): void;
}

const mostNames = 3;

/** Names in the short text of a dot: the first few, and how many more there are. */
export const fewOf = (names: string[]): string => {
  const more = names.length - mostNames;
  return [...names.slice(0, mostNames), ...(more > 0 ? [`+${more}`] : [])].join(', ');
};

/** Room for a sentence with a cause and a remedy. */
const longestText = 200;
/** A dot whose numbers change more often than this nobody can read. */
const pauseMs = 1000;

const isSameParams = (a: Status['params'] = {}, b: Status['params'] = {}): boolean => {
  const names = Object.keys(a);
  const isSame = (name: string): boolean =>
    a[name] === b[name] || (typeof a[name] === 'object' && JSON.stringify(a[name]) === JSON.stringify(b[name]));
  return names.length === Object.keys(b).length && names.every(isSame);
};

/**
 * @returns a dot that changes its words at once and its numbers once per second
 */
export const createStatus = (RED: NodeAPI, node: Node, clock: Clock): StatusDot => {
  let shown: Status | undefined;
  let next: Status | undefined;
  let pause: Timer | undefined;

  const publish = (status: Status): void => {
    const { fill, shape, key, params = {} } = status;
    shown = status;
    const catalogKey = `${node.type}.status.${key}`;
    const words = Object.entries(params).map(([name, value]) => [
      name,
      isPhrase(value) ? RED._(value.key, value.params) : value,
    ]);
    // The text is in the language of the server, for status nodes and logs; each editor says key and params anew.
    node.status({ fill, shape, text: RED._(catalogKey, Object.fromEntries(words)).slice(0, longestText) });
    RED.comms.publish(`ems/status/${node.id}`, { key: catalogKey, params }, true);
    pause?.cancel();
    pause = clock.after(pauseMs, () => {
      pause = undefined;
      if (next) publish(next);
      next = undefined;
    });
  };

  return {
    show(status) {
      const isSameWords = status.key === shown?.key && status.fill === shown.fill && status.shape === shown.shape;
      next = undefined;
      if (isSameWords && isSameParams(status.params, shown?.params)) return;
      if (isSameWords && pause) next = status;
      else publish(status);
    },
    close: () => pause?.cancel(),
  };
};
