/**
 * The certificate of a server over its life: taken anew where its files hold another one, and told of before it ends.
 * Looked at rather than watched: files that are replaced, linked or on a network drive tell nobody.
 */

import type { Clock } from '../../../model/time.ts';
import { expirySoonDays } from '../codec/limits.ts';
import {
  type CertificateFacts,
  type CertificateFault,
  faultSentenceOf,
  readServerKeys,
  type ServerKeys,
  unreadable,
} from './certificate.ts';

export interface CertificateState extends CertificateFacts {
  /** Whole days until it ends; below 0: it has ended. */
  daysLeft: number;
  /** What lies in the files and is not taken. */
  fault?: CertificateFault;
}

export interface CertificateNews extends CertificateState {
  kind: 'renewed' | 'refused' | 'expiring' | 'expired';
  /** In English, for a log. */
  sentence: string;
}

export interface CertificateKeeper {
  /** Those in use. */
  keys(): ServerKeys;
  state(): CertificateState;
  close(): void;
}

export interface CertificateSink {
  /** From now on these are to be shown. */
  renewed(keys: ServerKeys): void;
  told(news: CertificateNews): void;
}

const lookEveryMs = 2000;
const dayMs = 86_400_000;
/** Days before the end at which it is told. */
const warnings = [expirySoonDays, 14, 7, 3, 1, 0];

const digestOf = ({ cert, key, passphrase, ca }: ServerKeys): string =>
  JSON.stringify([cert, key, ...[ca ?? []].flat()].map(String).concat(passphrase ?? ''));

/** Certificate and key with what they say; or what is wrong with them, and by what that is known again. */
type Look = { keys: ServerKeys; facts: CertificateFacts; digest: string } | { fault: CertificateFault; digest: string };

const look = async (read: () => Promise<ServerKeys>): Promise<Look> => {
  try {
    const keys = await read();
    const [said, digest] = [readServerKeys(keys), digestOf(keys)];
    return 'code' in said ? { fault: said, digest } : { keys, facts: said, digest };
  } catch (error) {
    const fault = unreadable(error);
    return { fault, digest: faultSentenceOf(fault) };
  }
};

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** There is none to begin with. */
export class CertificateError extends Error {}

/** @throws CertificateError where the first ones do not fit, in words */
export const keepCertificate = async (
  read: () => Promise<ServerKeys>,
  sink: CertificateSink,
  clock: Clock,
): Promise<CertificateKeeper> => {
  const first = await look(read);
  if ('fault' in first) throw new CertificateError(`the certificate of this server: ${faultSentenceOf(first.fault)}`);
  let used = first;
  let fault: CertificateFault | undefined;
  /** What did not fit at the last look: it may be half written, and is told of when it stays like that. */
  let doubt: { digest: string; isTold: boolean } | undefined;
  let warned = Number.POSITIVE_INFINITY;

  const state = (): CertificateState => ({
    ...used.facts,
    daysLeft: Math.floor((used.facts.expiresAt - clock.now()) / dayMs),
    ...(fault && { fault }),
  });
  const tell = (kind: CertificateNews['kind'], sentence: string): void => {
    const now = state();
    sink.told({ kind, ...now, sentence: `the certificate ${now.subject} of this server ${sentence}` });
  };

  const warn = (): void => {
    const { daysLeft, expiresAt } = state();
    const due = warnings.filter((days) => daysLeft <= days).at(-1) ?? Number.POSITIVE_INFINITY;
    const stage = daysLeft < 0 ? -1 : due;
    if (stage >= warned) return;
    warned = stage;
    if (stage < 0) tell('expired', `has expired on ${isoDay(expiresAt)}: stations do not trust it any more`);
    else tell('expiring', `expires on ${isoDay(expiresAt)} (days left: ${daysLeft}): renew it`);
  };

  const accept = (found: Extract<Look, { keys: ServerKeys }>): void => {
    const wasFaulty = fault !== undefined;
    [fault, doubt] = [undefined, undefined];
    if (found.digest === used.digest) {
      if (wasFaulty) tell('renewed', 'lies in its files again');
      return;
    }
    used = found;
    warned = Number.POSITIVE_INFINITY;
    sink.renewed(found.keys);
    tell('renewed', `is new, and valid until ${isoDay(found.facts.expiresAt)}`);
  };

  const refuse = (found: Extract<Look, { fault: CertificateFault }>): void => {
    if (doubt?.digest !== found.digest) {
      doubt = { digest: found.digest, isTold: false };
      return;
    }
    if (doubt.isTold) return;
    doubt.isTold = true;
    fault = found.fault;
    tell('refused', `stays in use, what lies in its files is not taken: ${faultSentenceOf(fault)}`);
  };

  const lookAgain = async (): Promise<void> => {
    const found = await look(read);
    if (isClosed) return;
    if ('fault' in found) refuse(found);
    else accept(found);
    warn();
    timer = clock.after(lookEveryMs, lookAgain);
  };

  let isClosed = false;
  warn();
  let timer = clock.after(lookEveryMs, lookAgain);
  return {
    keys: () => used.keys,
    state,
    close() {
      isClosed = true;
      timer.cancel();
    },
  };
};
