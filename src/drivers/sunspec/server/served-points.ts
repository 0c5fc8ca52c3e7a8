/**
 * The values of the points of a model from the readings of a side of a site: the map from points to quantities, read
 * backwards. A point without a reading gets no value, and so is not implemented.
 */
import type { PointValue } from '../codec/model-codec.ts';
import type { ModelDefinition, PointDefinition } from '../messages.ts';
import { type MapEntry, quantityMap } from '../quantities/quantity-map.ts';
import type { SideReadings } from './site-readings.ts';

/** Scaled values of the points of a model by their names. */
export type PointValues = ReadonlyMap<string, PointValue>;

/** Quantities of the three phases that one point sums up or averages. */
interface PhaseTotal {
  parts: readonly string[];
  isMean: boolean;
}

const partsOf = (quantity: string, parts: readonly string[]): string[] => parts.map((part) => `${quantity}/${part}`);
const lineToNeutral: PhaseTotal = { parts: partsOf('voltage', ['l1', 'l2', 'l3']), isMean: true };
const lineToLine: PhaseTotal = { parts: partsOf('voltage', ['l1_l2', 'l2_l3', 'l3_l1']), isMean: true };

/** Totals of models 103, 203, 213 and 701 by point. The map has none of them, since the phases say more. */
const phaseTotals: Readonly<Record<string, PhaseTotal>> = {
  A: { parts: partsOf('current', ['l1', 'l2', 'l3']), isMean: false },
  PhV: lineToNeutral,
  LNV: lineToNeutral,
  PPV: lineToLine,
  LLV: lineToLine,
};

/** @returns the total; undefined unless all of its phases are known */
const totalOf = ({ parts, isMean }: PhaseTotal, readings: SideReadings): number | undefined => {
  const values = parts.flatMap((part) => readings.get(part) ?? []);
  if (values.length < parts.length) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  return isMean ? sum / parts.length : sum;
};

/**
 * A percentage that is so small is read as a fraction by those who take both for a power factor, as devices give one or
 * the other (evcc-io/config#96).
 */
const leastPowerFactor = 0.012;

/** @returns a reading in the units and with the sign that the point has; undefined if the point cannot tell it */
const pointValue = ({ type, units }: PointDefinition, value: number): number | undefined => {
  if (units === 'Pct') return Math.abs(value) <= leastPowerFactor ? undefined : value * 100;
  // Currents have the sign of the power of their phase, and some models have room for amounts alone.
  return type.startsWith('uint') ? Math.abs(value) : value;
};

const entriesOf = (id: number): Readonly<Record<string, MapEntry>> =>
  quantityMap().families.find(({ models, points }) => points && models.includes(id))?.points ?? {};

/** @returns the values of all points of a model that measure what the readings tell */
export const measuredValues = ({ id, group }: ModelDefinition, readings: SideReadings): Map<string, PointValue> => {
  const entries = entriesOf(id);
  return new Map(
    group.points.flatMap((definition): [string, PointValue][] => {
      const { name } = definition;
      const total = phaseTotals[name];
      const value = total ? totalOf(total, readings) : readings.get(entries[name]?.quantity ?? '');
      const told = value === undefined ? undefined : pointValue(definition, value);
      return told === undefined ? [] : [[name, told]];
    }),
  );
};

/** The symbols of the operating state of an inverter, by model and point: while it produces, and while it does not. */
const operatingStates: Readonly<Record<number, Readonly<Record<string, [producing: string, idle: string]>>>> = {
  103: { St: ['MPPT', 'STANDBY'] },
  701: { InvSt: ['RUNNING', 'STANDBY'] },
};

const numberOfSymbol = ({ symbols = {} }: PointDefinition, symbol: string): number | undefined => {
  const number = Object.keys(symbols).find((key) => symbols[key] === symbol);
  return number === undefined ? undefined : Number(number);
};

/** @returns the points of a model that say how the inverters are: nothing as long as their power is not known */
export const stateValues = ({ id, group }: ModelDefinition, readings: SideReadings): Map<string, PointValue> => {
  const power = readings.get('power');
  const states = operatingStates[id] ?? {};
  return new Map(
    group.points.flatMap((definition): [string, PointValue][] => {
      const { name } = definition;
      const [producing, idle] = states[name] ?? [];
      const symbol = power === undefined ? undefined : power > 0 ? producing : idle;
      const number = symbol === undefined ? undefined : numberOfSymbol(definition, symbol);
      return number === undefined ? [] : [[name, number]];
    }),
  );
};

/** The points of a model that never change: the inverters of a site are seen as one with three phases. */
export const constantValues = ({ group }: ModelDefinition): Map<string, PointValue> => {
  const acType = group.points.find(({ name }) => name === 'ACType');
  const number = acType && numberOfSymbol(acType, 'THREE_PHASE');
  return new Map(number === undefined ? [] : [['ACType', number]]);
};
