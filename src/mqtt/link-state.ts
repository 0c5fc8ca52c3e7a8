/** How the connection to the broker stands. */
import type { Phrase } from '../model/phrase.ts';

export type LinkState =
  | { kind: 'connecting'; server: string }
  | {
      kind: 'online';
      server: string;
      version: 4 | 5;
      isPreferred: boolean;
      /** TLS, and the certificate is not looked at. */
      isUnverified: boolean;
      problem?: Phrase;
    }
  | { kind: 'waiting'; server: string; reason: Phrase; retryMs: number }
  | { kind: 'closed' };
