/** What a bus has noticed, as events in words that say what to do. */
import type { DriverEvent } from '../driver.ts';
import type { BusNotice } from './bus-notice.ts';
import { slowText } from './late-answers.ts';

/** In tenths of a second, as one enters it. */
const roundedUp = (ms: number): number => Math.ceil(ms / 100) * 100;

/** Times in ms. A request that had to be repeated is told with its cycle. */
export const eventOf = (notice: Exclude<BusNotice, { kind: 'repeated' }>): DriverEvent => {
  switch (notice.kind) {
    case 'slow': {
      const { tookMs, timeoutMs, neededMs } = notice;
      const data = { took_ms: Math.round(tookMs), timeout_ms: timeoutMs, needed_ms: neededMs };
      return { name: 'device_slow', severity: 'warning', message: slowText(notice), data };
    }
    case 'settled': {
      const tookMs = Math.round(notice.tookMs);
      const message = `the connection gave its first answer ${tookMs} ms after it was made: enter a delay after connecting of ${roundedUp(tookMs)} ms`;
      return { name: 'connection_slow', severity: 'warning', message, data: { took_ms: tookMs } };
    }
    case 'surplus': {
      const { silentMs } = notice;
      const message = `frames come that nobody asked for: the line is left silent for ${silentMs} ms between requests from now on; look for a second master, or for a gateway or adapter that sends twice`;
      return { name: 'surplus_frames', severity: 'warning', message, data: { silent_ms: silentMs } };
    }
    case 'withdrawn':
      return { name: 'reading_withdrawn', severity: 'warning', message: notice.reason };
  }
};
