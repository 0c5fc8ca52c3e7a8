/** The quantity a point feeds: found in the model, with the way from the register's unit and sign to the model's. */
import { findQuantity, isVendorWord } from '../../model/quantities.ts';
import type { Result } from '../../model/time.ts';
import { parseTopic } from '../../model/topic.ts';
import { type Conversion, canonicalUnit, conversion, isUnit } from '../../model/units.ts';
import type { Target } from './point.ts';
import type { PointType, ProfilePoint } from './profile.ts';

const isText = (type: PointType | undefined): boolean => type === 'string' || type === 'bytes' || type === 'datetime';

const convertUnit = (source: ProfilePoint, unit: string | undefined): Result<Conversion | undefined> => {
  if (unit === undefined || !isUnit(unit)) return { ok: true, value: undefined };
  const from = source.unit ?? (unit === '1' ? '1' : undefined);
  if (from === undefined) return { ok: false, reason: `no unit; ${source.quantity} is in ${unit}` };
  const convert = conversion(from, unit);
  return convert
    ? { ok: true, value: convert }
    : { ok: false, reason: `${from} cannot be converted to ${unit} of ${source.quantity}` };
};

/** A quantity the model does not know: its unit is the source's, brought to a code of the wire. */
const vendorTarget = (source: ProfilePoint): { unit?: string; value: Target['value']; min: number; max: number } => {
  const isWord = Boolean(source.enum || source.bits || source.format) || isText(source.type);
  const value = isWord ? 'text' : source.type === 'bool' ? 'boolean' : 'number';
  const unit = value === 'number' ? canonicalUnit(source.unit ?? '1') : undefined;
  return {
    ...(unit === undefined ? {} : { unit }),
    value,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  };
};

/** @param instance takes the place of {i}
 * @returns in words why the point cannot feed it */
export const resolveTarget = (source: ProfilePoint, instance: number): Result<Target> => {
  const path = (source.quantity ?? '').replace('{i}', String(instance));
  const topic = parseTopic(`devices/x/${path}`);
  if (!topic.ok) return { ok: false, reason: `${path}: ${topic.reason}` };
  if (topic.value.kind !== 'reading') return { ok: false, reason: `${path} is not a quantity` };
  const { type, index, quantity, part } = topic.value;
  const known = findQuantity(type, quantity);
  if (!known && !isVendorWord(quantity) && !isVendorWord(type))
    return { ok: false, reason: `${type} has no quantity "${quantity}"` };
  const vendor = vendorTarget(source);
  if (!known && vendor.value === 'number' && vendor.unit === undefined)
    return { ok: false, reason: `"${source.unit}" is not a unit we know` };
  const unitText = known ? known.unit : vendor.unit;
  const convert = convertUnit(source, unitText);
  if (!convert.ok) return convert;
  const sign = source.sign ?? 1;
  const { factor = 1, offset = 0 } = convert.value ?? {};
  const { scale = 1, offset: rawOffset = 0 } = source;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, value } = known ?? vendor;
  if (known?.members)
    for (const member of Object.values(source.enum ?? {}))
      if (!known.members.includes(String(member)))
        return { ok: false, reason: `"${member}" is no ${quantity} of ${type}` };
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
