/** Receives stations that nobody has set up: held until somebody decides, or known to be refused. */
import type { Clock } from '../../../model/time.ts';
import type { Codec } from '../codec/codec.ts';
import type { Version } from '../messages.ts';
import type { StationHandler, UnknownStation } from '../ocpp-j/station-link.ts';
import { createPendingConnection, type PendingConnection } from './pending-connection.ts';
import { createPendingStations, type PendingStation } from './pending-stations.ts';
import { createRejectedStations, type RejectedStation } from './rejected-stations.ts';

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

export interface Approvals {
  /** @returns who holds a station */
  receive(station: UnknownStation): StationHandler;
  /**
   * Gives a waiting station to a node.
   * @returns what is kept of its password, where that is to be taken over
   * @throws Error where no such station waits, or the password of who wants it is another matter
   */
  approve(identity: string, isAdopted: boolean, wanted: PasswordOfNode): string | undefined;
  /** Forgets every decision about a station that has been set up. */
  settle(identity: string): void;
  /**
   * Rejects a waiting station, which is told so and stays out.
   * @throws Error where no such station waits
   */
  reject(identity: string): void;
  /**
   * Lets a rejected station dial in again.
   * @throws Error where it was not refused
   */
  takeBack(identity: string): void;
  isRejected(identity: string): boolean;
  pending(): PendingStation[];
  rejected(): RejectedStation[];
}

/** Pending and rejected stations of one server. */
export const createApprovals = (
  { codecOf, rejected: kept, save, changed }: ApprovalOptions,
  clock: Clock,
): Approvals => {
  const pending = createPendingStations(clock);
  const rejected = createRejectedStations(kept, save);
  /** Connections of pending stations by identity. */
  const rooms = new Map<string, PendingConnection>();

  const find = (identity: string): PendingStation | undefined =>
    pending.list().find((station) => station.identity === identity);

  const settle = (identity: string): void => {
    pending.settle(identity);
    rejected.remove(identity);
    rooms.get(identity)?.spare();
    rooms.delete(identity);
  };

  const adopt = (identity: string, { device, isMissing, isWeakAllowed }: PasswordOfNode): string => {
    const offered = pending.offered(identity);
    if (!isMissing) throw new Error(`the node of device "${device}" demands no password, or has one already`);
    if (!offered) throw new Error(`the station "${identity}" came without a password`);
    if (offered.isWeak && !isWeakAllowed)
      throw new Error(`the password of "${identity}" is too short: give it another, or allow weak ones in the node`);
    return offered.verifier;
  };

  return {
    receive({ identity }) {
      const room = createPendingConnection(pending, { codecOf, clock, changed });
      return {
        ...room,
        connected(link) {
          rooms.set(identity, room);
          room.connected(link);
        },
        disconnected(reason) {
          room.disconnected(reason);
          if (rooms.get(identity) === room) rooms.delete(identity);
        },
      };
    },
    approve(identity, isAdopted, wanted) {
      if (!find(identity)) throw new Error(`no station "${identity}" waits for approval`);
      if (!isAdopted && wanted.isMissing)
        throw new Error(`the node of device "${wanted.device}" has no password yet: type one in, or take over its own`);
      const verifier = isAdopted ? adopt(identity, wanted) : undefined;
      settle(identity);
      return verifier;
    },
    settle,
    reject(identity) {
      const station = find(identity);
      if (!station) throw new Error(`no station "${identity}" waits for approval`);
      pending.settle(identity);
      rejected.add(station, clock.now());
      rooms.get(identity)?.reject();
    },
    takeBack(identity) {
      if (!rejected.remove(identity)) throw new Error(`the station "${identity}" was not refused by hand`);
    },
    isRejected: rejected.has,
    pending: pending.list,
    rejected: rejected.list,
  };
};
