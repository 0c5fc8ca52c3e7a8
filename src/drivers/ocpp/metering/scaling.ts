/**
 * Measured values of a station, scaled by the factors that are known for it. Only its samples: the readings with which
 * a transaction of 1.6 begins and ends are whole Wh (OCPP 1.6 §6.46, §6.50), and right where kWh are called Wh.
 */

import type { MeterValue, SampledValue, StationMessage } from '../messages.ts';
import type { Quirks } from '../quirks.ts';

type Factors = NonNullable<Quirks['factors']>;

const scaleSampledValue = (measure: SampledValue, factors: Factors): SampledValue => {
  const [kind = ''] = measure.quantity.split('_');
  const factor = kind === 'power' || kind === 'energy' || kind === 'current' ? factors[kind] : undefined;
  return factor === undefined ? measure : { ...measure, value: measure.value * factor };
};

/** A reading that was taken from these samples (2.x). */
const scaleReading = (
  wh: number | undefined,
  meterValues: MeterValue[],
  { energy = 1 }: Factors,
): number | undefined => {
  const isSampled = meterValues.some(({ sampledValues }) =>
    sampledValues.some(({ quantity, value }) => quantity === 'energy_imported' && value === wh),
  );
  return wh !== undefined && isSampled ? wh * energy : wh;
};

/** Multiplies power, energy and current by the factors of the preset or the form. */
export const scaleValues = (event: StationMessage, factors: Factors): StationMessage => {
  if (!('meterValues' in event)) return event;
  const meterValues = event.meterValues.map((sample) => ({
    ...sample,
    sampledValues: sample.sampledValues.map((measure) => scaleSampledValue(measure, factors)),
  }));
  switch (event.kind) {
    case 'transaction_started': {
      const meterStartWh = scaleReading(event.meterStartWh, event.meterValues, factors);
      return { ...event, meterValues, ...(meterStartWh === undefined ? {} : { meterStartWh }) };
    }
    case 'transaction_ended': {
      const meterStopWh = scaleReading(event.meterStopWh, event.meterValues, factors);
      return { ...event, meterValues, ...(meterStopWh === undefined ? {} : { meterStopWh }) };
    }
    default:
      return { ...event, meterValues };
  }
};
