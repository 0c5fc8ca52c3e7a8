/** The description of a device: its channels as the profile defines them. What the device tells of itself comes on top. */
import { findQuantity } from '../../../model/quantities.ts';
import type { Channel, ComponentHint, DeviceDescription } from '../../driver.ts';
import type { ChannelPoint, Point, PollGroup, Target } from '../profiles/point.ts';
import type { Profile } from '../profiles/profile-schema.ts';
import type { ProfileLayout } from './profile-layout.ts';

/** Intervals of a device, ms. */
export interface PollIntervals {
  /** Interval of the fast points, and of the polls. */
  intervalMs: number;
  /** Interval of the slow points. */
  slowMs: number;
}

/** @returns the step of the register in the unit of the quantity; undefined for floats, or if the device sets the scale */
const resolutionOf = ({ type, source, target }: ChannelPoint): number | undefined =>
  source.scaleFrom === undefined && /^(u?int|u8|bcd)/.test(type) ? Math.abs(target.factor) : undefined;

/** Different numbers that a register of a type can show; other types do not overflow, or not by counting. */
const rangeSizes: Partial<Record<Point['type'], number>> = { uint16: 2 ** 16, uint32: 2 ** 32, bcd16: 1e4, bcd32: 1e8 };

/** @returns the value at which a counter in this register begins again from 0, in the unit of its quantity */
const modulusOf = ({ type, source, target }: ChannelPoint): number | undefined => {
  if (source.modulus !== undefined) return source.modulus;
  const size = rangeSizes[type];
  const isPlain = source.mask === undefined && source.scaleFrom === undefined;
  return size === undefined || !isPlain ? undefined : size * Math.abs(target.factor);
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

const createChannels = (layout: ProfileLayout, { intervalMs, slowMs }: PollIntervals): Channel[] => {
  const periodMs = (group: PollGroup): number => (group === 'fast' ? intervalMs : slowMs);
  return [
    ...layout.channelPoints.map((point) => channelOf(point.target, periodMs(point.group), point)),
    ...layout.derived.map(({ point }) => channelOf(point.target, periodMs(point.group))),
  ];
};

/** Channels of each layout by the intervals of the device. */
const channelLists = new WeakMap<ProfileLayout, Map<string, Channel[]>>();

/** @returns one channel per point, then one per derived point; the same list for devices with the same intervals */
export const channelsOf = (layout: ProfileLayout, intervals: PollIntervals): Channel[] => {
  const lists = channelLists.get(layout) ?? new Map<string, Channel[]>();
  channelLists.set(layout, lists);
  const key = `${intervals.intervalMs} ${intervals.slowMs}`;
  const channels = lists.get(key) ?? createChannels(layout, intervals);
  lists.set(key, channels);
  return channels;
};

/** @returns the title without the name of the vendor, which is told separately */
const modelOf = ({ title, vendor = '' }: Profile): string =>
  title.startsWith(`${vendor} `) ? title.slice(vendor.length + 1) : title;

const componentsOf = (profile: Profile): Record<string, ComponentHint> =>
  Object.fromEntries(
    Object.entries(profile.components ?? {}).map(([path, { role, coupling, phases }]) => [
      path,
      { ...(role && { role }), ...(coupling && { coupling }), ...(phases && { phases }) },
    ]),
  );

/** @param device its protocol, and its name in the source of its readings */
export const describeDevice = (
  layout: ProfileLayout,
  { protocol, name }: { protocol: string; name: string },
  intervals: PollIntervals,
): DeviceDescription => {
  const { profile } = layout.resolved;
  return {
    protocol,
    source: `${protocol}/${name}`,
    ...(profile.vendor === undefined ? {} : { vendor: profile.vendor }),
    model: profile.model ?? modelOf(profile),
    channels: channelsOf(layout, intervals),
    components: componentsOf(profile),
  };
};
