/** What a station is to be told, and all that decides how. */
import type { CallOptions } from '../link/link.ts';
import type { Status } from '../station/status.ts';
import type { Grid, Step } from './limit-form.ts';

export interface Telling {
  evse: number;
  /** With what the station falls back to by itself, and with what another master allows. */
  steps: Step[];
  /** Where it is one limit until further notice, and nobody else limits it. */
  only: Step | undefined;
  /** Without us for so long, the station goes to this current by itself. */
  fallback: { afterS: number; currentA: number } | undefined;
  grid: Grid;
  /** To be said, because it is to change or not the usual three. */
  phases: 1 | 2 | 3 | undefined;
  /** It was switched to them. */
  isSwitched: boolean;
  status: Status;
  /** The transaction that runs here. */
  transaction: string | undefined;
  /** When that began, ms since 1970: a relative profile counts from there. */
  begun: number | undefined;
  /** What limits the station limits this EVSE. */
  isAlone: boolean;
  options: Partial<CallOptions>;
}
