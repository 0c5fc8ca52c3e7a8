/** Where stations that nobody has set up are received: held until somebody decides, or known to be refused. */
import type { Clock } from '../../../model/time.ts';
import type { Codec } from '../codec/codec.ts';
import type { StationHandler, UnknownStation } from '../link/link.ts';
import type { Version } from '../words.ts';
import { createPendingList, type PendingStation } from './pending.ts';
import { createRejectedList, type RejectedStation } from './rejected.ts';
import { createWaitingRoom, type WaitingRoom } from './waiting-room.ts';

export interface LobbyOptions {
  codecOf(version: Version): Codec;
  /** Those who were refused in an earlier life, and how they are kept. */
  rejected: readonly RejectedStation[];
  save(rejected: RejectedStation[]): void;
  /** A station waits, or has said more of itself. */
  changed(station: PendingStation): void;
}

/** What a node that waits for a station says of its password. */
export interface WantedPassword {
  device: string;
  /** It demands one, and none was typed in. */
  isMissing: boolean;
  isWeakAllowed: boolean;
}

export interface Lobby {
  /** @returns who holds a station */
  receive(station: UnknownStation): StationHandler;
  /**
   * It belongs to somebody.
   * @returns what is kept of its password, where that is to be taken over
   * @throws Error where no such station waits, or the password of who wants it is another matter
   */
  approve(identity: string, isAdopted: boolean, wanted: WantedPassword): string | undefined;
  /** It has been set up: whatever was decided about it before is over. */
  settle(identity: string): void;
  /**
   * It is told so, and stays out.
   * @throws Error where no such station waits
   */
  reject(identity: string): void;
  /**
   * It may knock again.
   * @throws Error where it was not refused
   */
  takeBack(identity: string): void;
  isRejected(identity: string): boolean;
  pending(): PendingStation[];
  rejected(): RejectedStation[];
}

export const createLobby = ({ codecOf, rejected: kept, save, changed }: LobbyOptions, clock: Clock): Lobby => {
  const pending = createPendingList(clock);
  const rejected = createRejectedList(kept, save);
  /** Of those who are connected. */
  const rooms = new Map<string, WaitingRoom>();

  const find = (identity: string): PendingStation | undefined =>
    pending.list().find((station) => station.identity === identity);

  const settle = (identity: string): void => {
    pending.settle(identity);
    rejected.remove(identity);
    rooms.get(identity)?.spare();
    rooms.delete(identity);
  };

  const adopt = (identity: string, { device, isMissing, isWeakAllowed }: WantedPassword): string => {
    const offered = pending.offered(identity);
    if (!isMissing) throw new Error(`the node of device "${device}" demands no password, or has one already`);
    if (!offered) throw new Error(`the station "${identity}" came without a password`);
    if (offered.isWeak && !isWeakAllowed)
      throw new Error(`the password of "${identity}" is too short: give it another, or allow weak ones in the node`);
    return offered.verifier;
  };

  return {
    receive({ identity }) {
      const room = createWaitingRoom(pending, codecOf, clock, changed);
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
