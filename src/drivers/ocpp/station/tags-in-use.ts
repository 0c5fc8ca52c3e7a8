/** Which tags charge where, over all stations of a server. */
import { hashTag } from '../../../model/identity.ts';

/** A session that runs. */
export interface TagAtWork {
  evse: number;
  /** Hashed. */
  tag: string;
}

export interface TagsInUse {
  /** @param running the sessions of one station */
  join(running: () => TagAtWork[]): TagsOfStation;
}

export interface TagsOfStation {
  /** Whether it charges at another EVSE of this station, or at another station. */
  isElsewhere(id: string, evse: number): boolean;
  leave(): void;
}

/** OCPP 1.6 §7.11: identifiers do not care about case, their hashes do; readers write them in either. */
export const hashesOf = (id: string): string[] => [id, id.toUpperCase(), id.toLowerCase()].map(hashTag);

export const createTagsInUse = (): TagsInUse => {
  const stations = new Set<() => TagAtWork[]>();
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
