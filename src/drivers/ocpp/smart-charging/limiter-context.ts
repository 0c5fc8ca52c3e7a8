/** The context in which the limits of one station are made. */
import type { MeterValuesTrigger } from '../remote-control/trigger-meter-values.ts';
import type { Station } from '../station/station.ts';
import type { OtherLimits } from './backend-limits.ts';
import type { ForeignProfiles } from './foreign-profiles.ts';
import type { LimitSettings } from './limit-settings.ts';
import type { ProfileSetter } from './profile-setter.ts';

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
