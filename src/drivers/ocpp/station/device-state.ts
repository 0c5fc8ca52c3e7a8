/** The state of a station as the bridge is told: connected or not, and whether its transactions can be written down. */
import { type Clock, isoTime } from '../../../model/time.ts';
import type { DeviceState, DriverSink } from '../../driver.ts';
import type { StationRecords } from './station-records.ts';

const connectedWith = ({ isBroken }: StationRecords): DeviceState =>
  isBroken
    ? {
        kind: 'degraded',
        reason: 'sessions cannot be written down; the station is not answered, and tells them again',
      }
    : { kind: 'online' };

/** The device state of one station, reported upwards when it changes. */
export class DeviceStateReport {
  private readonly records: StationRecords;
  private readonly sink: DriverSink;
  private readonly clock: Clock;
  private state: DeviceState = { kind: 'connecting' };

  constructor(records: StationRecords, sink: DriverSink, clock: Clock) {
    this.records = records;
    this.sink = sink;
    this.clock = clock;
    sink.state(this.state);
  }

  /** The station may be sent calls. @returns whether it could before: the end of the old connection was not seen */
  usable(): boolean {
    const wasUsable = this.isConnected();
    this.enter(connectedWith(this.records));
    return wasUsable;
  }

  /** @param reconnectS until the station is expected again */
  disconnected(reason: string, reconnectS: number | undefined): void {
    this.enter({
      kind: 'offline',
      reason: `not connected since ${isoTime(this.clock.now())}: ${reason}`,
      ...(reconnectS === undefined ? {} : { retryMs: reconnectS * 1000 }),
    });
  }

  /** Records cannot be written any more, or can again. */
  recordsChanged(): void {
    if (!this.isConnected()) return;
    this.enter(connectedWith(this.records));
  }

  private isConnected(): boolean {
    return this.state.kind === 'online' || this.state.kind === 'degraded';
  }

  private enter(next: DeviceState): void {
    this.state = next;
    this.sink.state(next);
    // A station may have nothing to say for hours: its state is passed on all the same.
    this.sink.cycle({ samples: [], durationMs: 0, errors: [] });
  }
}
