/** Tells a second copy of a message from the first: QoS 1 may deliver twice, and late. */

interface Window {
  boot: string;
  highest: number;
  /** Bit n: highest - n has been seen. */
  low: number;
  high: number;
}

export interface Duplicates {
  /** Whether this message of this topic came before; remembers it. */
  isDuplicate(topic: string, boot: string, seq: number): boolean;
}

const shiftWindow = (window: Window, by: number): void => {
  for (let i = 0; i < Math.min(by, 64); i++) {
    window.high = ((window.high << 1) | (window.low >>> 31)) >>> 0;
    window.low = (window.low << 1) >>> 0;
  }
};

/** Remembers the last 64 sequence numbers of each topic; a new boot begins anew. */
export const createDuplicates = (): Duplicates => {
  const windows = new Map<string, Window>();
  return {
    isDuplicate(topic, boot, seq) {
      const window = windows.get(topic);
      if (!window || window.boot !== boot) {
        windows.set(topic, { boot, highest: seq, low: 1, high: 0 });
        return false;
      }
      if (seq > window.highest) {
        shiftWindow(window, seq - window.highest);
        window.low = (window.low | 1) >>> 0;
        window.highest = seq;
        return false;
      }
      const age = window.highest - seq;
      // Older than what is remembered: the consumer's own order by time decides.
      if (age >= 64) return false;
      const half = age < 32 ? 'low' : 'high';
      const bit = 1 << (age & 31);
      const isKnown = (window[half] & bit) !== 0;
      window[half] = (window[half] | bit) >>> 0;
      return isKnown;
    },
  };
};
