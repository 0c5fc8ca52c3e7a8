/** Receives stations that nobody has set up: held until somebody decides, or known to be refused. */
import type { Clock } from '../../../model/time.ts';
import type { Codec } from '../codec/codec.ts';
import type { Version } from '../messages.ts';
import type { StationHandler, UnknownStation } from '../ocpp-j/station-link.ts';
import { PendingConnection } from './pending-connection.ts';
import { type PendingStation, PendingStations } from './pending-stations.ts';
import { type RejectedStation, RejectedStations } from './rejected-stations.ts';

export interface ApprovalOptions {
  codecOf(version: Version): Codec;
  /** Those who were refused in an earlier life, and how they are kept. */
  rejected: readonly RejectedStation[];
  save(rejected: RejectedStation[]): void;
  /** A station waits, or has said more of itself. */
  changed(station: PendingStation): void;
}

/** The password of a node that waits for a station. */
export interface PasswordOfNode {
  device: string;
  /** The node demands a password, and none was typed in. */
  isMissing: boolean;
  isWeakAllowed: boolean;
}

/** Pending and rejected stations of one server. */
export class Approvals {
  private readonly options: ApprovalOptions;
  private readonly clock: Clock;
  private readonly pendingStations: PendingStations;
  private readonly rejectedStations: RejectedStations;
  /** Connections of pending stations by identity. */
  private readonly connections = new Map<string, PendingConnection>();

  constructor(options: ApprovalOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
    this.pendingStations = new PendingStations(clock);
    this.rejectedStations = new RejectedStations(options.rejected, options.save);
  }

  /** @returns who holds a station */
  receive({ identity }: UnknownStation): StationHandler {
    const { clock, connections } = this;
    const { codecOf, changed } = this.options;
    const connection = new PendingConnection(this.pendingStations, { codecOf, clock, changed });
    return {
      called: (action, payload) => connection.called(action, payload),
      connected(link) {
        connections.set(identity, connection);
        connection.connected(link);
      },
      disconnected() {
        connection.disconnected();
        if (connections.get(identity) === connection) connections.delete(identity);
      },
    };
  }

  /**
   * Gives a waiting station to a node.
   * @returns what is kept of its password, where that is to be taken over
   * @throws Error where no such station waits, or the password of who wants it is another matter
   */
  approve(identity: string, isAdopted: boolean, wanted: PasswordOfNode): string | undefined {
    this.waiting(identity);
    if (!isAdopted && wanted.isMissing)
      throw new Error(`the node of device "${wanted.device}" has no password yet: type one in, or take over its own`);
    const verifier = isAdopted ? this.adopt(identity, wanted) : undefined;
    this.settle(identity);
    return verifier;
  }

  /** Forgets every decision about a station that has been set up. */
  settle(identity: string): void {
    this.pendingStations.settle(identity);
    this.rejectedStations.remove(identity);
    this.connections.get(identity)?.spare();
    this.connections.delete(identity);
  }

  /**
   * Rejects a waiting station, which is told so and stays out.
   * @throws Error where no such station waits
   */
  reject(identity: string): void {
    const station = this.waiting(identity);
    this.pendingStations.settle(identity);
    this.rejectedStations.add(station, this.clock.now());
    this.connections.get(identity)?.reject();
  }

  /**
   * Lets a rejected station dial in again.
   * @throws Error where it was not refused
   */
  takeBack(identity: string): void {
    if (!this.rejectedStations.remove(identity)) throw new Error(`the station "${identity}" was not refused by hand`);
  }

  isRejected(identity: string): boolean {
    return this.rejectedStations.has(identity);
  }

  pending(): PendingStation[] {
    return this.pendingStations.list();
  }

  rejected(): RejectedStation[] {
    return this.rejectedStations.list();
  }

  /** @throws Error where no such station waits */
  private waiting(identity: string): PendingStation {
    const station = this.pendingStations.find(identity);
    if (!station) throw new Error(`no station "${identity}" waits for approval`);
    return station;
  }

  /** @returns the verifier of the password with which the station came @throws Error where it is not to be taken over */
  private adopt(identity: string, { device, isMissing, isWeakAllowed }: PasswordOfNode): string {
    const offered = this.pendingStations.offered(identity);
    if (!isMissing) throw new Error(`the node of device "${device}" demands no password, or has one already`);
    if (!offered) throw new Error(`the station "${identity}" came without a password`);
    if (offered.isWeak && !isWeakAllowed)
      throw new Error(`the password of "${identity}" is too short: give it another, or allow weak ones in the node`);
    return offered.verifier;
  }
}
