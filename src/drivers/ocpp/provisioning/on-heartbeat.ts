/** Heartbeat (OCPP 2.0.1 part 2, block G): the answer carries the time, by which the station sets its clock. */
import type { Answer } from '../messages.ts';

/** The usual answer, to which the codec adds the time. */
export const onHeartbeat = (): Answer => ({});
