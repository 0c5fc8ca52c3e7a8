/**
 * Notices of the connection: every state is told once, however often a server is tried and however short a connection
 * was.
 */
import type { Phrase } from '../../model/phrase.ts';
import type { Clock, Timer } from '../../model/time.ts';
import type { ClientEvent } from '../client-events.ts';

/** Nobody can rely on a connection that is over sooner, ms. */
const stableMs = 5000;
/** A broker that starts together with this client, as the local one does, is there after so long, ms. */
const startMs = 3000;

const nameOf = ({ key, params }: Phrase): string => `${key} ${params.server}`;

/** The notices of one client. */
export class ConnectionNotices {
  readonly #clock: Clock;
  readonly #tell: (event: ClientEvent) => void;
  /** Failures told since the last connection that lasted. */
  readonly #told = new Set<string>();
  readonly #toldForGood = new Set<string>();
  #stable: Timer | undefined;
  /** Failures of the first moments, by what is told of them; undefined: those moments are over. */
  #early: Map<string, Phrase> | undefined = new Map();
  #starting: Timer | undefined;
  /** The connection is not wanted any more: how a connection ends then is no news. */
  #isClosed = false;

  constructor(clock: Clock, tell: (event: ClientEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  online(server: string): void {
    this.#starting?.cancel();
    this.#early = undefined;
    this.#stable?.cancel();
    this.#stable = this.#clock.after(stableMs, () => {
      if (this.#told.size === 0) return;
      this.#told.clear();
      this.#tell({ name: 'broker_online', severity: 'info', phrase: { key: 'notice.online', params: { server } } });
    });
  }

  /** @param isTrouble this client did not end the connection itself */
  offline(phrase: Phrase, isTrouble: boolean): void {
    this.#stable?.cancel();
    if (this.#isClosed || !isTrouble || this.#told.has(nameOf(phrase))) return;
    if (!this.#early || phrase.key !== 'refusal.connectionRefused') {
      this.#tellOffline(phrase);
      return;
    }
    this.#early.set(nameOf(phrase), phrase);
    this.#starting ??= this.#clock.after(startMs, () => this.#endStart());
  }

  /** A fact that stays true of a server is told once. */
  once(event: ClientEvent): void {
    const name = nameOf(event.phrase);
    if (this.#toldForGood.has(name)) return;
    this.#toldForGood.add(name);
    this.#tell(event);
  }

  close(): void {
    this.#isClosed = true;
    this.#stable?.cancel();
    this.#starting?.cancel();
  }

  #endStart(): void {
    for (const phrase of this.#early?.values() ?? []) this.#tellOffline(phrase);
    this.#early = undefined;
  }

  #tellOffline(phrase: Phrase): void {
    this.#told.add(nameOf(phrase));
    this.#tell({ name: 'broker_offline', severity: 'warning', phrase });
  }
}
