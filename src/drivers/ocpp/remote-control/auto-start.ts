/** Cars that wait to be let: a transaction is started once for each time a car is plugged in. */
import type { Station } from '../station/station.ts';

export interface AutoStartOptions {
  /** The form lets everybody charge. */
  isFree: boolean;
  /** May fail: the next car is started again. */
  start(evse: number): Promise<unknown>;
}

/** Starts transactions at one station that starts none by itself. */
export class AutoStart {
  private readonly station: Station;
  private readonly options: AutoStartOptions;
  /** EVSEs whose present car was started. */
  private readonly started = new Set<number>();

  constructor(station: Station, options: AutoStartOptions) {
    this.station = station;
    this.options = options;
  }

  moved(evse: number): void {
    const { station, options, started } = this;
    const { status } = station.evse(evse);
    if (status === 'available') started.delete(evse);
    const isWanted = options.isFree && station.quirks().needsRemoteStart === true;
    if (!isWanted || status !== 'preparing' || started.has(evse) || station.runningOn(evse)) return;
    started.add(evse);
    options.start(evse).catch(() => {});
  }
}
