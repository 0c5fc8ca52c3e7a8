/**
 * What a station measures, put right by the factors that are known for it. Only its samples: the readings with which
 * a transaction of 1.6 begins and ends are whole Wh (OCPP 1.6 §6.46, §6.50), and right where kWh are called Wh.
 */
import type { Quirks } from '../quirks.ts';
import type { Measure, Sample, StationEvent } from '../words.ts';

type Factors = NonNullable<Quirks['factors']>;

const scaleMeasure = (measure: Measure, factors: Factors): Measure => {
  const [kind = ''] = measure.quantity.split('_');
  const factor = kind === 'power' || kind === 'energy' || kind === 'current' ? factors[kind] : undefined;
  return factor === undefined ? measure : { ...measure, value: measure.value * factor };
};

/** A reading that was taken from these samples (2.x). */
const scaleReading = (wh: number | undefined, samples: Sample[], { energy = 1 }: Factors): number | undefined => {
  const isSampled = samples.some(({ measures }) =>
    measures.some(({ quantity, value }) => quantity === 'energy_imported' && value === wh),
  );
  return wh !== undefined && isSampled ? wh * energy : wh;
};

export const putRight = (event: StationEvent, factors: Factors): StationEvent => {
  if (!('samples' in event)) return event;
  const samples = event.samples.map((sample) => ({
    ...sample,
    measures: sample.measures.map((measure) => scaleMeasure(measure, factors)),
  }));
  switch (event.kind) {
    case 'transaction_started': {
      const meterStartWh = scaleReading(event.meterStartWh, event.samples, factors);
      return { ...event, samples, ...(meterStartWh === undefined ? {} : { meterStartWh }) };
    }
    case 'transaction_ended': {
      const meterStopWh = scaleReading(event.meterStopWh, event.samples, factors);
      return { ...event, samples, ...(meterStopWh === undefined ? {} : { meterStopWh }) };
    }
    default:
      return { ...event, samples };
  }
};
