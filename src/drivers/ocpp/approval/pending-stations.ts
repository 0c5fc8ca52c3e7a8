/** Stations that nobody knows yet: what they say of themselves, until somebody decides about them. */
import type { Clock } from '../../../model/time.ts';
import type { Version } from '../messages.ts';
import type { Peer } from '../ocpp-j/station-link.ts';

export interface PendingStation {
  identity: string;
  version: Version;
  address: string;
  isSecure: boolean;
  hasPassword: boolean;
  /** Once it has booted. */
  vendor?: string;
  model?: string;
  serial?: string;
  firmware?: string;
  /** Wall clock, ms. */
  firstSeen: number;
  lastSeen: number;
}

export type StationIdentification = Pick<PendingStation, 'vendor' | 'model' | 'serial' | 'firmware'>;

/** The verifier of the password with which a station came last, which is told to nobody. */
export interface OfferedPassword {
  verifier: string;
  /** Shorter than a chosen one may be. */
  isWeak: boolean;
}

interface Kept extends PendingStation {
  seenAt: number;
  offered: OfferedPassword | undefined;
}

export interface PendingStations {
  /** @returns full: there are too many already; it is not kept */
  arrived(identity: string, version: Version, peer: Peer): 'new' | 'known' | 'full';
  /** The station said who it is. */
  told(identity: string, facts: StationIdentification): void;
  /** Somebody decided. @returns what was known of it */
  settle(identity: string): PendingStation | undefined;
  list(): PendingStation[];
  offered(identity: string): OfferedPassword | undefined;
}

export interface PendingLimits {
  most: number;
  /** One address takes no more places than this. */
  mostPerAddress: number;
  /** A station that was not seen for this long is forgotten. */
  forgetMs: number;
}

/** Limits that keep strangers from filling the list. */
const usualPendingLimits: PendingLimits = { most: 50, mostPerAddress: 10, forgetMs: 86_400_000 };

/** The pending stations of one server, in memory only. */
export const createPendingStations = (
  clock: Clock,
  { most, mostPerAddress, forgetMs }: PendingLimits = usualPendingLimits,
): PendingStations => {
  const stations = new Map<string, Kept>();

  const forget = (): void => {
    const oldest = clock.monotonic() - forgetMs;
    for (const [identity, { seenAt }] of stations) if (seenAt < oldest) stations.delete(identity);
  };

  const isFull = (address: string): boolean =>
    stations.size >= most ||
    [...stations.values()].filter((station) => station.address === address).length >= mostPerAddress;

  const show = ({ seenAt: _, offered: _secret, ...station }: Kept): PendingStation => station;

  const offeredBy = ({ offeredPassword, isOfferedWeak = false }: Peer): OfferedPassword | undefined =>
    offeredPassword === undefined ? undefined : { verifier: offeredPassword, isWeak: isOfferedWeak };

  return {
    arrived(identity, version, peer) {
      const { address, isSecure, hasPassword } = peer;
      forget();
      const known = stations.get(identity);
      if (!known && isFull(address)) return 'full';
      const lastSeen = clock.now();
      stations.set(identity, {
        firstSeen: lastSeen,
        ...known,
        ...{ identity, version, address, isSecure, hasPassword, lastSeen },
        ...{ seenAt: clock.monotonic(), offered: offeredBy(peer) },
      });
      return known ? 'known' : 'new';
    },
    told(identity, facts) {
      const known = stations.get(identity);
      if (known) stations.set(identity, { ...known, ...facts, lastSeen: clock.now(), seenAt: clock.monotonic() });
    },
    settle(identity) {
      const known = stations.get(identity);
      stations.delete(identity);
      return known && show(known);
    },
    list() {
      forget();
      return [...stations.values()].map(show);
    },
    offered: (identity) => stations.get(identity)?.offered,
  };
};
