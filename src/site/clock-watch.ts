/** Clocks that were set: the times in readings jump against the time that has passed here (aggregation §2.3). */

/** A larger difference of the two is a step of a clock. */
export const clockStepMs = 2000;
/** A late reading looks like a step back; only what stays is one. */
const confirmMs = 10_000;
const confirmations = 3;
/** After this long without a further step the clock runs again. */
const steadyMs = 60_000;

interface Track {
  /** Time of measurement less monotonic time of reception, ms. */
  offset: number;
  moved?: { offset: number; since: number; count: number };
}

export interface ClockWatch {
  /**
   * @param ts time of measurement, ms
   * @param receivedAt monotonic, ms
   * @returns by how much the clock behind this topic was set, ms; 0: it was not
   */
  take(topic: string, ts: number, receivedAt: number): number;
  forget(device: string): void;
}

export const createClockWatch = (): ClockWatch => {
  const tracks = new Map<string, Track>();
  return {
    take(topic, ts, receivedAt) {
      const offset = ts - receivedAt;
      const track = tracks.get(topic);
      if (!track || Math.abs(offset - track.offset) <= clockStepMs) {
        tracks.set(topic, { offset });
        return 0;
      }
      const { moved } = track;
      const stays = moved && Math.abs(offset - moved.offset) <= clockStepMs;
      const since = stays ? moved.since : receivedAt;
      const count = stays ? moved.count + 1 : 1;
      if (count < confirmations || receivedAt - since < confirmMs) {
        tracks.set(topic, { offset: track.offset, moved: { offset, since, count } });
        return 0;
      }
      tracks.set(topic, { offset });
      return offset - track.offset;
    },
    forget(device) {
      for (const topic of tracks.keys()) if (topic.startsWith(`devices/${device}/`)) tracks.delete(topic);
    },
  };
};

/** The clocks that were set a short while ago, each once however many topics tell of it. */
export const createSteppedClocks = () => {
  const steppedAt = new Map<string, number>();
  return {
    step: (name: string, at: number): void => void steppedAt.set(name, at),
    /** Those that have run steadily since, which are forgotten. */
    settled(at: number): string[] {
      const steady = [...steppedAt].filter(([, since]) => at - since >= steadyMs).map(([name]) => name);
      for (const name of steady) steppedAt.delete(name);
      return steady;
    },
  };
};
