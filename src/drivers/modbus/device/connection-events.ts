/** The connection events block: facts about the connection of the device, as events that say what to do about them. */
import type { DriverEvent } from '../../driver.ts';
import type { SlowNotice } from '../transport/bus/bus-notices.ts';
import { slowText } from '../transport/bus/late-responses.ts';
import type { DeviceContext, DeviceMessage, DriverBlock } from './device-context.ts';

const slowEvent = (notice: SlowNotice): DriverEvent => {
  const { tookMs, timeoutMs, neededMs } = notice;
  const data = { took_ms: Math.round(tookMs), timeout_ms: timeoutMs, needed_ms: neededMs };
  return { name: 'device_slow', severity: 'warning', message: slowText(notice), data };
};

/** @param firstResponseMs time from connecting to the first response, ms */
const slowConnectionEvent = (firstResponseMs: number): DriverEvent => {
  const tookMs = Math.round(firstResponseMs);
  // Integrators enter the delay in tenths of a second.
  const neededMs = Math.ceil(tookMs / 100) * 100;
  const message = `the first answer came ${tookMs} ms after connecting: enter ${neededMs} ms as the delay after connecting`;
  return { name: 'connection_slow', severity: 'warning', message, data: { took_ms: tookMs } };
};

const surplusEvent = (silentMs: number): DriverEvent => ({
  name: 'surplus_frames',
  severity: 'warning',
  message: `unrequested frames arrive: the line is left silent for ${silentMs} ms between requests from now on; look for a second master, or for a gateway or adapter that sends everything twice`,
  data: { silent_ms: silentMs },
});

/** Tells events of the unit's own connection; those of other units on the bus are told by their devices. */
export class ConnectionEvents implements DriverBlock {
  readonly #context: DeviceContext;

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  on(message: DeviceMessage): void {
    const { unit, sink } = this.#context;
    if (!('unit' in message) || message.unit !== unit) return;
    if (message.kind === 'slow') sink.event(slowEvent(message));
    else if (message.kind === 'settled') sink.event(slowConnectionEvent(message.tookMs));
    else sink.event(surplusEvent(message.silentMs));
  }
}
