/**
 * Evidence that the registers of a device are those of a profile: what its identity points tell, and whether voltage and
 * frequency are those of a grid.
 */
import type { Value } from '../../../model/reading.ts';
import { ratingOf } from '../profiles/identity-fields.ts';
import { isTextPoint, type Point } from '../profiles/point.ts';
import type { Profile } from '../profiles/profile-schema.ts';

/**
 * A finding about one point. named: the device calls itself by a name of the profile, or by a code that the profile lists.
 * plausible: it could be so. nothing: the device tells nothing here. contrary: a device of this profile would not say so.
 */
export type Evidence =
  | { kind: 'named' }
  | { kind: 'plausible'; weight: number }
  | { kind: 'nothing' }
  | { kind: 'contrary' };

const nothing: Evidence = { kind: 'nothing' };
const contrary: Evidence = { kind: 'contrary' };
const plausible = (weight: number): Evidence => ({ kind: 'plausible', weight });

/** Letters and digits alone: devices write "SUN2000-10KTL" or "Sun 2000". */
const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Shorter words than this stand in many texts by chance. */
const leastNameLength = 3;

/** @returns the names by which a device of a profile may call itself */
const namesOf = ({ vendor = '', model = '', title }: Profile): string[] => {
  const words = `${model} ${title}`.split(/[\s,/()]+/).filter((word) => /\d/.test(word) || /^[A-Z]{3,}$/.test(word));
  const names = [vendor, model, ...words].map(plain).filter((name) => name.length >= leastNameLength);
  return [...new Set(names)];
};

/** Texts of devices are printable; a number that is read as text is not. */
const isLegible = (text: string): boolean => /^[\x20-\x7e]+$/.test(text) && /[a-z0-9]{2}/i.test(text);

const textEvidence = (field: string | undefined, text: string, profile: Profile): Evidence => {
  if (!isLegible(text)) return contrary;
  const isName = field === 'model' || field === 'vendor';
  if (isName && namesOf(profile).some((name) => plain(text).includes(name))) return { kind: 'named' };
  return plausible(field === 'firmware' ? 5 : 10);
};

/** The number of a register that was never written. */
const isUnset = (value: number): boolean => value === 0 || value === 0xffff || value === 0xffffffff;

/** Ratings of devices in buildings, W and Wh. */
const ratings = { min: 100, max: 1_000_000 };

const numberEvidence = (point: Point, value: number): Evidence => {
  const rating = ratingOf(point);
  if (rating) {
    const rated = value * rating.factor;
    return rated >= ratings.min && rated <= ratings.max ? plausible(5) : contrary;
  }
  return isUnset(value) ? contrary : plausible(3);
};

/**
 * @param value as it was read; null: the device tells none
 * @returns the evidence of an identity point
 */
export const identityEvidence = (point: Point, value: Value, profile: Profile): Evidence => {
  const { identity: field, enum: words } = point.source;
  if (value === null) return nothing;
  // Codes of newer models are in no list.
  if (words) return Object.values(words).map(String).includes(String(value)) ? { kind: 'named' } : nothing;
  if (isTextPoint(point) && point.source.format === undefined) return textEvidence(field, String(value), profile);
  if (typeof value === 'number') return numberEvidence(point, value);
  return /^0*$/.test(String(value)) ? contrary : plausible(3);
};

/** Voltages between a conductor and neutral, or between two of them, V; frequencies of grids, Hz. */
const supplies: Record<string, { min: number; max: number; weight: number }> = {
  voltage: { min: 80, max: 500, weight: 4 },
  frequency: { min: 45, max: 65, weight: 10 },
};

/** @returns the evidence of a voltage or frequency; 0 is that of a phase that is not connected, or of a device asleep */
export const supplyEvidence = ({ target }: Point, value: Value): Evidence => {
  const range = target && supplies[target.quantity];
  if (!range || typeof value !== 'number' || value === 0) return nothing;
  return value >= range.min && value <= range.max ? plausible(range.weight) : contrary;
};
