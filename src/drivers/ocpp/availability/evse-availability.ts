/** The availability block (OCPP 2.0.1 part 2, block G). */
import type { Applied } from '../../driver.ts';
import type { Block, StationCommand } from '../block.ts';
import type { Answer, MessageOf } from '../messages.ts';
import type { Station } from '../station/station.ts';
import { changeAvailability } from './change-availability.ts';
import { onNotifyEvent } from './on-notify-event.ts';
import { onStatusNotification } from './on-status-notification.ts';

/** The availability block of one station. */
export class Availability implements Block {
  private readonly station: Station;

  constructor(station: Station) {
    this.station = station;
  }

  onStatusNotification(message: MessageOf<'status'>): Answer {
    onStatusNotification(this.station, message);
    return {};
  }

  onNotifyEvent(message: MessageOf<'variables'>): Answer {
    onNotifyEvent(this.station, message);
    return {};
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    return command.verb === 'set_availability' ? changeAvailability(this.station, command) : undefined;
  }
}
