/** Meter values of all versions -> samples. Defaults: OCPP 1.6 §7.43, OCPP 2.x SampledValueType. */

import type { Sample, SignedValue } from '../words.ts';
import {
  asFields,
  type Fields,
  findWord,
  isShallow,
  maxItems,
  type Notes,
  note,
  parseNumber,
  quote,
  readInteger,
  readList,
  wordsOf,
} from './lenient.ts';
import { defaultMeasurand, type Measurand, measurands } from './measurands.ts';
import { measuresOf, phasePlaces, placeCount, type Told } from './phase-values.ts';
import { readTime } from './station-time.ts';
import { readUnit } from './unit-of-measure.ts';

const contexts = wordsOf<Sample['context']>({
  'Sample.Periodic': 'live',
  'Sample.Clock': 'live',
  Trigger: 'live',
  Other: 'live',
  'Transaction.Begin': 'begin',
  'Transaction.End': 'end',
  'Interruption.Begin': 'interruption',
  'Interruption.End': 'interruption',
});

const places = wordsOf(phasePlaces);

/** OCPP 2.1: by a meter above the station, with others below it. */
const elsewhere = 5;

/** Where it was measured: at the plug, else as near to it as there is something. */
const ranks = wordsOf<number>({ Outlet: 0, Cable: 1, EV: 2, Inlet: 3, Body: 4, Upstream: elsewhere });

const formats = wordsOf<'raw' | 'signed'>({ Raw: 'raw', SignedData: 'signed' });

/** What was told of one time and context. */
interface Group {
  /** As it was written. */
  stamp: string;
  at: number | undefined;
  context: Sample['context'];
  told: Told[];
  signed: SignedValue[];
}

/** In Wh, W, V, A: the energy of a lifetime is less. Sums of it are still numbers. */
const mostOfAnything = 1e15;

/** OCMF, or the XML of the transparency software, where SignedData was not said. */
const looksSigned = (value: unknown): boolean => typeof value === 'string' && /^\s*(OCMF\||<)/.test(value);

const add = (
  group: Group,
  measurand: Measurand,
  rank: number,
  place: number,
  value: number,
  guessed: boolean,
  factor: number | undefined,
): void => {
  let told = group.told.find((each) => each.measurand === measurand && each.rank === rank);
  if (!told) {
    told = { measurand, rank, values: new Array<number>(placeCount).fill(Number.NaN), isGuessed: false, factor };
    group.told.push(told);
  }
  told.values[place] = value;
  told.isGuessed ||= guessed;
};

/** @returns undefined for a phase that is none */
const findPlace = (phase: unknown, notes: Notes): number | undefined =>
  phase === undefined || phase === null || phase === '' ? 0 : findWord(places, phase, 'phase', notes);

/** Adds what one value says to its group. */
const readValue = (from: Fields, group: Group, valueType: 'string' | 'number', notes: Notes): void => {
  const { value, signedMeterValue } = from;
  const named = from.measurand;
  const measurand =
    named === undefined || named === null || named === ''
      ? defaultMeasurand
      : findWord(measurands, named, 'measurand', notes);
  const isSigned = findWord(formats, from.format, 'format', notes) === 'signed' || looksSigned(value);
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
  const rank = findWord(ranks, from.location, 'location', notes) ?? 0;
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
  add(group, measurand, rank, place, real, isGuessed, factor);
};

/**
 * The samples of a list of MeterValue. Entries of one time and context are one sample, however they are listed.
 * @param key of the list among the fields
 * @param valueType what a value is in this version: text in 1.6, a number in 2.x
 * @param arrival when the message came, ms
 */
export const readSamples = (
  from: Fields,
  key: string,
  valueType: 'string' | 'number',
  arrival: number,
  notes: Notes,
): Sample[] => {
  const groups = new Map<string, Group>();
  let group: Group | undefined;
  let left = maxItems;
  for (const entry of readList(from, key, notes)) {
    const at = readTime(entry, 'timestamp', arrival, notes);
    const stamp = typeof entry.timestamp === 'string' ? entry.timestamp.slice(0, 40) : '';
    for (const value of readList(entry, 'sampledValue', notes)) {
      if (left-- === 0) note(notes, `more than ${maxItems} values: the rest is left out`);
      if (left < 0) break;
      const context = findWord(contexts, value.context, 'context', notes) ?? 'live';
      // Nearly always the one before.
      if (group?.context !== context || group.stamp !== stamp) {
        const name = `${context} ${stamp}`;
        group = groups.get(name) ?? { stamp, at, context, told: [], signed: [] };
        groups.set(name, group);
      }
      readValue(value, group, valueType, notes);
    }
  }
  const samples: Sample[] = [];
  for (const { at, context, told, signed } of groups.values()) {
    const measures = measuresOf(told);
    if (measures.length > 0 || signed.length > 0) samples.push({ at, context, measures, signed });
  }
  return samples;
};
