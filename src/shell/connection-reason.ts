/** Why there is no connection to a device, in the words of the forms in place of those of the system. */
import type { Phrase } from '../model/phrase.ts';
import { inCatalogOf } from './catalog-phrases.ts';

/** Codes of the system, and what our own links say. */
const byText: [pattern: RegExp, key: string][] = [
  [/\bECONNREFUSED\b/, 'refused'],
  [/\b(ENOTFOUND|EAI_AGAIN)\b/, 'unknownHost'],
  [/\b(EHOSTUNREACH|ENETUNREACH)\b/, 'noRoute'],
  [/\bETIMEDOUT\b|no connection within/, 'silent'],
];

/** @returns the reason as it is where there are no better words for it */
export const sayConnectionReason = (reason: string): string | Phrase => {
  const [, key] = byText.find(([pattern]) => pattern.test(reason)) ?? [];
  return key === undefined ? reason : inCatalogOf('ems-modbus-client', { key: `why.${key}`, params: {} });
};
