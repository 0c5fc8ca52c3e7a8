/** What is said of a device beside its own words: directions set right, and the unsigned pair of a signed power. */
import type { Channel } from '../drivers/driver.ts';
import { componentKey, isMeter } from './meta.ts';

const opposites: Record<string, string> = {
  energy_import: 'energy_export',
  energy_export: 'energy_import',
  energy_reactive_import: 'energy_reactive_export',
  energy_reactive_export: 'energy_reactive_import',
  import_power: 'export_power',
  export_power: 'import_power',
};

/** A meter that was mounted the wrong way round calls import what is export. */
export const mounted = (channels: Channel[], isReversed: boolean): Channel[] =>
  channels.map((channel) =>
    isReversed && isMeter(channel.type)
      ? { ...channel, quantity: opposites[channel.quantity] ?? channel.quantity }
      : channel,
  );

/** Nobody has to remember which way a battery's arrow points. */
interface Pair {
  /** Takes the positive part. */
  positive: string;
  negative: string;
}

const pairs: Record<string, Pair> = {
  battery: { positive: 'discharge_power', negative: 'charge_power' },
  meter: { positive: 'import_power', negative: 'export_power' },
  grid: { positive: 'import_power', negative: 'export_power' },
};

export interface Derivation {
  /** Channel of the driver it is computed from. */
  from: number;
  channel: Channel;
  sign: 1 | -1;
}

/** What can be derived from a device's channels and is not delivered by it already. */
export const derivations = (channels: Channel[]): Derivation[] => {
  const present = new Set(channels.map((channel) => `${componentKey(channel)} ${channel.quantity}`));
  return channels.flatMap((channel, from) => {
    const pair = pairs[channel.type];
    if (!pair || channel.quantity !== 'power' || channel.part !== undefined) return [];
    const derive = (quantity: string, sign: 1 | -1): Derivation[] =>
      present.has(`${componentKey(channel)} ${quantity}`)
        ? []
        : [{ from, sign, channel: { ...channel, quantity, signed: false } }];
    return [...derive(pair.positive, 1), ...derive(pair.negative, -1)];
  });
};
