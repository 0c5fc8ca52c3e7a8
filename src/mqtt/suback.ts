/** Which subscriptions a server refused, and why. */
import type { Phrase } from '../model/phrase.ts';
import type { ServerLimits } from './server-limits.ts';

/** MQTT 5 §3.9.3, MQTT 3.1.1 §3.9.3 */
const isFailure = (code: unknown): code is number => typeof code === 'number' && code >= 0x80;

const refusal = (filter: string, code: number): Phrase => ({
  key: 'notice.subscriptionRefused',
  params: { filter, code: `0x${code.toString(16)}` },
});

/** SUBACK, as far as it is looked at. */
interface Suback {
  granted: readonly unknown[];
}

/** @param filters as they were asked for, in their order. @returns undefined where all were granted */
export const subscriptionRefusal = (filters: string[], suback: Suback | undefined): Phrase | undefined => {
  const at = suback?.granted.findIndex(isFailure) ?? -1;
  const code: unknown = suback?.granted[at];
  const filter = filters[at];
  return filter !== undefined && isFailure(code) ? refusal(filter, code) : undefined;
};

/** A filter that this server would end the connection over is not asked for. */
export const filterRefusal = (filters: string[], limits: ServerLimits): Phrase | undefined => {
  for (const filter of filters) {
    const kind = limits.refusesFilter(filter);
    if (kind) return { key: `notice.${kind}Unavailable`, params: { filter } };
  }
  return undefined;
};
