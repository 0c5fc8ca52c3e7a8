/** Values that pysunspec2 and we have read: where the two agree, and where they may differ, with the reason. */
import { isBitField } from '../../../src/drivers/sunspec/codec/symbols.ts';
import type { PlacedPoint, PointValue } from '../../../src/drivers/sunspec/index.ts';
import type { PeerValue } from './pysunspec.ts';

/** A value that both have read. */
export interface TwoReads {
  point: PlacedPoint;
  ours: PointValue;
  raw: PeerValue;
  scaled: PeerValue;
  /** The power of ten as pysunspec2 read it; null: not implemented. */
  exponent: PeerValue | undefined;
}

const isNumber = (value: PeerValue): value is number => typeof value === 'number';

/**
 * Where the two clients may differ, and why ours is right. Every line has to be met by an image.
 */
export const differences: { what: string; reason: string; holds(read: TwoReads): boolean }[] = [
  {
    what: 'a value whose scale factor is not implemented',
    reason: 'pysunspec2 gives the number without its scale; a number of unknown magnitude is no value',
    holds: ({ ours, raw, exponent }) => ours === null && raw !== null && exponent === null,
  },
  {
    what: 'a value whose scale factor is beyond -10 to 10',
    reason: 'the specification of sunssf ends there; registers of a device that has none hold anything',
    holds: ({ ours, exponent = null }) => ours === null && isNumber(exponent) && Math.abs(exponent) > 10,
  },
  {
    what: 'a mandatory accumulator of 0',
    reason: 'pysunspec2 takes it as not implemented; a new device has produced 0 Wh',
    holds: ({ point: { definition }, ours, raw }) =>
      definition.type.startsWith('acc') && definition.isMandatory && ours === 0 && raw === null,
  },
  {
    what: 'a bit field with its highest bit set',
    reason: 'the specification takes it as not implemented; pysunspec2 does so only if all bits are set',
    holds: ({ point: { definition }, ours, raw }) =>
      isBitField(definition) && ours === null && isNumber(raw) && raw >= 2 ** (definition.size * 16 - 1),
  },
  {
    what: 'an accumulator of all ones',
    reason: 'pysunspec2 takes it as a value; a Sunny Boy 3.6 gives it for the energy of a module at night',
    holds: ({ point: { definition }, ours, raw }) =>
      definition.type.startsWith('acc') && ours === null && isNumber(raw) && raw >= 2 ** (definition.size * 16) - 1,
  },
  {
    what: 'an infinite number',
    reason: 'pysunspec2 hands it on; no measurement is infinite',
    holds: ({ ours, raw }) => ours === null && (raw === 'inf' || raw === '-inf'),
  },
  {
    what: 'blanks at the end of a string',
    reason: 'devices fill strings up with NUL or with blanks',
    holds: ({ point: { definition }, ours, raw }) =>
      definition.type === 'string' && typeof raw === 'string' && raw !== raw.trim() && ours === raw.trim(),
  },
];

const ipv4Of = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
/** @returns the digits of an address, as pysunspec2 groups them */
const digitsOf = (ipv6: string): string => {
  const [head = [], tail = []] = ipv6.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: ipv6.includes('::') ? 8 - head.length - tail.length : 0 }, () => '0');
  const groups = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0').toUpperCase());
  return groups.join('').match(/.{8}/g)?.join(':') ?? '';
};

/** @returns whether both have the same value, each in its own form */
export const isSame = ({ point: { definition }, ours, raw, scaled }: TwoReads): boolean => {
  if (ours === null || raw === null) return ours === null && raw === null;
  switch (definition.type) {
    case 'ipaddr':
      return isNumber(raw) && ipv4Of(raw) === ours;
    case 'ipv6addr':
      return digitsOf(String(ours)) === raw;
    case 'eui48':
      return String(ours).toUpperCase() === raw;
    case 'float32':
      // The decimal with the fewest digits that is the same float.
      return isNumber(scaled) && Math.fround(Number(ours)) === scaled;
    case 'int64':
    case 'uint64':
    case 'acc64':
      // Beyond 2^53 each of the two rounds once more when it scales.
      return (
        Math.abs(Number(ours) - Number(scaled)) <= Math.abs(Number(scaled)) * (Number.isSafeInteger(raw) ? 0 : 4e-16)
      );
    default:
      return ours === scaled;
  }
};
