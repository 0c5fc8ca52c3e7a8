/** The unit of a meter value: missing, misspelt or that of something else, as it may be. */
import type { Conversion } from '../../../model/units.ts';
import { type Fields, type Notes, note, quote } from './lenient-fields.ts';
import { type Measurand, smallUnits } from './measurands.ts';

/** @returns how the value becomes one in the unit of the quantity, whether its unit had to be guessed, and whether it was said */
export const readUnit = (
  from: Fields,
  { name, unit, units, isUnitOptional }: Measurand,
  notes: Notes,
): { conversion: Conversion | undefined; isGuessed: boolean; isSaid: boolean } => {
  const written = from.unit;
  const plain = units.get(unit);
  if (written === undefined || written === null || written === '') {
    if (!isUnitOptional) note(notes, `${name} without a unit: taken as ${unit}`);
    return { conversion: plain, isGuessed: !isUnitOptional, isSaid: false };
  }
  const exact = typeof written === 'string' ? units.get(written) : undefined;
  if (exact) return { conversion: exact, isGuessed: false, isSaid: true };
  const folded = typeof written === 'string' ? smallUnits.get(written.slice(0, 20).trim().toLowerCase()) : undefined;
  const conversion = folded === undefined ? undefined : units.get(folded);
  if (conversion) note(notes, `${name} in ${quote(written)}: taken as ${folded}`);
  if (conversion) return { conversion, isGuessed: false, isSaid: true };
  // The default of OCPP is filled in by some for everything.
  if (folded === 'Wh') {
    note(notes, `${name} in ${quote(written)}: taken as ${unit}`);
    return { conversion: plain, isGuessed: true, isSaid: false };
  }
  note(notes, `${name} in ${quote(written)}: left out`);
  return { conversion: undefined, isGuessed: false, isSaid: false };
};
