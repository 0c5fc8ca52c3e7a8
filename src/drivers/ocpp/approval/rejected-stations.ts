/** Stations that somebody refused by hand: they stay out until somebody takes them back. */
import { z } from 'zod';
import type { PendingStation } from './pending-stations.ts';

/** The record of a rejected station on disk. */
export const rejectedStationSchema = z.object({
  identity: z.string(),
  address: z.string(),
  vendor: z.string().optional(),
  model: z.string().optional(),
  /** Wall clock, ms. */
  at: z.number(),
});
export type RejectedStation = z.infer<typeof rejectedStationSchema>;

export interface RejectedStations {
  has(identity: string): boolean;
  add(station: PendingStation, at: number): void;
  /** @returns whether it was one of them */
  remove(identity: string): boolean;
  /** The newest first. */
  list(): RejectedStation[];
}

/** A flow that refuses everybody must not fill the disk: the oldest may knock again. */
const most = 1000;

/**
 * @param kept as they were saved
 * @param save told whenever there is another list
 */
export const createRejectedStations = (
  kept: readonly RejectedStation[],
  save: (stations: RejectedStation[]) => void,
): RejectedStations => {
  const stations = new Map(kept.map((station) => [station.identity, station]));
  const keep = (): void => save([...stations.values()]);

  return {
    has: (identity) => stations.has(identity),
    add({ identity, address, vendor, model }, at) {
      stations.delete(identity);
      stations.set(identity, { identity, address, ...(vendor && { vendor }), ...(model && { model }), at });
      const [oldest] = stations.keys();
      if (stations.size > most && oldest !== undefined) stations.delete(oldest);
      keep();
    },
    remove(identity) {
      const wasThere = stations.delete(identity);
      if (wasThere) keep();
      return wasThere;
    },
    list: () => [...stations.values()].reverse(),
  };
};
