/** Status dots: a key of the node's catalog and its parameters, so that each browser shows them in its own language. */
import type { Node, NodeAPI } from 'node-red';
import { isSame } from '../common/is-same.ts';
import type { Phrase } from '../model/phrase.ts';
import type { Clock, Timer } from '../model/time.ts';

/** The status of a node: a dot, and a phrase of its catalog. */
export interface Status {
  fill: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  shape: 'ring' | 'dot';
  /** Key under <type>.status in the catalog. */
  key: string;
  params?: Record<string, string | number | Phrase>;
}

const mostNames = 3;

/** @returns names for the short text of a dot: the first few, and how many more there are */
export const fewOf = (names: string[]): string => {
  const more = names.length - mostNames;
  return [...names.slice(0, mostNames), ...(more > 0 ? [`+${more}`] : [])].join(', ');
};

/** Characters: room for a sentence with a cause and a remedy. */
const longestText = 200;
/** Nobody can read a dot whose numbers change more often, ms. */
const pauseMs = 1000;

/** The dot of one node, which changes its words at once and its numbers once per second. */
export class StatusDot {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #clock: Clock;
  #shown: Status | undefined;
  /** The status that is shown after the pause. */
  #next: Status | undefined;
  #pause: Timer | undefined;

  constructor(RED: NodeAPI, node: Node, clock: Clock) {
    this.#RED = RED;
    this.#node = node;
    this.#clock = clock;
  }

  show(status: Status): void {
    const shown = this.#shown;
    const isSameWords = status.key === shown?.key && status.fill === shown.fill && status.shape === shown.shape;
    this.#next = undefined;
    if (isSameWords && isSame(status.params ?? {}, shown?.params ?? {})) return;
    if (isSameWords && this.#pause) this.#next = status;
    else this.#publish(status);
  }

  close(): void {
    this.#pause?.cancel();
  }

  #publish(status: Status): void {
    const { fill, shape, key, params = {} } = status;
    this.#shown = status;
    const catalogKey = `${this.#node.type}.status.${key}`;
    const words = Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'object' ? this.#RED._(value.key, value.params) : value,
    ]);
    // This text is in the language of the server, for status nodes and logs; each editor makes its own of key and
    // params.
    const text = this.#RED._(catalogKey, Object.fromEntries(words)).slice(0, longestText);
    this.#node.status({ fill, shape, text });
    this.#RED.comms.publish(`ems/status/${this.#node.id}`, { key: catalogKey, params }, true);
    this.#pause?.cancel();
    this.#pause = this.#clock.after(pauseMs, () => this.#endPause());
  }

  #endPause(): void {
    const next = this.#next;
    this.#pause = undefined;
    this.#next = undefined;
    if (next) this.#publish(next);
  }
}
