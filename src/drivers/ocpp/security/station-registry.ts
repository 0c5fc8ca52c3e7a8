/** Stations by their identity: each with its settings, its handler and its connection; the newest connection wins. */
import type { Clock, Timer } from '../../../model/time.ts';
import { closeCode } from '../ocpp-j/close-codes.ts';
import type { Peer, StationHandler, StationLink, StationSettings } from '../ocpp-j/station-link.ts';
import { findLinkFault } from './security-profile.ts';

interface RegistryEntry {
  readonly identity: string;
  /** undefined: the station is connected without being registered. */
  settings: StationSettings | undefined;
  /** undefined: between the handler that was removed and the next one, as in a deploy. */
  handler: StationHandler | undefined;
  link: StationLink | undefined;
  /** Ends the wait for the next handler. */
  expiry: Timer | undefined;
  /** Calls of the station that wait for a handler. */
  waiting: ((handler: StationHandler) => void)[];
}

export interface RegistryOptions {
  /** For so long a station whose handler was removed is kept for the next one, ms. */
  handoverMs: number;
  /** Something happened to a station, in words. */
  report(identity: string, what: string): void;
}

/** Known when a station comes, and again when its password was changed here since. */
const noteNewest = ({ passwords = [] }: StationSettings, peer: Peer): void => {
  const proven = peer.provenPassword ?? peer.offeredPassword;
  if (proven !== undefined) peer.isPasswordNewest = proven === passwords[0];
};

/** The stations of one server. */
export class StationRegistry {
  private readonly clock: Clock;
  private readonly options: RegistryOptions;
  private readonly entries = new Map<string, RegistryEntry>();

  constructor(options: RegistryOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
  }

  /** @returns undefined for a station that nobody has registered */
  settingsOf(identity: string): StationSettings | undefined {
    return this.entries.get(identity)?.settings;
  }

  allSettings(): StationSettings[] {
    return [...this.entries.values()].flatMap(({ settings }) => settings ?? []);
  }

  /**
   * A connection that is there already goes on with the new handler, where it has brought what the settings demand.
   * @throws Error where the identity is registered already
   */
  register(identity: string, settings: StationSettings, handler: StationHandler): { remove(): void } {
    const entry = this.entryOf(identity);
    if (entry.settings && entry.handler) throw new Error(`station ${identity} is set up twice`);
    entry.settings = settings;
    const { link } = entry;
    const fault = link && findLinkFault(settings, link);
    if (fault) {
      entry.link = undefined;
      link.close(closeCode.policyViolation, fault);
    }
    this.install(entry, handler);
    return { remove: () => this.removeHandler(entry, handler) };
  }

  /** From now on only the newest of its passwords is right. */
  forgetOldPasswords(identity: string): void {
    const entry = this.entries.get(identity);
    const { passwords = [], onNewestProved } = entry?.settings ?? {};
    if (!entry?.settings || passwords.length < 2) return;
    entry.settings = { ...entry.settings, passwords: passwords.slice(0, 1) };
    onNewestProved?.();
  }

  /** Whether a station is connected without being registered. */
  isHeld(identity: string): boolean {
    const entry = this.entries.get(identity);
    return entry !== undefined && !entry.settings;
  }

  /** How many stations are connected without being registered. */
  heldCount(): number {
    return [...this.entries.keys()].filter((identity) => this.isHeld(identity)).length;
  }

  /** @param holder handles a station that nobody has registered */
  connect(link: StationLink, holder: StationHandler | undefined): void {
    const entry = this.entryOf(link.identity);
    const old = entry.link;
    entry.link = link;
    if (old) this.replace(old, link);
    const handler = holder ?? entry.handler;
    if (handler) this.install(entry, handler);
  }

  /** Forgets a connection, if it still is the one of its identity. */
  disconnect(link: StationLink, reason: string): void {
    const entry = this.entries.get(link.identity);
    if (entry?.link !== link) return;
    entry.link = undefined;
    if (!entry.settings) this.entries.delete(link.identity);
    this.guard(link.identity, () => entry.handler?.disconnected(reason));
  }

  /** A call of a station that is connected; between two handlers it waits for the next one. */
  call(identity: string, action: string, payload: unknown): Promise<object> | object {
    const entry = this.entries.get(identity);
    if (!entry) throw new Error(`station ${identity} is not set up any more`);
    if (entry.handler) return entry.handler.called(action, payload);
    return new Promise<StationHandler>((resolve) => entry.waiting.push(resolve)).then((next) =>
      next.called(action, payload),
    );
  }

  reportDeviation(identity: string, deviation: string): void {
    this.entries.get(identity)?.handler?.deviated?.(deviation);
  }

  close(): void {
    for (const { expiry } of this.entries.values()) expiry?.cancel();
  }

  private entryOf(identity: string): RegistryEntry {
    const known = this.entries.get(identity);
    if (known) return known;
    const entry = {
      identity,
      settings: undefined,
      handler: undefined,
      link: undefined,
      expiry: undefined,
      waiting: [],
    };
    this.entries.set(identity, entry);
    return entry;
  }

  /** Lets a handler work for a station, with the calls that have waited for one. */
  private install(entry: RegistryEntry, handler: StationHandler): void {
    entry.expiry?.cancel();
    entry.handler = handler;
    const { link, settings, waiting } = entry;
    if (link && settings) noteNewest(settings, link.peer);
    entry.waiting = [];
    if (link) this.guard(entry.identity, () => handler.connected(link));
    for (const resolve of waiting) resolve(handler);
  }

  /** A deploy takes the handlers of all nodes away and brings others: the connection waits for the next one. */
  private removeHandler(entry: RegistryEntry, handler: StationHandler): void {
    if (this.entries.get(entry.identity) !== entry || entry.handler !== handler) return;
    entry.handler = undefined;
    entry.expiry = this.clock.after(this.options.handoverMs, () => {
      this.entries.delete(entry.identity);
      entry.link?.close(closeCode.goingAway, 'the station is not set up here any more');
    });
  }

  private replace(old: StationLink, { identity, peer }: StationLink): void {
    const from = `from ${peer.address}, takes the place of the one from ${old.peer.address}`;
    this.options.report(identity, `a second connection, ${from}`);
    old.close(closeCode.policyViolation, 'another connection with this identity has come');
  }

  /** A handler that throws is reported, and hurts no other station. */
  private guard(identity: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.options.report(identity, `its handler failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
