/**
 * The certificate of a server over its life: reloaded where its files hold a renewed one, and told of before it ends.
 * The files are read every two seconds and not watched: files that are replaced, linked or on a network drive tell
 * nobody.
 */

import type { Clock, Timer } from '../../../model/time.ts';
import { expirySoonDays } from '../codec/limits.ts';
import {
  type CertificateFacts,
  type CertificateFault,
  faultSentenceOf,
  readServerKeys,
  type ServerKeys,
  unreadable,
} from './server-keys.ts';

export interface CertificateState extends CertificateFacts {
  /** Whole days until the certificate ends; below 0: it has ended. */
  daysLeft: number;
  /** Why what lies in the files is not taken. */
  fault?: CertificateFault;
}

export interface CertificateNotice extends CertificateState {
  kind: 'renewed' | 'refused' | 'expiring' | 'expired';
  /** In English, for a log. */
  sentence: string;
}

export interface CertificateListener {
  /** From now on these keys are to be shown. */
  onRenewed(keys: ServerKeys): void;
  onNotice(notice: CertificateNotice): void;
}

const readEveryMs = 2000;
const dayMs = 86_400_000;
/** Days before the end at which it is told. */
const warningDays = [expirySoonDays, 14, 7, 3, 1, 0];

const digestOf = ({ cert, key, passphrase, ca }: ServerKeys): string =>
  JSON.stringify([cert, key, ...[ca ?? []].flat()].map(String).concat(passphrase ?? ''));

/** Keys with what their certificate says. The digest tells whether the same lies in the files again. */
interface GoodFiles {
  keys: ServerKeys;
  facts: CertificateFacts;
  digest: string;
}

interface FaultyFiles {
  fault: CertificateFault;
  digest: string;
}

const readFiles = async (read: () => Promise<ServerKeys>): Promise<GoodFiles | FaultyFiles> => {
  try {
    const keys = await read();
    const [facts, digest] = [readServerKeys(keys), digestOf(keys)];
    return 'code' in facts ? { fault: facts, digest } : { keys, facts, digest };
  } catch (error) {
    const fault = unreadable(error);
    return { fault, digest: faultSentenceOf(fault) };
  }
};

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** A server has no certificate to begin with. */
export class CertificateError extends Error {}

/** The certificate of one port. */
export class ServerCertificate {
  private readonly read: () => Promise<ServerKeys>;
  private readonly listener: CertificateListener;
  private readonly clock: Clock;
  private used: GoodFiles;
  private fault: CertificateFault | undefined;
  /** Files that did not fit when they were read last: they may be half written, and are told of when they stay so. */
  private doubt: { digest: string; isTold: boolean } | undefined;
  /** Days of the last warning. */
  private warnedDays = Number.POSITIVE_INFINITY;
  private timer: Timer | undefined;
  private isClosed = false;

  /**
   * @param read certificate and key as they are now
   * @throws CertificateError where the first ones do not fit, in words
   */
  static async start(
    read: () => Promise<ServerKeys>,
    listener: CertificateListener,
    clock: Clock,
  ): Promise<ServerCertificate> {
    const first = await readFiles(read);
    if ('fault' in first) throw new CertificateError(`the certificate of this server: ${faultSentenceOf(first.fault)}`);
    return new ServerCertificate({ read, first }, listener, clock);
  }

  private constructor(
    { read, first }: { read: () => Promise<ServerKeys>; first: GoodFiles },
    listener: CertificateListener,
    clock: Clock,
  ) {
    this.read = read;
    this.used = first;
    this.listener = listener;
    this.clock = clock;
    this.warn();
    this.schedule();
  }

  /** The keys in use. */
  keys(): ServerKeys {
    return this.used.keys;
  }

  state(): CertificateState {
    const { facts } = this.used;
    return {
      ...facts,
      daysLeft: Math.floor((facts.expiresAt - this.clock.now()) / dayMs),
      ...(this.fault && { fault: this.fault }),
    };
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
  }

  private schedule(): void {
    this.timer = this.clock.after(readEveryMs, () => void this.check());
  }

  private async check(): Promise<void> {
    const found = await readFiles(this.read);
    if (this.isClosed) return;
    if ('fault' in found) this.refuse(found);
    else this.accept(found);
    this.warn();
    this.schedule();
  }

  private accept(found: GoodFiles): void {
    const wasFaulty = this.fault !== undefined;
    [this.fault, this.doubt] = [undefined, undefined];
    if (found.digest === this.used.digest) {
      if (wasFaulty) this.tell('renewed', 'lies in its files again');
      return;
    }
    this.used = found;
    this.warnedDays = Number.POSITIVE_INFINITY;
    this.listener.onRenewed(found.keys);
    this.tell('renewed', `is new, and valid until ${isoDay(found.facts.expiresAt)}`);
  }

  private refuse({ fault, digest }: FaultyFiles): void {
    if (this.doubt?.digest !== digest) {
      this.doubt = { digest, isTold: false };
      return;
    }
    if (this.doubt.isTold) return;
    this.doubt.isTold = true;
    this.fault = fault;
    this.tell('refused', `stays in use, what lies in its files is not taken: ${faultSentenceOf(fault)}`);
  }

  private warn(): void {
    const { daysLeft, expiresAt } = this.state();
    const due = warningDays.filter((days) => daysLeft <= days).at(-1) ?? Number.POSITIVE_INFINITY;
    const days = daysLeft < 0 ? -1 : due;
    if (days >= this.warnedDays) return;
    this.warnedDays = days;
    if (days < 0) this.tell('expired', `has expired on ${isoDay(expiresAt)}: stations do not trust it any more`);
    else this.tell('expiring', `expires on ${isoDay(expiresAt)} (days left: ${daysLeft}): renew it`);
  }

  private tell(kind: CertificateNotice['kind'], what: string): void {
    const state = this.state();
    this.listener.onNotice({ kind, ...state, sentence: `the certificate ${state.subject} of this server ${what}` });
  }
}
