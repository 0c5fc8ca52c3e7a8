/** The quantity of the model that a point feeds, and the conversion from the unit and sign of its register. */

import { didYouMean, knownWords } from '../../../common/did-you-mean.ts';
import {
  deviceTypes,
  findQuantity,
  isKnownType,
  isVendorWord,
  type Quantity,
  quantitiesOf,
} from '../../../model/quantities.ts';
import type { Result } from '../../../model/time.ts';
import { parseTopic } from '../../../model/topic.ts';
import {
  acceptedUnits,
  type Conversion,
  canonicalUnit,
  conversion,
  isUnit,
  type Unit,
  unitsFor,
} from '../../../model/units.ts';
import { isBytes, type Target } from './point.ts';
import type { ProfilePoint } from './point-schema.ts';

/** @returns in words why a unit cannot be converted: "kW cannot be converted to Wh of meter/energy_import" */
export const unitFault = (from: string, to: Unit, quantity: string): string =>
  canonicalUnit(from) === undefined
    ? `"${from}" is not a unit${didYouMean(from, acceptedUnits)}`
    : `${from} cannot be converted to ${to} of ${quantity}`;

const convertUnit = (source: ProfilePoint, unit: string | undefined): Result<Conversion | undefined> => {
  if (unit === undefined || !isUnit(unit)) return { ok: true, value: undefined };
  const from = source.unit ?? (unit === '1' ? '1' : undefined);
  const quantity = source.quantity ?? '';
  const accepted = `it can be given in ${unitsFor(unit).join(', ')}`;
  if (from === undefined) return { ok: false, reason: `no unit; ${quantity} is in ${unit}; ${accepted}` };
  const convert = conversion(from, unit);
  return convert
    ? { ok: true, value: convert }
    : { ok: false, reason: `${unitFault(from, unit, quantity)}; ${accepted}` };
};

/** A quantity that the model does not have (x_...): its unit is that of the profile, as the model spells it. */
const vendorTarget = (source: ProfilePoint): { unit?: string; value: Target['value']; min: number; max: number } => {
  const isWord =
    Boolean(source.enum || source.bits || source.format) || (source.type !== undefined && isBytes(source.type));
  const isFlag = source.type === 'bool' || source.bit !== undefined;
  const value = isWord ? 'text' : isFlag ? 'boolean' : 'number';
  const unit = value === 'number' ? canonicalUnit(source.unit ?? '1') : undefined;
  return {
    ...(unit === undefined ? {} : { unit }),
    value,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  };
};

/** @returns the key of a point that makes words of its number; undefined if the value stays a number */
const wordKeyOf = ({ enum: members, bits, format, type }: ProfilePoint): string | undefined => {
  if (members) return 'enum';
  if (bits) return 'bits';
  if (format !== undefined) return `format ${format}`;
  return type !== undefined && isBytes(type) ? `type ${type}` : undefined;
};

/** @returns in words why the readings would be invalid: words for a quantity of numbers, or the other way round */
const kindFault = (source: ProfilePoint, { value, unit, members = [] }: Quantity): string | undefined => {
  const { quantity, enum: meanings } = source;
  const words = wordKeyOf(source);
  switch (value) {
    case 'enum': {
      const stranger = Object.values(meanings ?? {}).find((each) => !members.includes(String(each)));
      if (stranger !== undefined)
        return `"${stranger}" is no ${quantity?.split('/').at(-1)} of ${quantity?.split('/')[0]}${knownWords(String(stranger), members)}`;
      if (meanings || (words !== undefined && !source.bits)) return undefined;
      return `${quantity} is a word: give each value of the register one of ${members.join(', ')}: "enum": { "0": "${members[0]}" }`;
    }
    case 'boolean':
      if (meanings ? Object.values(meanings).every((each) => typeof each === 'boolean') : words === undefined)
        return undefined;
      return `${quantity} is true or false; ${words} makes words of it: "enum": { "0": false, "1": true }`;
    case 'text':
      if (words !== undefined) return undefined;
      return `${quantity} is a text: give "format": "hex" or "ascii", an "enum", or the type string`;
    default:
      if (source.bit !== undefined) return `${quantity} is a number in ${unit}; bit makes true and false of it`;
      if (words === undefined) return undefined;
      return `${quantity} is a number in ${unit}; ${words} makes words of it. For those take a quantity of words (status), or one of your own that begins with x_`;
  }
};

const unknownQuantity = (type: string, quantity: string): string =>
  isKnownType(type)
    ? `${type} has no quantity "${quantity}"${knownWords(quantity, Object.keys(quantitiesOf(type)))}; one of your own begins with x_`
    : `"${type}" is no device type${knownWords(type, deviceTypes)}; one of your own begins with x_`;

/** @returns the unit of the quantity that a point feeds; undefined if the model does not have the quantity */
export const unitOfQuantity = ({ quantity = '' }: ProfilePoint, instance: number): Unit | undefined => {
  const topic = parseTopic(`devices/x/${quantity.replace('{i}', String(instance))}`);
  return topic.ok && topic.value.kind === 'reading'
    ? findQuantity(topic.value.type, topic.value.quantity)?.unit
    : undefined;
};

/**
 * Finds the quantity of a point in the model, and the conversion to it.
 * @param instance takes the place of {i}
 * @returns the target, or in words why the point cannot feed the quantity
 */
export const resolveTarget = (source: ProfilePoint, instance: number): Result<Target> => {
  const path = (source.quantity ?? '').replace('{i}', String(instance));
  const topic = parseTopic(`devices/x/${path}`);
  if (!topic.ok) return { ok: false, reason: `${path}: ${topic.reason}` };
  if (topic.value.kind !== 'reading')
    return { ok: false, reason: `${path} is not a quantity; it is written meter/power` };
  const { type, index, quantity, part } = topic.value;
  const known = findQuantity(type, quantity);
  if (!known && !isVendorWord(quantity) && !isVendorWord(type))
    return { ok: false, reason: unknownQuantity(type, quantity) };
  const vendor = vendorTarget(source);
  if (!known && vendor.value === 'number' && vendor.unit === undefined)
    return { ok: false, reason: `"${source.unit}" is not a unit${didYouMean(source.unit ?? '', acceptedUnits)}` };
  const fault = known && kindFault({ ...source, quantity: path }, known);
  if (fault !== undefined) return { ok: false, reason: fault };
  const unitText = known ? known.unit : vendor.unit;
  const convert = convertUnit({ ...source, quantity: path }, unitText);
  if (!convert.ok) return convert;
  const sign = source.sign ?? 1;
  const { factor = 1, offset = 0 } = convert.value ?? {};
  const { scale = 1, offset: rawOffset = 0 } = source;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, value } = known ?? vendor;
  return {
    ok: true,
    value: {
      type,
      ...(index === undefined ? {} : { index }),
      quantity,
      ...(part === undefined ? {} : { part }),
      factor: scale * factor * sign,
      offset: (rawOffset * factor + offset) * sign,
      ...(unitText === undefined ? {} : { unit: unitText }),
      value,
      min: Math.max(min, source.min ?? min),
      max: Math.min(max, source.max ?? max),
    },
  };
};
