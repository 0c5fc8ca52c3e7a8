/** ReservationStatusUpdate (OCPP 2.x): a reservation has expired, or the station cannot keep it. */
import type { DriverEvent } from '../../driver.ts';
import type { MessageOf } from '../messages.ts';

/** @returns the event of the model, with the station's own word as its code */
export const onReservationStatusUpdate = ({ reservation, status }: MessageOf<'reservation_status'>): DriverEvent => ({
  name: 'reservation_ended',
  severity: 'info',
  code: status.slice(0, 256),
  data: { reservation_id: reservation },
});
