/** The remote control block (OCPP 2.0.1 part 2, block F): transactions started and stopped from here, triggers, unlocking. */
import type { Applied } from '../../driver.ts';
import type { Block, StationCommand } from '../block.ts';
import { type BlockCommands, describeVerbs } from '../block-commands.ts';
import type { Station } from '../station/station.ts';
import { AutoStart } from './auto-start.ts';
import { RemoteStart, type StartLimits, startRanges } from './remote-start.ts';
import { stopTransaction } from './remote-stop.ts';
import { evseTriggers, stationTriggers, triggerMessage } from './trigger-message.ts';
import { MeterValuesTrigger } from './trigger-meter-values.ts';
import { unlockConnector } from './unlock-connector.ts';

export interface RemoteControlOptions {
  /** The id token with which transactions are started from here. */
  ownTag: string;
  /** The form lets everybody charge. */
  isFree: boolean;
  startLimits: StartLimits;
}

const offered: BlockCommands = {
  evse: describeVerbs({ start: startRanges, stop: {}, unlock: {}, trigger: evseTriggers }),
  station: describeVerbs({ trigger: stationTriggers }),
};

/** The remote control block of one station. */
export class RemoteControl implements Block {
  readonly meterValues: MeterValuesTrigger;
  private readonly station: Station;
  private readonly remoteStart: RemoteStart;
  private readonly autoStart: AutoStart;

  constructor(station: Station, { ownTag, isFree, startLimits }: RemoteControlOptions) {
    this.station = station;
    this.meterValues = new MeterValuesTrigger(station);
    this.remoteStart = new RemoteStart(station, { ownTag, startLimits });
    this.autoStart = new AutoStart(station, { isFree, start: (evse) => this.start(evse) });
  }

  /** Starts a transaction, and does not wait for it. */
  start(evse: number): Promise<unknown> {
    return this.remoteStart.start(evse);
  }

  commands(): BlockCommands {
    return offered;
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    switch (command.verb) {
      case 'start':
        return this.remoteStart.onCommand(command);
      case 'stop':
        return stopTransaction(this.station, command);
      case 'unlock':
        return unlockConnector(this.station, command);
      case 'trigger':
        return triggerMessage(this.station, command);
      default:
        return undefined;
    }
  }

  connected(): void {
    this.meterValues.reset();
  }

  /** A car may have been there before the station could be sent calls. */
  usable(): void {
    for (const evse of this.station.evseIds()) this.autoStart.moved(evse);
  }

  moved(evse: number): void {
    if (evse !== 0 && this.station.isUsable) this.autoStart.moved(evse);
  }

  /** Something charges, and nobody says how much. */
  tick(): void {
    const { station } = this;
    const since = station.clock.monotonic() - 2 * station.options.limits.intervalS * 1000;
    for (const evse of station.evseIds())
      if (station.runningOn(evse) && station.evse(evse).heardAt < since) this.meterValues.trigger(evse);
  }
}
