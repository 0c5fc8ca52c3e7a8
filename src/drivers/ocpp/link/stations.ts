/** Who is who: one place per identity, with its handler and its connection; the newest connection wins. */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Peer, StationHandler, StationLink, StationSettings } from './link.ts';
import { findObjection } from './requirements.ts';

export interface Place {
  identity: string;
  /** undefined: held until somebody registers it. */
  settings: StationSettings | undefined;
  /** undefined: between the one who left and the one who comes, as in a deploy. */
  handler: StationHandler | undefined;
  link: StationLink | undefined;
  expiry: Timer | undefined;
  /** Calls of the station that wait for a handler. */
  waiting: ((handler: StationHandler) => void)[];
}

export interface Stations {
  settings(identity: string): StationSettings | undefined;
  all(): StationSettings[];
  /**
   * The connection that is there goes on with the new handler.
   * @throws Error where the identity is registered already
   */
  register(identity: string, settings: StationSettings, handler: StationHandler): { remove(): void };
  /** From now on only the newest of its passwords is right. */
  forgetOldPasswords(identity: string): void;
  /** Whether it is connected without being registered. */
  isHeld(identity: string): boolean;
  /** How many are held that nobody has registered. */
  heldCount(): number;
  /**
   * @param holder of a station that nobody has registered
   * @returns where its calls go, for as long as the connection lasts
   */
  connect(link: StationLink, holder: StationHandler | undefined): Place;
  /** Forgets a connection, if it still is the one of its identity. */
  ended(link: StationLink, reason: string): void;
  close(): void;
}

/** RFC 6455 §7.4.1 */
const goingAway = 1001;
const policyViolation = 1008;

/** A call of the station of a place; between two handlers it waits for the next one. */
export const callAt = ({ handler, waiting }: Place, action: string, payload: unknown): Promise<object> | object =>
  handler
    ? handler.called(action, payload)
    : new Promise<StationHandler>((resolve) => waiting.push(resolve)).then((next) => next.called(action, payload));

/** When it comes, and when its password was changed here since. */
const noteNewest = ({ passwords = [] }: StationSettings, peer: Peer): void => {
  const proven = peer.provenPassword ?? peer.offeredPassword;
  if (proven !== undefined) peer.isPasswordNewest = proven === passwords[0];
};

/**
 * @param handoverMs for which a station whose handler was removed is kept for the next one
 * @param tell faults of handlers, in words
 */
export const createStations = (
  clock: Clock,
  handoverMs: number,
  tell: (identity: string, what: string) => void,
): Stations => {
  const places = new Map<string, Place>();

  const guarded = (identity: string, act: () => void): void => {
    try {
      act();
    } catch (error) {
      tell(identity, `its handler failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const isHeld = (identity: string): boolean => {
    const place = places.get(identity);
    return place !== undefined && !place.settings;
  };

  const occupy = (identity: string): Place => {
    const place = places.get(identity) ?? {
      identity,
      settings: undefined,
      handler: undefined,
      link: undefined,
      expiry: undefined,
      waiting: [],
    };
    places.set(identity, place);
    return place;
  };

  /** Lets a handler work for a place, with the calls that have waited for one. */
  const install = (place: Place, handler: StationHandler): void => {
    place.expiry?.cancel();
    place.handler = handler;
    const { link, settings, waiting } = place;
    if (link && settings) noteNewest(settings, link.peer);
    place.waiting = [];
    if (link) guarded(place.identity, () => handler.connected(link));
    for (const go of waiting) go(handler);
  };

  const vacate = (place: Place): void => {
    places.delete(place.identity);
    place.link?.close(goingAway, 'the station is not set up here any more');
  };

  return {
    settings: (identity) => places.get(identity)?.settings,
    all: () => [...places.values()].flatMap(({ settings }) => settings ?? []),
    register(identity, settings, handler) {
      const place = occupy(identity);
      if (place.settings && place.handler) throw new Error(`station ${identity} is set up twice`);
      place.settings = settings;
      const { link } = place;
      const objection = link && findObjection(settings, link);
      if (objection) {
        place.link = undefined;
        link.close(policyViolation, objection);
      }
      install(place, handler);
      return {
        remove() {
          if (places.get(identity) !== place || place.handler !== handler) return;
          place.handler = undefined;
          place.expiry = clock.after(handoverMs, () => vacate(place));
        },
      };
    },
    forgetOldPasswords(identity) {
      const place = places.get(identity);
      const { passwords = [], newestTaken } = place?.settings ?? {};
      if (!place?.settings || passwords.length < 2) return;
      place.settings = { ...place.settings, passwords: passwords.slice(0, 1) };
      newestTaken?.();
    },
    isHeld,
    heldCount: () => [...places.keys()].filter(isHeld).length,
    connect(link, holder) {
      const place = occupy(link.identity);
      const old = place.link;
      place.link = link;
      if (old) {
        tell(
          link.identity,
          `a second connection, from ${link.peer.address}, takes the place of the one from ${old.peer.address}`,
        );
        old.close(policyViolation, 'another connection with this identity has come');
      }
      const handler = holder ?? place.handler;
      if (handler) install(place, handler);
      return place;
    },
    ended(link, reason) {
      const place = places.get(link.identity);
      if (place?.link !== link) return;
      place.link = undefined;
      if (!place.settings) places.delete(link.identity);
      guarded(link.identity, () => place.handler?.disconnected(reason));
    },
    close() {
      for (const { expiry } of places.values()) expiry?.cancel();
    },
  };
};
