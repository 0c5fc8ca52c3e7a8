/** Charging profiles as the wire has them. 1.6: §7.8 to §7.14; 2.x: ChargingProfileType, K01. */
import { isoTime } from '../../../model/time.ts';
import type { ChargingProfile, ChargingSchedulePeriod } from '../messages.ts';
import { exactInteger, exactText, roundLimit, wholeSeconds } from './strict-values.ts';

const period16 = ({ startS, limit, phases }: ChargingSchedulePeriod, unit: ChargingProfile['unit']): object => ({
  startPeriod: wholeSeconds(startS, 'the start of a period'),
  limit: roundLimit(limit, unit),
  ...(phases === undefined ? {} : { numberPhases: phases }),
});

/** phaseToUse needs numberPhases 1 (K01.FR.19). */
const period2 = (period: ChargingSchedulePeriod, unit: ChargingProfile['unit']): object => ({
  ...period16(period, unit),
  ...(period.phases === 1 && period.phaseToUse !== undefined ? { phaseToUse: period.phaseToUse } : {}),
});

const scheduleOf = (profile: ChargingProfile, periodOf: typeof period2): object => {
  const { kind, unit, durationS, startAt, periods } = profile;
  if (periods.length === 0) throw new Error('a profile without periods limits nothing');
  return {
    ...(durationS === undefined ? {} : { duration: wholeSeconds(durationS, 'the duration') }),
    // A relative profile begins with the charging, a dynamic one at once.
    ...(kind === 'absolute' && startAt !== undefined ? { startSchedule: isoTime(startAt) } : {}),
    chargingRateUnit: unit,
    chargingSchedulePeriod: periods.map((period) => periodOf(period, unit)),
  };
};

/** ChargingProfilePurposeType of OCPP 1.6. */
export const purposes16: Record<ChargingProfile['purpose'], string> = {
  station_max: 'ChargePointMaxProfile',
  tx_default: 'TxDefaultProfile',
  tx: 'TxProfile',
};

/** ChargingProfilePurposeEnumType of OCPP 2.x. */
export const purposes2: Record<ChargingProfile['purpose'], string> = {
  ...purposes16,
  station_max: 'ChargingStationMaxProfile',
};

const kinds = { absolute: 'Absolute', relative: 'Relative', dynamic: 'Dynamic' } as const;

/** A remote start carries a profile of the transaction that begins with it: no other purpose, no id (§5.16.2, F01). */
export const forStart = (profile: ChargingProfile): ChargingProfile => {
  const { transaction: _none, ...rest } = profile;
  return { ...rest, purpose: 'tx' };
};

const refuseDynamic = ({ kind, pullIntervalS, maxOfflineS }: ChargingProfile, version: string): void => {
  if (kind === 'dynamic' || pullIntervalS !== undefined || maxOfflineS !== undefined)
    throw new Error(`OCPP ${version} has no dynamic profiles`);
};

/**
 * ChargingProfile of OCPP 1.6.
 * @throws Error for what 1.6 cannot say
 */
export const profile16 = (profile: ChargingProfile, transactionId: number | undefined): object => {
  refuseDynamic(profile, '1.6');
  return {
    chargingProfileId: exactInteger(profile.id, 'the profile'),
    ...(transactionId === undefined ? {} : { transactionId }),
    stackLevel: exactInteger(profile.stackLevel, 'the stack level'),
    chargingProfilePurpose: purposes16[profile.purpose],
    chargingProfileKind: kinds[profile.kind],
    chargingSchedule: scheduleOf(profile, period16),
  };
};

/** 2.1: K28 dynamic profiles; how long a profile outlives the connection (maxOfflineDuration). */
const only21 = ({ kind, pullIntervalS, maxOfflineS, periods }: ChargingProfile): object => {
  if (kind === 'dynamic' && periods.length !== 1) throw new Error('a dynamic profile has one period');
  return {
    ...(kind === 'dynamic' && pullIntervalS !== undefined
      ? { dynUpdateInterval: wholeSeconds(pullIntervalS, 'the interval') }
      : {}),
    ...(maxOfflineS === undefined
      ? {}
      : {
          maxOfflineDuration: wholeSeconds(maxOfflineS, 'the time without a connection'),
          invalidAfterOfflineDuration: true,
        }),
  };
};

/**
 * ChargingProfileType of OCPP 2.x.
 * @throws Error for what the version cannot say
 */
export const profile2 = (profile: ChargingProfile, version: '2.0.1' | '2.1'): object => {
  if (version === '2.0.1') refuseDynamic(profile, version);
  const { purpose, kind, transaction } = profile;
  const id = exactInteger(profile.id, 'the profile');
  return {
    id,
    stackLevel: exactInteger(profile.stackLevel, 'the stack level'),
    chargingProfilePurpose: purposes2[purpose],
    chargingProfileKind: kinds[kind],
    ...(purpose === 'tx' && transaction !== undefined
      ? { transactionId: exactText(transaction, 36, 'the transaction') }
      : {}),
    ...only21(profile),
    // The schedules of the array are alternatives for the car: there is one.
    chargingSchedule: [{ id, ...scheduleOf(profile, period2) }],
  };
};
