/** The settings of the integrator for the limits of a station, and the context in which its limits are made from them. */
import type { Quirks } from '../quirks.ts';
import type { MeterValuesTrigger } from '../remote-control/trigger-meter-values.ts';
import type { Station } from '../station/station.ts';
import type { FallbackSummary } from '../station/station-summary.ts';
import type { OtherLimits } from './backend-limits.ts';
import type { ForeignPolicy, ForeignProfiles } from './foreign-profiles.ts';
import type { ProfileSetter } from './profile-setter.ts';
import type { Installation } from './setpoint-schedule.ts';

/** The form's part of smart charging. */
export interface LimitSettings extends Installation {
  /** A per phase: in force while nobody asks for a limit, and what the station falls back to by itself. */
  failsafeA: number;
  /**
   * The station itself falls back to the failsafe current after this long without us, s. 0: it does not; absent: the
   * usual time, where this station is proven to fall back.
   */
  fallbackS?: number;
  /** Between two samples of the station, s. */
  intervalS: number;
  /** Whether charging profiles that others have left in the station are cleared; absent: "once". */
  foreignPolicy?: ForeignPolicy;
}

export interface LimiterOptions {
  settings: LimitSettings;
  foreignProfiles: Pick<ForeignProfiles, 'clearBeforeFirstLimit' | 'checkInForce' | 'describeOutranked'>;
  otherLimits: OtherLimits;
  meterValues: MeterValuesTrigger;
  /** Starts a transaction where a pause has ended it. */
  restart(evse: number): Promise<unknown>;
}

export interface LimiterContext extends LimiterOptions {
  station: Station;
  profiles: ProfileSetter;
}

/** For a station that is proven to fall back, s. */
const usualFallbackTimeS = 300;

/** @returns after how long without us the station falls back by itself, s; undefined: it does not */
export const fallbackTimeS = ({ fallbackS }: LimitSettings, { keepsFallback }: Quirks): number | undefined =>
  (fallbackS ?? (keepsFallback === true ? usualFallbackTimeS : 0)) || undefined;

/** @returns for the form: after how long the station falls back by itself, and why it does or does not */
export const fallbackSummary = (settings: LimitSettings, quirks: Quirks): FallbackSummary => {
  const afterS = fallbackTimeS(settings, quirks);
  const isSaid = settings.fallbackS !== undefined;
  if (afterS === undefined) return { why: isSaid ? 'off' : 'unproven' };
  return { why: isSaid ? 'form' : 'preset', afterS };
};
