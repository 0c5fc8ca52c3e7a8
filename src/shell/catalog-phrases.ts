/** Sentences of one node's catalog, said by others, and in the language of the runtime. */
import type { NodeAPI } from 'node-red';
import type { Phrase } from '../model/phrase.ts';
import { packageName } from './version.ts';

/** @returns the same sentence by a key that every node and every browser finds */
export const inCatalogOf = (type: string, { key, params }: Phrase): Phrase => ({
  key: `${packageName}/${type}:${type}.${key}`,
  params,
});

/** @returns the sentence in the language of the runtime, for logs and events */
export const sayIn = (RED: NodeAPI, type: string, phrase: Phrase): string => {
  const { key, params } = inCatalogOf(type, phrase);
  return RED._(key, params);
};
