/** What a Modbus device can be said to be: its channels from the profile, its identity from its own registers. */
import { findQuantity } from '../../model/quantities.ts';
import type { Channel, ComponentHint, DeviceDescription } from '../driver.ts';
import type { DerivedPoint, Point, Target } from './point.ts';
import type { Profile } from './profile.ts';
import type { ResolvedProfile } from './resolve.ts';

/** A point whose quantity the model has. */
export type ChannelPoint = Point & { target: Target };

export const hasTarget = (point: Point): point is ChannelPoint => point.target !== undefined;

/** Not known where the device itself tells the scale of its numbers. */
const resolutionOf = ({ type, source, target }: ChannelPoint): number | undefined =>
  source.scaleFrom === undefined && /^(u?int|u8|bcd)/.test(type) ? Math.abs(target.factor) : undefined;

/** Different numbers a register of this type can show; the others do not come to their end, or not by counting. */
const numbersOf: Partial<Record<Point['type'], number>> = { uint16: 2 ** 16, uint32: 2 ** 32, bcd16: 1e4, bcd32: 1e8 };

/** Where a counter in this register begins again from 0, in the unit of its quantity. */
const modulusOf = ({ type, source, target }: ChannelPoint): number | undefined => {
  const numbers = numbersOf[type];
  const isPlain = source.mask === undefined && source.scaleFrom === undefined;
  return numbers === undefined || !isPlain ? undefined : numbers * Math.abs(target.factor);
};

const channelOf = (target: Target, periodMs: number, point?: ChannelPoint): Channel => {
  const intervalS = periodMs / 1000;
  const resolution = point && resolutionOf(point);
  const kind = findQuantity(target.type, target.quantity)?.kind ?? (target.value === 'number' ? 'gauge' : 'text');
  const modulus = point && kind === 'counter' ? modulusOf(point) : undefined;
  return {
    type: target.type,
    ...(target.index === undefined ? {} : { index: target.index }),
    quantity: target.quantity,
    ...(target.part === undefined ? {} : { part: target.part }),
    ...(target.unit === undefined ? {} : { unit: target.unit }),
    kind,
    intervalS,
    maxAgeS: Math.max(3 * intervalS, 30),
    report: 'periodic',
    ...(resolution === undefined ? {} : { resolution }),
    ...(modulus === undefined ? {} : { modulus }),
    signed: target.min < 0,
    ...(point?.source.signVerified === false ? { isSignVerified: false } : {}),
  };
};

/**
 * One channel per point, then one per derived point.
 * @param periodMs how often the points of a group are read
 */
export const channelsOf = (
  points: ChannelPoint[],
  derived: DerivedPoint[],
  periodMs: (group: Point['group']) => number,
): Channel[] => [
  ...points.map((point) => channelOf(point.target, periodMs(point.group), point)),
  ...derived.map(({ target, group }) => channelOf(target, periodMs(group))),
];

/** The title without the vendor's name, which stands beside it. */
const modelOf = ({ title, vendor = '' }: Profile): string =>
  title.startsWith(`${vendor} `) ? title.slice(vendor.length + 1) : title;

const componentsOf = (profile: Profile): Record<string, ComponentHint> =>
  Object.fromEntries(
    Object.entries(profile.components ?? {}).map(([path, { role, coupling, phases }]) => [
      path,
      { ...(role && { role }), ...(coupling && { coupling }), ...(phases && { phases }) },
    ]),
  );

/** What the profile says; what the device says of itself comes on top. */
export const describeProfile = (
  { profile }: ResolvedProfile,
  name: string,
  channels: Channel[],
): DeviceDescription => ({
  protocol: 'modbus',
  source: `modbus/${name}`,
  ...(profile.vendor === undefined ? {} : { vendor: profile.vendor }),
  model: profile.model ?? modelOf(profile),
  channels,
  components: componentsOf(profile),
});

/** "5016: 0e10 0000", in the order of the addresses; bits as they were packed. */
export const rawWords = ({ words, table }: Point, first: number, data: Buffer): string => {
  const addresses = [...words].sort((a, b) => a - b);
  const isBits = table === 'coil' || table === 'discrete';
  const shown = addresses.map((address) => {
    const at = address - first;
    if (isBits) return String(((data[at >> 3] ?? 0) >> (at & 7)) & 1);
    return data
      .readUInt16BE(at * 2)
      .toString(16)
      .padStart(4, '0');
  });
  return `${addresses[0]}: ${shown.join(' ')}`;
};
