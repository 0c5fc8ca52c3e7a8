/** The devices that this package knows, by maker and model, whichever node reads them. */
import * as z from 'zod/mini';
import { sunspecFields } from '../../drivers/sunspec/codec/limits.ts';
import { get } from '../request.ts';

/** The kind of node that a device needs. */
export type DeviceNode = 'ems-modbus' | 'ems-sunspec' | 'ems-ocpp';

/** A device, or a family of devices, that can be chosen. */
export interface DeviceEntry {
  node: DeviceNode;
  /** Value of the field in the form of its node. */
  value: string;
  maker: string;
  /** Empty: all devices of the maker. */
  model: string;
}

const titled = z.array(z.object({ id: z.string(), title: z.optional(z.string()), vendor: z.optional(z.string()) }));

/** @returns maker and model of a title: "Eastron SDM630" */
export const splitTitle = (title: string, vendor = title.split(' ')[0] ?? title): { maker: string; model: string } => ({
  maker: vendor,
  model: title.startsWith(`${vendor} `) ? title.slice(vendor.length + 1) : title === vendor ? '' : title,
});

/** @returns a brand of SunSpec devices as people write it */
const brandName = (brand: string): string =>
  ({ abb: 'ABB', sma: 'SMA', solaredge: 'SolarEdge' })[brand] ?? brand.charAt(0).toUpperCase() + brand.slice(1);

const listOf = async (path: string, node: DeviceNode): Promise<DeviceEntry[]> => {
  const answer = await get(path, titled);
  if (!answer.ok) return [];
  return answer.value.map(({ id, title = id, vendor }) => ({ node, value: id, ...splitTitle(title, vendor) }));
};

/** @returns all devices; those whose list cannot be had are missing */
export const deviceIndex = async (): Promise<DeviceEntry[]> => {
  const [profiles, presets] = await Promise.all([
    listOf('ems/modbus/profiles', 'ems-modbus'),
    listOf('ems/ocpp-presets', 'ems-ocpp'),
  ]);
  const brands = sunspecFields.brand.values
    .filter((brand) => brand !== '')
    .map((brand): DeviceEntry => ({ node: 'ems-sunspec', value: brand, maker: brandName(brand), model: '' }));
  return [...profiles, ...brands, ...presets];
};

/** Letters and digits alone, so that "sun2000" and "SUN 2000" are the same. */
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9 ]/g, '');

/** @returns how well a device fits the words: those of its maker before those of its model, beginnings before the rest */
const rankOf = ({ maker, model }: DeviceEntry, words: readonly string[]): number => {
  const begins = (text: string, word: string): boolean => ` ${plain(text)}`.includes(` ${word}`);
  const ranks = words.map((word): number => (begins(maker, word) ? 0 : begins(model, word) ? 1 : 2));
  return Math.max(0, ...ranks) * 10 + ranks.reduce((sum, rank) => sum + rank, 0);
};

/** @returns the devices that hold every word that was typed: those of the form's own node first, the best ones before */
export const searchDevices = (index: readonly DeviceEntry[], typed: string, own: DeviceNode): DeviceEntry[] => {
  const words = plain(typed).split(' ').filter(Boolean);
  const holds = ({ maker, model, value }: DeviceEntry): boolean => {
    const text = plain(`${maker} ${model} ${value}`);
    const joined = text.replaceAll(' ', '');
    return words.every((word) => text.includes(word) || joined.includes(word));
  };
  return index
    .filter(holds)
    .map((entry) => ({ entry, rank: rankOf(entry, words) }))
    .sort((a, b) => Number(a.entry.node !== own) - Number(b.entry.node !== own) || a.rank - b.rank)
    .map(({ entry }) => entry);
};

/** @returns the makers of the form's own node in the order of the alphabet, with the number of their devices */
export const makersOf = (
  index: readonly DeviceEntry[],
  own: DeviceNode,
): { maker: string; entries: DeviceEntry[] }[] => {
  const makers = new Map<string, DeviceEntry[]>();
  for (const entry of index)
    if (entry.node === own) makers.set(entry.maker, [...(makers.get(entry.maker) ?? []), entry]);
  return [...makers]
    .map(([maker, entries]) => ({ maker, entries }))
    .sort((a, b) => a.maker.localeCompare(b.maker, undefined, { sensitivity: 'base' }));
};
