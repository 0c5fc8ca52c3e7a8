/** Meter values of all versions. Defaults: OCPP 1.6 §7.43, OCPP 2.x SampledValueType. */
import type { MeterValue, SignedMeterValue } from '../messages.ts';
import {
  asFields,
  createEnumeration,
  type Fields,
  findMember,
  isShallow,
  maxItems,
  type Notes,
  note,
  parseNumber,
  quote,
  type ReadContext,
  readInteger,
  readList,
} from './lenient-fields.ts';
import { defaultMeasurand, type Measurand, measurands } from './measurands.ts';
import { phasePlaces, placeCount, sampledValuesOf, type Told } from './phase-values.ts';
import { readTime } from './timestamps.ts';
import { readUnit } from './unit-of-measure.ts';

/** A list of MeterValue within a message. */
export interface MeterValueList {
  field: string;
  /** A value is text in OCPP 1.6 and a number in 2.x. */
  valueType: 'string' | 'number';
}

/** The list of OCPP 2.x. */
export const meterValue: MeterValueList = { field: 'meterValue', valueType: 'number' };

const contexts = createEnumeration<MeterValue['context']>('context', {
  'Sample.Periodic': 'live',
  'Sample.Clock': 'live',
  Trigger: 'live',
  Other: 'live',
  'Transaction.Begin': 'begin',
  'Transaction.End': 'end',
  'Interruption.Begin': 'interruption',
  'Interruption.End': 'interruption',
});

const places = createEnumeration('phase', phasePlaces);

/** The rank of a meter above the station, with others below it: OCPP 2.1 Upstream. */
const elsewhere = 5;

/** Ranks of the locations: a value at the outlet counts, else the one that is nearest to it. */
const ranks = createEnumeration<number>('location', {
  Outlet: 0,
  Cable: 1,
  EV: 2,
  Inlet: 3,
  Body: 4,
  Upstream: elsewhere,
});

const formats = createEnumeration<'raw' | 'signed'>('format', { Raw: 'raw', SignedData: 'signed' });

/** The values of one time and context. */
interface Group {
  /** The timestamp as it was written. */
  stamp: string;
  at: number | undefined;
  context: MeterValue['context'];
  told: Told[];
  signed: SignedMeterValue[];
}

/** In Wh, W, V and A: the energy of a lifetime is less, and sums of such values are still numbers. */
const mostOfAnything = 1e15;

/** Signed values without the format SignedData: OCMF, or the XML of the transparency software. */
const looksSigned = (value: unknown): boolean => typeof value === 'string' && /^\s*(OCMF\||<)/.test(value);

/** One value in the unit of its quantity. */
interface Measured {
  measurand: Measurand;
  rank: number;
  place: number;
  value: number;
  isGuessed: boolean;
  factor: number | undefined;
}

const add = (group: Group, { measurand, rank, place, value, isGuessed, factor }: Measured): void => {
  let told = group.told.find((each) => each.measurand === measurand && each.rank === rank);
  if (!told) {
    told = { measurand, rank, values: new Array<number>(placeCount).fill(Number.NaN), isGuessed: false, factor };
    group.told.push(told);
  }
  told.values[place] = value;
  told.isGuessed ||= isGuessed;
};

/** @returns undefined for a phase that is none */
const findPlace = (phase: unknown, notes: Notes): number | undefined =>
  phase === undefined || phase === null || phase === '' ? 0 : findMember(places, phase, notes);

interface ValueContext extends Pick<MeterValueList, 'valueType'> {
  notes: Notes;
}

/** Adds what one SampledValue says to its group. */
const readValue = (from: Fields, group: Group, { valueType, notes }: ValueContext): void => {
  const { value, signedMeterValue } = from;
  const named = from.measurand;
  const measurand =
    named === undefined || named === null || named === '' ? defaultMeasurand : findMember(measurands, named, notes);
  const isSigned = findMember(formats, from.format, notes) === 'signed' || looksSigned(value);
  const data = isSigned ? value : asFields(signedMeterValue);
  if (data !== undefined && isShallow(data))
    group.signed.push({
      measurand: typeof named === 'string' ? named : defaultMeasurand.name,
      context: typeof from.context === 'string' ? from.context : 'Sample.Periodic',
      data,
    });
  if (isSigned || measurand === undefined || measurand === 'unused') return;
  const number = parseNumber(value);
  if (Number.isNaN(number)) {
    note(notes, `${measurand.name} is ${quote(value)} and no number: left out`);
    return;
  }
  if (typeof value !== valueType) note(notes, `${measurand.name} is a ${typeof value}, not a ${valueType}`);
  else if (typeof value === 'string' && value.includes(','))
    note(notes, `${measurand.name} is ${quote(value)}: taken as ${number}`);
  const place = findPlace(from.phase, notes);
  const rank = findMember(ranks, from.location, notes) ?? 0;
  if (place === undefined || rank === elsewhere) return;
  const unitFrom = asFields(from.unitOfMeasure) ?? from;
  const { conversion, isGuessed, isSaid } = readUnit(unitFrom, measurand, notes);
  if (!conversion) return;
  // OCPP 2.x UnitOfMeasureType: a power of ten.
  const power = unitFrom.multiplier === undefined ? 0 : (readInteger(unitFrom, 'multiplier', notes) ?? 0);
  const real = number * 10 ** power * conversion.factor + conversion.offset;
  if (!(Math.abs(real) <= mostOfAnything)) {
    note(notes, `${measurand.name} is ${quote(value)}, more than there can be: left out`);
    return;
  }
  const factor = isSaid || power !== 0 ? 10 ** power * conversion.factor : undefined;
  add(group, { measurand, rank, place, value: real, isGuessed, factor });
};

/** Reads a list of MeterValue. Entries of one time and context become one, however they are listed. */
export const readMeterValues = (
  from: Fields,
  { field, valueType }: MeterValueList,
  context: ReadContext,
): MeterValue[] => {
  const { notes } = context;
  const valueContext = { valueType, notes };
  const groups = new Map<string, Group>();
  let group: Group | undefined;
  let left = maxItems;
  for (const entry of readList(from, field, notes)) {
    const at = readTime(entry, 'timestamp', context);
    const stamp = typeof entry.timestamp === 'string' ? entry.timestamp.slice(0, 40) : '';
    for (const value of readList(entry, 'sampledValue', notes)) {
      if (left-- === 0) note(notes, `more than ${maxItems} values: the rest is left out`);
      if (left < 0) break;
      const moment = findMember(contexts, value.context, notes) ?? 'live';
      // Nearly always the group of the value before.
      if (group?.context !== moment || group.stamp !== stamp) {
        const name = `${moment} ${stamp}`;
        group = groups.get(name) ?? { stamp, at, context: moment, told: [], signed: [] };
        groups.set(name, group);
      }
      readValue(value, group, valueContext);
    }
  }
  const meterValues: MeterValue[] = [];
  for (const { at, context, told, signed } of groups.values()) {
    const sampledValues = sampledValuesOf(told);
    if (sampledValues.length > 0 || signed.length > 0) meterValues.push({ at, context, sampledValues, signed });
  }
  return meterValues;
};
