/**
 * How many publications the broker sends before it waits for acknowledgements. Nobody tells (RabbitMQ 10, mosquitto 20,
 * others without end), so it is learnt: whoever gathers messages before they go on must not keep the broker waiting.
 */
import type { Clock } from '../model/time.ts';

export interface SendWindow {
  /** A new connection, perhaps to another broker. */
  begin(): void;
  /**
   * A publication has come.
   * @param held those that are not acknowledged, with it
   * @returns whether the broker may be waiting, so that what was gathered has to go on
   */
  arrived(held: number): boolean;
  /** @param left those that are still not acknowledged */
  acknowledged(count: number, left: number): void;
}

/** The smallest that a known broker has without being told. */
const ordinarySize = 10;
/** As many as the window in so short a time are a stream, which has to flow. */
const streamMs = 100;
/** A broker that was waiting sends at once. */
const promptMs = 20;

export const createSendWindow = (clock: Clock): SendWindow => {
  let size = ordinarySize;
  let slotAt = 0;
  let inSlot = 0;
  let inSlotBefore = 0;
  /** The publications that came since the last acknowledgement: when the first and the last did. */
  let firstAt: number | undefined;
  let lastAt = 0;
  let acknowledgedAt = 0;
  /** How many came at once and were all that came, when we last kept the broker waiting. */
  let stalledAt: number | undefined;

  const isStream = (now: number): boolean => {
    if (now - slotAt >= streamMs) {
      inSlotBefore = now - slotAt < 2 * streamMs ? inSlot : 0;
      inSlot = 0;
      slotAt = now;
    }
    inSlot++;
    return inSlot >= size || inSlotBefore >= size;
  };

  return {
    begin() {
      size = ordinarySize;
      stalledAt = undefined;
      firstAt = undefined;
      inSlot = 0;
      inSlotBefore = 0;
    },
    arrived(held) {
      const now = clock.monotonic();
      firstAt ??= now;
      lastAt = now;
      // The broker never sends more than its window: whatever has been seen is no more than that.
      size = Math.max(size, held);
      const flows = isStream(now);
      return flows || held >= size;
    },
    acknowledged(count, left) {
      const now = clock.monotonic();
      // The window is smaller than was thought where twice some came at once, and then nothing until they were
      // acknowledged. Where the two differ, the smaller was all there was to send.
      const wasPrompt = firstAt !== undefined && firstAt - acknowledgedAt < promptMs && lastAt - firstAt < promptMs;
      const wasStalled = wasPrompt && left === 0 && now - lastAt > promptMs;
      if (wasStalled && stalledAt !== undefined) size = Math.max(count, stalledAt);
      stalledAt = wasStalled ? count : undefined;
      firstAt = undefined;
      acknowledgedAt = now;
    },
  };
};
