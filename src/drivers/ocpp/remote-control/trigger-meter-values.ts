/** Meter values that are asked for: where none come by themselves, or something has to be seen soon. */
import { isRefusal } from '../station/calls.ts';
import type { Station } from '../station/station.ts';

/** A station that has rejected this many triggers in a row is not asked again on this connection. */
const mostRefusals = 3;
/** Between two triggers for one EVSE, ms. */
const apartMs = 5000;

/** Triggers meter values at one station, and not too often. */
export class MeterValuesTrigger {
  private readonly station: Station;
  private refusals = 0;
  /** Last trigger of each EVSE, monotonic ms. */
  private readonly askedAt = new Map<number, number>();

  constructor(station: Station) {
    this.station = station;
  }

  /** Asks for meter values of an EVSE, unless the station does not like to be asked. */
  trigger(evse: number): void {
    const { station, askedAt } = this;
    const now = station.clock.monotonic();
    if (station.quirks().triggersMeterValues === false || this.refusals >= mostRefusals || !station.calls.isConnected())
      return;
    if (now - (askedAt.get(evse) ?? Number.NEGATIVE_INFINITY) < apartMs) return;
    askedAt.set(evse, now);
    void this.send(evse);
  }

  /** A new connection: the station may have learnt to answer. */
  reset(): void {
    this.refusals = 0;
    this.askedAt.clear();
  }

  private async send(evse: number): Promise<void> {
    try {
      const { status } = await this.station.calls.send({ kind: 'trigger', message: 'meter_values', evse });
      this.refusals = status === 'accepted' ? 0 : this.refusals + 1;
    } catch (error) {
      if (isRefusal(error)) this.refusals++;
    }
  }
}
