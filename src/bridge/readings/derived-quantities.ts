/** Quantities that the bridge adds to those of a device: the directions of a meter, and the unsigned pair of a power. */
import type { Channel } from '../../drivers/driver.ts';
import { componentKey } from '../../model/topic.ts';
import { isMeter } from './device-meta.ts';

const opposites: Record<string, string> = {
  energy_import: 'energy_export',
  energy_export: 'energy_import',
  energy_reactive_import: 'energy_reactive_export',
  energy_reactive_export: 'energy_reactive_import',
  import_power: 'export_power',
  export_power: 'import_power',
};

/**
 * Swaps import and export of meters that are mounted the wrong way round.
 * @param isReversed whether the integrator says so of this device
 */
export const orientChannels = (channels: Channel[], isReversed: boolean): Channel[] =>
  channels.map((channel) =>
    isReversed && isMeter(channel.type)
      ? { ...channel, quantity: opposites[channel.quantity] ?? channel.quantity }
      : channel,
  );

/** The two unsigned quantities of a signed power, so that nobody has to remember its sign. */
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

/** An unsigned quantity that is computed from a signed power. */
export interface DerivedQuantity {
  /** Index of the signed channel of the driver. */
  from: number;
  /** Description of the derived quantity. */
  channel: Channel;
  /** The direction that counts: 1 for the positive part, -1 for the negative part. */
  sign: 1 | -1;
}

/** @returns the quantities that can be derived from these channels, and that the device does not tell itself */
export const derivedQuantities = (channels: Channel[]): DerivedQuantity[] => {
  const present = new Set(channels.map((channel) => `${componentKey(channel)} ${channel.quantity}`));
  return channels.flatMap((channel, from) => {
    const pair = pairs[channel.type];
    if (!pair || channel.quantity !== 'power' || channel.part !== undefined) return [];
    const derive = (quantity: string, sign: 1 | -1): DerivedQuantity[] =>
      present.has(`${componentKey(channel)} ${quantity}`)
        ? []
        : [{ from, sign, channel: { ...channel, quantity, signed: false } }];
    return [...derive(pair.positive, 1), ...derive(pair.negative, -1)];
  });
};
