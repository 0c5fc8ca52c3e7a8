/**
 * Sampled values in the scale that is meant: by the factors that are known for the station, and by the unit that its
 * energy register had before. The units that a station says are read by the codec.
 */
import type { MeterValue, SampledValue, StationMessage } from '../messages.ts';
import type { Quirks } from '../quirks.ts';
import type { Evse } from '../station/evse.ts';
import { jitter, mostRise } from '../station/session-energy.ts';

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

/**
 * Multiplies power, energy and current by the factors of the preset or the form. Only samples: the readings with which a
 * transaction of 1.6 begins and ends are whole Wh (OCPP 1.6 §6.46, §6.50), and right where kWh are called Wh.
 */
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

type Sampled = Extract<StationMessage, { meterValues: MeterValue[] }>;

/** The reading before, and when it was taken, ms since 1970. */
export interface LastReading {
  wh: number;
  at: number | undefined;
}

const isImported = ({ quantity, part }: SampledValue): boolean => quantity === 'energy_imported' && part === undefined;

/** Whether there is anything to read otherwise than it is written, or to remember: most stations say one unit for ever. */
const isUnitInDoubt = ({ registerFactor }: Evse, { meterValues }: Sampled): boolean =>
  meterValues.some(({ sampledValues }) =>
    sampledValues.some(
      (measure) =>
        isImported(measure) && (measure.isUnitless ? registerFactor !== 1 : (measure.factor ?? 1) !== registerFactor),
    ),
  );

/** Without the dust of binary fractions: 0.73371 kWh are 733.71 Wh. */
const tidy = (wh: number): number => Math.round(wh * 1e6) / 1e6;

/** @returns Wh in the unit of before, where they follow from what the register said before and plain ones do not */
const meantBy = (
  scaling: { value: number; factor: number },
  { wh: last, at: lastAt }: LastReading,
  at: number | undefined,
) => {
  const { value, factor } = scaling;
  const scaled = tidy(value * factor);
  const passedMs = at === undefined || lastAt === undefined ? Number.POSITIVE_INFINITY : at - lastAt;
  const follows = (wh: number): boolean => wh >= last - jitter(last) && wh - last <= mostRise(passedMs);
  return !follows(value) && follows(scaled) ? scaled : undefined;
};

export interface RegisterUnitOptions {
  /** The last reading of the register; undefined: not known. */
  last: LastReading | undefined;
  /** Reports what was read otherwise than it was written, in words. */
  note(what: string): void;
}

/**
 * Reads registers without a unit as Wh (OCPP 1.6 §7.45, 2.x UnitOfMeasureType), but as kWh where the register was in kWh all
 * along and falls to a thousandth at the first value without a unit.
 * @returns the message, its registers in Wh
 */
export const readRegisterUnits = <T extends Sampled>(
  evse: Evse,
  message: T,
  { last, note }: RegisterUnitOptions,
): T => {
  if (!isUnitInDoubt(evse, message)) return message;
  let before = last;
  let stopWh: number | undefined;
  const read = (measure: SampledValue, at: number | undefined): SampledValue => {
    if (!isImported(measure)) return measure;
    if (!measure.isUnitless) evse.registerFactor = measure.factor ?? 1;
    const { registerFactor } = evse;
    const isInDoubt = measure.isUnitless === true && registerFactor !== 1 && before !== undefined;
    const wh = isInDoubt && before ? meantBy({ value: measure.value, factor: registerFactor }, before, at) : undefined;
    before = { wh: wh ?? measure.value, at };
    if (wh === undefined) return measure;
    note(
      `the register without a unit: taken as ${registerFactor === 1000 ? 'kWh' : `${registerFactor} Wh`}, as before`,
    );
    if ('meterStopWh' in message && message.meterStopWh === measure.value) stopWh = wh;
    return { ...measure, value: wh, isDerived: true };
  };
  const meterValues = message.meterValues.map((sample) => ({
    ...sample,
    sampledValues: sample.sampledValues.map((measure) => read(measure, sample.at)),
  }));
  return { ...message, meterValues, ...(stopWh === undefined ? {} : { meterStopWh: stopWh }) };
};
