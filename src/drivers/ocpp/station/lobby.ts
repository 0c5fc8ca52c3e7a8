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

export interface Lobby {
  /** @returns who holds a station */
  receive(station: UnknownStation): StationHandler;
  /** @returns the station that waits, undefined where there is none */
  find(identity: string): PendingStation | undefined;
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
    find,
    settle(identity) {
      pending.settle(identity);
      rejected.remove(identity);
      rooms.get(identity)?.spare();
      rooms.delete(identity);
    },
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
