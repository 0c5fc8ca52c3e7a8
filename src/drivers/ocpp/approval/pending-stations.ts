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

export interface PendingLimits {
  most: number;
  /** One address takes no more places than this. */
  mostPerAddress: number;
  /** A station that was not seen for this long is forgotten. */
  forgetMs: number;
}

/** Limits that keep strangers from filling the list. */
const usualPendingLimits: PendingLimits = { most: 50, mostPerAddress: 10, forgetMs: 86_400_000 };

const show = ({ seenAt: _, offered: _secret, ...station }: Kept): PendingStation => station;

const offeredBy = ({ offeredPassword, isOfferedWeak = false }: Peer): OfferedPassword | undefined =>
  offeredPassword === undefined ? undefined : { verifier: offeredPassword, isWeak: isOfferedWeak };

/** The pending stations of one server, in memory only. */
export class PendingStations {
  private readonly clock: Clock;
  private readonly limits: PendingLimits;
  private readonly stations = new Map<string, Kept>();

  constructor(clock: Clock, limits: PendingLimits = usualPendingLimits) {
    this.clock = clock;
    this.limits = limits;
  }

  /** @returns full: there are too many already; it is not kept */
  arrived(identity: string, version: Version, peer: Peer): 'new' | 'known' | 'full' {
    const { address, isSecure, hasPassword } = peer;
    this.forget();
    const known = this.stations.get(identity);
    if (!known && this.isFull(address)) return 'full';
    const lastSeen = this.clock.now();
    this.stations.set(identity, {
      firstSeen: lastSeen,
      ...known,
      ...{ identity, version, address, isSecure, hasPassword, lastSeen },
      ...{ seenAt: this.clock.monotonic(), offered: offeredBy(peer) },
    });
    return known ? 'known' : 'new';
  }

  /** The station said who it is. */
  told(identity: string, facts: StationIdentification): void {
    const { stations, clock } = this;
    const known = stations.get(identity);
    if (known) stations.set(identity, { ...known, ...facts, lastSeen: clock.now(), seenAt: clock.monotonic() });
  }

  /** Somebody decided. @returns what was known of it */
  settle(identity: string): PendingStation | undefined {
    const known = this.stations.get(identity);
    this.stations.delete(identity);
    return known && show(known);
  }

  list(): PendingStation[] {
    this.forget();
    return [...this.stations.values()].map(show);
  }

  find(identity: string): PendingStation | undefined {
    this.forget();
    const known = this.stations.get(identity);
    return known && show(known);
  }

  offered(identity: string): OfferedPassword | undefined {
    return this.stations.get(identity)?.offered;
  }

  private forget(): void {
    const oldest = this.clock.monotonic() - this.limits.forgetMs;
    for (const [identity, { seenAt }] of this.stations) if (seenAt < oldest) this.stations.delete(identity);
  }

  private isFull(address: string): boolean {
    const { most, mostPerAddress } = this.limits;
    const { stations } = this;
    return (
      stations.size >= most ||
      [...stations.values()].filter((station) => station.address === address).length >= mostPerAddress
    );
  }
}
