/** Which id tokens charge where, over all stations of a server (ConcurrentTx of OCPP). */
import { hashesOf } from '../station/id-token-hashes.ts';

/** A session that runs. */
export interface IdTokenInUse {
  evse: number;
  /** Hashed. */
  tag: string;
}

export interface ConcurrentTx {
  /** @param running the sessions of one station */
  join(running: () => IdTokenInUse[]): StationIdTokens;
}

export interface StationIdTokens {
  /** Whether it charges at another EVSE of this station, or at another station. */
  isElsewhere(id: string, evse: number): boolean;
  leave(): void;
}

/** The id tokens in use at the stations that join. */
export const createConcurrentTx = (): ConcurrentTx => {
  const stations = new Set<() => IdTokenInUse[]>();
  return {
    join(own) {
      stations.add(own);
      return {
        isElsewhere(id, evse) {
          const hashes = hashesOf(id);
          return [...stations].some((running) =>
            running().some((each) => hashes.includes(each.tag) && (running !== own || each.evse !== evse)),
          );
        },
        leave: () => void stations.delete(own),
      };
    },
  };
};
