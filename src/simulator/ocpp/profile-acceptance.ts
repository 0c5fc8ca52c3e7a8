/** Whether a simulated station accepts the charging profile of a SetChargingProfile. */
import type { ChargingProfile } from './charging-profile-store.ts';
import type { SimulatedEvse } from './simulated-evse.ts';
import type { StationDeviations } from './station-deviations.ts';

/** ChargeProfileMaxStackLevel of OCPP 1.6, SmartChargingCtrlr.ProfileStackLevel of 2.0.1. */
export const maxStackLevel = 8;
/** ChargingScheduleMaxPeriods of OCPP 1.6, SmartChargingCtrlr.PeriodsPerSchedule of 2.0.1. */
export const maxPeriods = 24;

/** Purpose, EVSE and transaction belong together: OCPP 1.6 §5.16, 2.0.1 K01. */
const fitsPurpose = (
  { purpose, kind, transaction }: ChargingProfile,
  evseId: number,
  evse: SimulatedEvse | undefined,
): boolean => {
  // K01.FR.38
  if (purpose === 'station_max') return evseId === 0 && kind !== 'relative';
  if (evseId !== 0 && !evse) return false;
  if (purpose === 'tx_default') return transaction === undefined;
  const running = evse?.transaction;
  return running !== undefined && (transaction === undefined || transaction === running.id);
};

const isRefusedByDeviation = (
  profile: ChargingProfile,
  evse: SimulatedEvse | undefined,
  deviations: StationDeviations,
): boolean =>
  deviations.rejectsPurposes.includes(profile.purpose) ||
  (deviations.hasOnlyLevelZero && profile.stackLevel > 0) ||
  (deviations.countsLevels && profile.stackLevel >= maxStackLevel) ||
  (deviations.needsRelative && profile.kind !== 'relative') ||
  (deviations.onlyW && profile.unit === 'A') ||
  (deviations.rejectsNumberPhases && profile.periods.some(({ phases }) => phases !== undefined)) ||
  (deviations.rejectsZeroWhenFree && !evse?.car && profile.periods[0]?.limit === 0);

/** @param evseId EVSE that the request names; 0 is the station @param evse the EVSE of this number, if it exists */
export const isProfileAccepted = (
  profile: ChargingProfile,
  { evseId, evse }: { evseId: number; evse: SimulatedEvse | undefined },
  deviations: StationDeviations,
): boolean =>
  profile.stackLevel <= maxStackLevel &&
  profile.periods.length <= maxPeriods &&
  profile.periods[0]?.startS === 0 &&
  fitsPurpose(profile, evseId, evse) &&
  !isRefusedByDeviation(profile, evse, deviations);
