/** Limits on their way to a charging profile. */
import type { CallOptions } from '../ocpp-j/station-link.ts';
import type { Status } from '../station/evse-status.ts';
import type { SchedulePeriod, Supply } from './set-charging-profile.ts';

/** A limit for one EVSE, with all that decides the charging profile it is set with. */
export interface ProfileRequest {
  evse: number;
  /** With the fallback of the station, and within the limits of a backend. */
  periods: SchedulePeriod[];
  /** The limit where it is a single one until further notice, and no backend limits the station. */
  single: SchedulePeriod | undefined;
  /** After this long without us, the station goes to this current by itself (A per phase). */
  fallback: { afterS: number; currentA: number } | undefined;
  supply: Supply;
  /** To be named in the profile: they are to change, or are not the usual three. */
  phases: 1 | 2 | 3 | undefined;
  /** The EVSE was switched to these phases. */
  isSwitched: boolean;
  status: Status;
  /** The transaction that runs here. */
  transaction: string | undefined;
  /** When that transaction began, ms since 1970: a relative profile counts from there. */
  begun: number | undefined;
  /** The station has one EVSE: a limit of the station is one of this EVSE. */
  isAlone: boolean;
  options: Partial<CallOptions>;
}
