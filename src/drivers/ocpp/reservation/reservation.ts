/** The reservation block (OCPP 2.0.1 part 2, block H). */
import type { Applied } from '../../driver.ts';
import type { Block, StationCommand } from '../block.ts';
import { type BlockCommands, describeVerbs } from '../block-commands.ts';
import type { Answer, MessageOf } from '../messages.ts';
import { RequestIds } from '../station/request-ids.ts';
import type { Station } from '../station/station.ts';
import { cancelReservation } from './cancel-reservation.ts';
import { onReservationStatusUpdate } from './on-reservation-status-update.ts';
import { mostReservationId, reserveNow } from './reserve-now.ts';

const reservationId = { min: 0, max: mostReservationId };
const commands = describeVerbs({
  reserve: {
    id_tag: {},
    duration_s: { unit: 's', min: 60, max: 604_800 },
    reservation_id: { ...reservationId, isOptional: true },
    group_id_tag: { isOptional: true },
  },
  cancel_reservation: { reservation_id: reservationId },
});
const offered: BlockCommands = { evse: commands, station: commands };

/** The reservation block of one station. */
export class Reservation implements Block {
  private readonly station: Station;
  private readonly ids: RequestIds;

  constructor(station: Station) {
    this.station = station;
    this.ids = new RequestIds(station.clock);
  }

  onReservationStatusUpdate(message: MessageOf<'reservation_status'>): Answer {
    this.station.event(onReservationStatusUpdate(message));
    return {};
  }

  commands(): BlockCommands {
    return offered;
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    switch (command.verb) {
      case 'reserve':
        return reserveNow(this.station, command, () => this.ids.next());
      case 'cancel_reservation':
        return cancelReservation(this.station, command);
      default:
        return undefined;
    }
  }
}
