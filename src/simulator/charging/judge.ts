/** Whether a station takes a charging profile. */
import type { Outlet } from './outlet.ts';
import type { Quirks } from './quirks.ts';
import type { ChargingProfile } from './schedule.ts';

const maxStackLevel = 8;
const maxPeriods = 24;

/** OCPP 1.6 §5.16, 2.0.1 K01: purpose, evse and transaction belong together. */
const fitsItsPlace = ({ purpose, kind, transaction }: ChargingProfile, evse: number, outlet: Outlet | undefined) => {
  // K01.FR.38
  if (purpose === 'station_max') return evse === 0 && kind !== 'relative';
  if (evse !== 0 && !outlet) return false;
  if (purpose === 'tx_default') return transaction === undefined;
  const running = outlet?.transaction;
  return running !== undefined && (transaction === undefined || transaction === running.id);
};

const hasQuirkAgainst = (profile: ChargingProfile, outlet: Outlet | undefined, quirks: Quirks): boolean =>
  quirks.rejectsPurposes.includes(profile.purpose) ||
  (quirks.hasOnlyLevelZero && profile.stackLevel > 0) ||
  (quirks.countsLevels && profile.stackLevel >= maxStackLevel) ||
  (quirks.needsRelative && profile.kind !== 'relative') ||
  (quirks.onlyW && profile.unit === 'A') ||
  (quirks.rejectsNumberPhases && profile.periods.some(({ phases }) => phases !== undefined)) ||
  (quirks.rejectsZeroWhenFree && !outlet?.car && profile.periods[0]?.limit === 0);

export const isTaken = (profile: ChargingProfile, evse: number, outlet: Outlet | undefined, quirks: Quirks): boolean =>
  profile.stackLevel <= maxStackLevel &&
  profile.periods.length <= maxPeriods &&
  profile.periods[0]?.startS === 0 &&
  fitsItsPlace(profile, evse, outlet) &&
  !hasQuirkAgainst(profile, outlet, quirks);
