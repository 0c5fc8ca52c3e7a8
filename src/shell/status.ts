/** Status dots: a key of the node's catalog and its parameters, so that each browser shows them in its own language. */
import type { Node, NodeAPI } from 'node-red';

export interface Status {
  fill: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  shape: 'ring' | 'dot';
  /** Under <type>.status in the catalog. */
  key: string;
  params?: Record<string, string | number>;
}

const longestText = 80;

/**
 * @returns a function that shows a status when it differs from the one shown
 */
export const createStatus = (RED: NodeAPI, node: Node) => {
  let shown = '';
  return ({ fill, shape, key, params = {} }: Status): void => {
    const catalogKey = `${node.type}.status.${key}`;
    const text = RED._(catalogKey, params).slice(0, longestText);
    const appearance = `${fill} ${shape} ${text}`;
    if (appearance === shown) return;
    shown = appearance;
    // The text is in the language of the server, for status nodes and logs; each editor says key and params anew.
    node.status({ fill, shape, text });
    RED.comms.publish(`ems/status/${node.id}`, { key: catalogKey, params }, true);
  };
};
