/** Units as models spell them, in the units that profiles accept. */
import { canonicalUnit } from '../../../model/units.ts';

/** Spellings of models that profiles do not know. */
const spellings: Readonly<Record<string, string>> = {
  Secs: 's',
  Sec: 's',
  Tms: 's',
  mSecs: 'ms',
  Tmh: 'h',
  C: 'degC',
  Var: 'var',
  Varh: 'varh',
  WH: 'Wh',
  AH: 'Ah',
  Pct: '%',
  VNomPct: '%',
  VarPct: '%',
  WMaxPct: '%',
  Degrees: 'deg',
  'W/m^2': 'W/m2',
  'cos()': '1',
  PF: '1',
};

/**
 * @param units as the definition of a point has them
 * @returns the unit for a profile; undefined for units that the model of this package does not have, such as V/s, and
 *   for rates of a percentage
 */
export const unitOfPoint = (units: string | undefined): string | undefined => {
  if (units === undefined) return undefined;
  const known = spellings[units];
  if (known !== undefined) return known;
  if (canonicalUnit(units) !== undefined) return units;
  // A percentage of something: "% WMax", "%WHRtg".
  return /^ ?%[ \w]*$/.test(units) ? '%' : undefined;
};
