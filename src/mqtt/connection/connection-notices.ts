/**
 * Notices of the connection: every state is told once, however often a server is tried and however short a connection
 * was.
 */
import type { IConnackPacket } from 'mqtt';
import type { Phrase } from '../../model/phrase.ts';
import type { Clock, Timer } from '../../model/time.ts';
import type { ClientEvent } from '../client-events.ts';

/** Nobody can rely on a connection that is over sooner, ms. */
const stableMs = 5000;
/** A broker that starts together with this client, as the local one does, is there after so long, ms. */
const startMs = 3000;

/** A connection that CONNACK has accepted. */
interface AcceptedConnection {
  /** Address of the server. */
  server: string;
  /** TLS is used, and the certificate is not checked. */
  isUnverified: boolean;
  /** Session Expiry Interval that the server was asked for, s. */
  sessionExpiryS: number;
}

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

  /** CONNACK has accepted the connection: what stays true of the server is told once. */
  onConnack({ properties }: IConnackPacket, connection: AcceptedConnection): void {
    const { server, isUnverified, sessionExpiryS } = connection;
    this.#online(server);
    if (isUnverified)
      this.#tellOnce({
        name: 'certificate_unverified',
        severity: 'warning',
        phrase: { key: 'notice.unverified', params: { server } },
      });
    // MQTT 5 §3.2.2.3.2: where the property is absent, the server uses the interval that it was asked for.
    const seconds = properties?.sessionExpiryInterval;
    if (seconds !== undefined && seconds < sessionExpiryS)
      this.#tellOnce({
        name: 'session_shortened',
        severity: 'warning',
        phrase: { key: 'notice.sessionShortened', params: { server, seconds } },
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

  close(): void {
    this.#isClosed = true;
    this.#stable?.cancel();
    this.#starting?.cancel();
  }

  #online(server: string): void {
    this.#starting?.cancel();
    this.#early = undefined;
    this.#stable?.cancel();
    this.#stable = this.#clock.after(stableMs, () => {
      if (this.#told.size === 0) return;
      this.#told.clear();
      this.#tell({ name: 'broker_online', severity: 'info', phrase: { key: 'notice.online', params: { server } } });
    });
  }

  #tellOnce(event: ClientEvent): void {
    const name = nameOf(event.phrase);
    if (this.#toldForGood.has(name)) return;
    this.#toldForGood.add(name);
    this.#tell(event);
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
