/**
 * Units: one code per dimension on the wire, many spellings accepted on input.
 * Nothing here guesses: kWh and Wh are never told apart by magnitude.
 */

/** Code on the wire -> UCUM expression (null where UCUM has no clean atom). */
export const units = {
  W: 'W',
  Wh: 'W.h',
  VA: 'V.A',
  VAh: 'V.A.h',
  var: null,
  varh: null,
  V: 'V',
  A: 'A',
  Ah: 'A.h',
  Hz: 'Hz',
  '%': '%',
  degC: 'Cel',
  K: 'K',
  s: 's',
  min: 'min',
  h: 'h',
  '1': '1',
  deg: 'deg',
  'W/m2': 'W/m2',
  'EUR/kWh': null,
  'g/kWh': null,
  m3: 'm3',
  l: 'L',
} as const satisfies Record<string, string | null>;

export type Unit = keyof typeof units;

export const unitCodes = Object.keys(units) as Unit[];

/** @returns whether a text is a unit of the model */
export const isUnit = (code: string): code is Unit => Object.hasOwn(units, code);

/** canonical = input * factor + offset */
export interface Conversion {
  unit: Unit;
  factor: number;
  offset: number;
}

const to = (unit: Unit, factor = 1, offset = 0): Conversion => ({ unit, factor, offset });

/** Spellings accepted on input besides the codes themselves. */
const spellings: Record<string, Conversion> = {
  mW: to('W', 1e-3),
  kW: to('W', 1e3),
  MW: to('W', 1e6),
  mWh: to('Wh', 1e-3),
  kWh: to('Wh', 1e3),
  MWh: to('Wh', 1e6),
  GWh: to('Wh', 1e9),
  J: to('Wh', 1 / 3600),
  Ws: to('Wh', 1 / 3600),
  kJ: to('Wh', 1 / 3.6),
  MJ: to('Wh', 1e3 / 3.6),
  kVA: to('VA', 1e3),
  kVAh: to('VAh', 1e3),
  kvar: to('var', 1e3),
  kvarh: to('varh', 1e3),
  mV: to('V', 1e-3),
  kV: to('V', 1e3),
  mA: to('A', 1e-3),
  kA: to('A', 1e3),
  mAh: to('Ah', 1e-3),
  mHz: to('Hz', 1e-3),
  percent: to('%'),
  fraction: to('%', 100),
  '°C': to('degC'),
  Celsius: to('degC'),
  '°F': to('degC', 5 / 9, -160 / 9),
  degF: to('degC', 5 / 9, -160 / 9),
  ms: to('s', 1e-3),
  kWp: to('W', 1e3),
};

/** The code of the wire for a unit as a source spells it. */
export const canonicalUnit = (from: string): Unit | undefined => {
  if (isUnit(from)) return from;
  return Object.hasOwn(spellings, from) ? spellings[from]?.unit : undefined;
};

/** Conversions between two codes of the wire, where a quantity fixes one of them. */
const between: Record<string, Conversion> = {
  'K>degC': to('degC', 1, -273.15),
  'degC>K': to('K', 1, 273.15),
  'min>s': to('s', 60),
  'h>s': to('s', 3600),
  's>h': to('h', 1 / 3600),
  'min>h': to('h', 1 / 60),
};

/**
 * How to bring a value from a source unit to the unit of its quantity.
 * @param from unit as the source spells it
 * @param target unit of the quantity
 * @returns the conversion, or undefined when the two are not of one dimension
 */
export const conversion = (from: string, target: Unit): Conversion | undefined => {
  if (from === target) return to(target);
  const known = Object.hasOwn(spellings, from) ? spellings[from] : undefined;
  if (known?.unit === target) return known;
  const first = known?.unit ?? from;
  const second = Object.hasOwn(between, `${first}>${target}`) ? between[`${first}>${target}`] : undefined;
  if (!second) return undefined;
  return known
    ? to(target, known.factor * second.factor, known.offset * second.factor + second.offset)
    : to(target, second.factor, second.offset);
};

/** Every unit that is understood: the codes of the wire, and the spellings that are brought to one of them. */
export const acceptedUnits: readonly string[] = [...unitCodes, ...Object.keys(spellings)];

/** Units in which a quantity of this unit may be given. */
export const unitsFor = (target: Unit): string[] =>
  acceptedUnits.filter((from) => conversion(from, target) !== undefined);
