/**
 * The unit of an energy register that a station says most of the time. Where it says none, Wh are meant (OCPP 1.6 §7.45,
 * 2.x UnitOfMeasureType); but a register that was told in kWh all along, and falls to a thousandth where it has no unit,
 * is told in kWh still.
 */
import type { MeterValue, SampledValue, StationMessage } from '../messages.ts';
import { jitter, mostRise } from './energy-register.ts';
import type { Evse } from './evse.ts';

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

/** @returns the message, its registers in Wh */
export const readRegisterUnits = <T extends Sampled>(own: Evse, event: T, { last, note }: RegisterUnitOptions): T => {
  if (!isUnitInDoubt(own, event)) return event;
  let before = last;
  let stopWh: number | undefined;
  const read = (measure: SampledValue, at: number | undefined): SampledValue => {
    if (!isImported(measure)) return measure;
    if (!measure.isUnitless) own.registerFactor = measure.factor ?? 1;
    const { registerFactor } = own;
    const isInDoubt = measure.isUnitless === true && registerFactor !== 1 && before !== undefined;
    const wh = isInDoubt && before ? meantBy({ value: measure.value, factor: registerFactor }, before, at) : undefined;
    before = { wh: wh ?? measure.value, at };
    if (wh === undefined) return measure;
    note(
      `the register without a unit: taken as ${registerFactor === 1000 ? 'kWh' : `${registerFactor} Wh`}, as before`,
    );
    if ('meterStopWh' in event && event.meterStopWh === measure.value) stopWh = wh;
    return { ...measure, value: wh, isDerived: true };
  };
  const meterValues = event.meterValues.map((sample) => ({
    ...sample,
    sampledValues: sample.sampledValues.map((measure) => read(measure, sample.at)),
  }));
  return { ...event, meterValues, ...(stopWh === undefined ? {} : { meterStopWh: stopWh }) };
};
