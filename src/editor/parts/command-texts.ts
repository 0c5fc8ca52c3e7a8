/** Commands in words for a form, as the meta of a device declares them. */
import type { EditorNode } from '../red.ts';
import { text } from '../texts.ts';
import type { CommandMeta } from './known-devices.ts';

/** Three time constants: 95 % of the way is done. */
const followingConstants = 3;

const stateText = (fallback: unknown): string | undefined => {
  if (fallback === undefined) return undefined;
  if (typeof fallback !== 'object' || fallback === null) return String(fallback);
  return Object.entries(fallback)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
};

/** @returns sentences: what kind of command, how it is known that the device obeys, and how fast it does */
export const commandMeaning = (node: EditorNode, meta: CommandMeta): string[] => {
  const { kind, fallback, verification, verify_s: verifyS, latency_s: latencyS, time_constant_s: constantS } = meta;
  const state = stateText(fallback);
  const said = (key: string, values?: Record<string, unknown>): string => text(node, `meaning.${key}`, values);
  return [
    kind ? said(kind) : '',
    state === undefined ? '' : said('fallback', { state }),
    verification ? said(verification, { s: verifyS }) : '',
    latencyS === undefined ? '' : said('latency', { s: latencyS }),
    constantS === undefined ? '' : said('following', { s: Math.round(followingConstants * constantS) }),
    meta.watchdog_s === undefined ? '' : said('watchdog', { s: meta.watchdog_s }),
    meta.persistent ? said('persistent') : '',
  ].filter((sentence) => sentence !== '');
};
