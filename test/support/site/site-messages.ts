/** Readings, metas and availabilities of devices, as a site gets them. */
import type { Message } from '../../../src/model/message.ts';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import type { Reading } from '../../../src/model/reading.ts';
import { isoTime } from '../../../src/model/time.ts';

export const power = { power: { unit: 'W', interval_s: 1, max_age_s: 30 } } as const;
const counter = { unit: 'Wh', interval_s: 1, max_age_s: 30, resolution: 1 } as const;

export const gridMeter: ComponentMeta = {
  type: 'meter',
  role: 'grid',
  quantities: { ...power, energy_import: counter, energy_export: counter },
};
export const solar: ComponentMeta = { type: 'solar', role: 'solar', quantities: { ...power } };
export const battery: ComponentMeta = {
  type: 'battery',
  role: 'battery',
  quantities: { ...power, soc: { unit: '%', interval_s: 1, max_age_s: 30 } },
};
export const charger: ComponentMeta = { type: 'ev_charger', role: 'ev', quantities: { ...power } };
export const heatPump: ComponentMeta = { type: 'heat_pump', role: 'heat', quantities: { ...power } };

/** A hybrid inverter: strings and battery on the DC side of one AC terminal. */
export const hybrid: ComponentMeta[] = [
  { type: 'inverter', role: 'inverter', quantities: { ...power } },
  { type: 'solar', role: 'solar', coupling: 'dc', behind: 'hybrid', quantities: { dc_power: power.power } },
  { ...battery, coupling: 'dc', behind: 'hybrid' },
];

export const metaOf = (device: string, ...components: ComponentMeta[]): Message<'meta/1'> => ({
  topic: `devices/${device}/meta`,
  schema: 'meta/1',
  device,
  site: 'home',
  gateway: 'gw',
  protocol: 'test',
  components,
});

let sequence = 0;

export const readingOf = (
  path: string,
  value: Reading['value'],
  at: number,
  more: Partial<Reading> = {},
): Message<'reading/1'> => ({
  topic: `devices/${path}`,
  schema: 'reading/1',
  value,
  unit: path.endsWith('soc') ? '%' : path.includes('energy') ? 'Wh' : 'W',
  ts: isoTime(at),
  quality: value === null ? 'invalid' : 'good',
  seq: ++sequence,
  boot: 'test',
  ...more,
});

export const availabilityOf = (topic: string, state: 'online' | 'offline'): Message<'availability/1'> => ({
  topic,
  schema: 'availability/1',
  state,
});
