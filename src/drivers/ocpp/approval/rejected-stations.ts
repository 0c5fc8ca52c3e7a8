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

/** A flow that refuses everybody must not fill the disk: the oldest may knock again. */
const most = 1000;

/** The rejected stations of one server. */
export class RejectedStations {
  private readonly stations: Map<string, RejectedStation>;
  private readonly save: (stations: RejectedStation[]) => void;

  /**
   * @param kept as they were saved
   * @param save told whenever there is another list
   */
  constructor(kept: readonly RejectedStation[], save: (stations: RejectedStation[]) => void) {
    this.stations = new Map(kept.map((station) => [station.identity, station]));
    this.save = save;
  }

  has(identity: string): boolean {
    return this.stations.has(identity);
  }

  /** @param at wall clock, ms since 1970 */
  add({ identity, address, vendor, model }: PendingStation, at: number): void {
    const { stations } = this;
    stations.delete(identity);
    stations.set(identity, { identity, address, ...(vendor && { vendor }), ...(model && { model }), at });
    const [oldest] = stations.keys();
    if (stations.size > most && oldest !== undefined) stations.delete(oldest);
    this.keep();
  }

  /** @returns whether it was one of them */
  remove(identity: string): boolean {
    const wasThere = this.stations.delete(identity);
    if (wasThere) this.keep();
    return wasThere;
  }

  /** The newest first. */
  list(): RejectedStation[] {
    return [...this.stations.values()].reverse();
  }

  private keep(): void {
    this.save([...this.stations.values()]);
  }
}
