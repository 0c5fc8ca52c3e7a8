/** The phases of one measurand at one time -> values of its quantity. */
import type { SampledValue } from '../messages.ts';
import type { Measurand, Rule } from './measurands.ts';

/** Phase as stations name it -> its place among the values; 0 is all of them. Currents and powers of L1 and of L1-N
 * are the same; the voltages are not always. */
export const phasePlaces: Readonly<Record<string, number>> = {
  L1: 1,
  L2: 2,
  L3: 3,
  N: 4,
  'L1-N': 5,
  'L2-N': 6,
  'L3-N': 7,
  'L1-L2': 8,
  'L2-L3': 9,
  'L3-L1': 10,
};
/** Places of the table above, with that of all phases. */
export const placeCount = 11;

/** The values of one measurand at one time. */
export interface Told {
  measurand: Measurand;
  /** Rank of the location; the lowest counts. */
  rank: number;
  /** Values by the place of their phase; NaN: not told. */
  values: number[];
  /** The station did not say a unit that it should have. */
  isGuessed: boolean;
  /** Factor by which the station's number was multiplied; undefined: it had no unit. */
  factor: number | undefined;
}

/** Rounds binary fractions away: 1.1 kWh are 1100 Wh. */
const tidy = (value: number): number => (Math.abs(value) < 1e9 ? Math.round(value * 1e6) / 1e6 + 0 : value);

const isTold = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value);

const ofPhase = (values: number[], phase: number): number | undefined =>
  isTold(values[phase + 4]) ? values[phase + 4] : values[phase];

const threePhases = (values: number[]): number[] => [1, 2, 3].map((phase) => ofPhase(values, phase)).filter(isTold);

type Add = (value: number, part?: string, more?: { isDerived?: boolean; quantity?: string }) => void;

const derived = { isDerived: true };
const currentTotal = { quantity: 'current_total' };

const addTotal = (values: number[], add: Add, fromPhases: (phases: number[]) => number): void => {
  const [total] = values;
  const phases = threePhases(values);
  if (isTold(total)) add(total);
  else if (phases.length > 0) add(fromPhases(phases), undefined, derived);
};

const sumOf = (list: number[]): number => list.reduce((sum, value) => sum + value, 0);

const addPhases = (values: number[], add: Add): void => {
  for (let phase = 1; phase <= 3; phase++) {
    const value = ofPhase(values, phase);
    if (isTold(value)) add(value, `l${phase}`);
  }
};

const rules: Record<Rule, (values: number[], add: Add) => void> = {
  sum: (values, add) => addTotal(values, add, sumOf),
  parts: (values, add) => {
    addTotal(values, add, sumOf);
    addPhases(values, add);
  },
  // A total is the sum on one station and the mean on another: it is told as a quantity of its own.
  phases: (values, add) => {
    addPhases(values, add);
    if (isTold(values[4])) add(values[4], 'n');
    if (isTold(values[0])) add(values[0], undefined, currentTotal);
  },
  voltage: (values, add) => {
    let isAny = false;
    for (let phase = 1; phase <= 3; phase++) {
      const toNeutral = ofPhase(values, phase);
      const toNext = values[phase + 7];
      if (isTold(toNeutral)) add(toNeutral, `l${phase}`);
      else if (isTold(toNext)) add(toNext / Math.sqrt(3), `l${phase}`, derived);
      isAny ||= isTold(toNeutral) || isTold(toNext);
    }
    if (!isAny && isTold(values[0])) add(values[0]);
  },
  mean: (values, add) => addTotal(values, add, (phases) => sumOf(phases) / phases.length),
  highest: (values, add) => addTotal(values, add, (phases) => Math.max(...phases)),
  first: (values, add) => {
    const value = values.find(isTold);
    if (value !== undefined) add(value);
  },
};

/** Adds the quantities of one measurand to those that are there. */
const addSampledValues = ({ measurand, values, isGuessed, factor }: Told, sampledValues: SampledValue[]): void => {
  const { rule, unit, isReversed, isRegister } = measurand;
  rules[rule](values, (value, part, { isDerived = false, quantity = measurand.quantity } = {}) => {
    const there = sampledValues.find((each) => each.quantity === quantity && each.part === part);
    // No flow back says nothing about the flow forth, which may be told in a message of its own.
    if (isReversed && value === 0) return;
    if (there) {
      if (!isReversed) return;
      there.value = tidy(there.value - value);
      there.isDerived = true;
      return;
    }
    const measure: SampledValue = { quantity, value: tidy(isReversed ? -value : value), unit };
    if (part) measure.part = part;
    if (isDerived || isGuessed) measure.isDerived = true;
    if (isRegister && factor === undefined) measure.isUnitless = true;
    else if (isRegister && factor !== undefined && factor !== 1) measure.factor = factor;
    sampledValues.push(measure);
  });
};

/** The values of all quantities that were told at one time. */
export const sampledValuesOf = (told: Told[]): SampledValue[] => {
  const sampledValues: SampledValue[] = [];
  const isBest = (one: Told): boolean =>
    !told.some((other) => other.measurand === one.measurand && other.rank < one.rank);
  for (const one of told) if (!one.measurand.isReversed && isBest(one)) addSampledValues(one, sampledValues);
  for (const one of told) if (one.measurand.isReversed && isBest(one)) addSampledValues(one, sampledValues);
  return sampledValues;
};
