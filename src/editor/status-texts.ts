/**
 * Status texts in the language of the browser. The runtime sends each in its own language and, beside it, the key and the
 * values of the text.
 */
import * as z from 'zod/mini';
import type { EditorClient } from './red.ts';
import { textOf } from './texts.ts';

declare const RED: EditorClient;

const statusPhrase = z.object({ key: z.string(), params: z.catch(z.record(z.string(), z.unknown()), {}) });

const topic = 'ems/status/';

/** Listens to the status of every node of this package. */
export const translateStatusTexts = (): void => {
  /** Status of each node, by node id. */
  const phrases = new Map<string, z.infer<typeof statusPhrase>>();
  const translate = (id: string): void => {
    const node = RED.nodes.node(id);
    const phrase = phrases.get(id);
    if (!node?.status || !phrase) return;
    node.status.text = textOf(node, phrase.key, phrase.params);
    node.dirty = true;
    node.dirtyStatus = true;
    RED.view.redrawStatus(node);
  };
  RED.comms.subscribe(`${topic}#`, (heard, payload) => {
    const { success, data } = statusPhrase.safeParse(payload);
    const id = heard.slice(topic.length);
    if (success) phrases.set(id, data);
    else phrases.delete(id);
    translate(id);
  });
  // The editor's own handler runs first and puts the text of the runtime back.
  RED.comms.subscribe('status/#', (heard) => setTimeout(() => translate(heard.slice('status/'.length)), 0));
};
