/** State of the connection to the broker. */
import type { Phrase } from '../../model/phrase.ts';

/** server: its address, as describeServer gives it. */
export type ConnectionState =
  | { kind: 'connecting'; server: string }
  | {
      kind: 'online';
      server: string;
      /** 4: MQTT 3.1.1. */
      version: 4 | 5;
      isPreferred: boolean;
      /** TLS is used, and the certificate of the server is not checked. */
      isUnverified: boolean;
      /** A subscription that the server refused. */
      problem?: Phrase;
    }
  | { kind: 'waiting'; server: string; reason: Phrase; retryMs: number }
  | { kind: 'closed' };
