/**
 * Meter values as live values of an EVSE: only what was measured now, and of the begin and end of a transaction only what
 * the meter says. Signed values are passed on untouched.
 */
import type { MeterValue, SampledValue } from '../messages.ts';
import type { Moment } from '../station/clock-offset.ts';
import { suspicion } from '../station/plausibility.ts';
import type { Station } from '../station/station.ts';
import { signedValues } from '../station/transaction.ts';

/** The place of meter values; undefined: not known. */
export interface MeterPlace {
  evse: number | undefined;
  transaction: string | undefined;
}

/** Reports signed values as events, as they came. */
export const reportSignedValues = (station: Station, place: MeterPlace, meterValues: MeterValue[]): void => {
  for (const event of signedValues(station.identity, place, meterValues)) station.event(event);
};

const registersOf = (sampledValues: SampledValue[]): SampledValue[] =>
  sampledValues.filter(({ quantity }) => /^energy_(im|ex)ported$/.test(quantity));

/**
 * @param evse undefined: nobody knows where
 * @returns whether any of the meter values is from now
 */
export const showMeterValues = (
  station: Station,
  evse: number | undefined,
  { meterValues, isOffline }: { meterValues: MeterValue[]; isOffline: boolean },
): boolean => {
  if (evse === undefined) return false;
  const own = station.evse(evse);
  let isLive = false;
  for (const { at, context, sampledValues } of meterValues) {
    const moment = station.timeOf(at, isOffline);
    if (moment.isReplay) continue;
    isLive = true;
    const isNow = context === 'live';
    own.applySampledValues(isNow ? sampledValues : registersOf(sampledValues), moment.at, isNow);
  }
  if (isLive && own.transaction) own.updateStatus();
  station.alarms.set({ evse, name: 'unit_suspect', severity: 'warning' }, suspicion(own.plausibility));
  return isLive;
};

/** The reading with which a transaction of OCPP 1.6 begins or ends. @param wh undefined: the station told none */
export const showRegister = (
  station: Station,
  evse: number | undefined,
  { wh, moment }: { wh: number | undefined; moment: Moment },
): void => {
  if (evse === undefined || wh === undefined || moment.isReplay) return;
  const register: SampledValue = { quantity: 'energy_imported', value: wh, unit: 'Wh' };
  station.evse(evse).applySampledValues([register], moment.at, false);
};
