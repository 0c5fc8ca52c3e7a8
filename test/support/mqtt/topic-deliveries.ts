/**
 * QoS and retain flag of every topic, copied by hand from the topic table of the documentation: what the code says of
 * itself proves nothing.
 */
import type { Heard } from './observer.ts';

export interface WantedDelivery {
  qos: 0 | 1 | 2;
  retain: boolean;
}

/** Quantities that whoever comes later must find: states, and counters. All others are telemetry. */
const statusQuantities = [
  'soc',
  'soh',
  'status',
  'mode',
  'grid_mode',
  'fault_code',
  'cycles',
  'capacity_usable',
  'max_charge_power',
  'max_discharge_power',
  'backup_reserve_soc',
  'phases_active',
  'session_(energy|id|duration)',
  'current_(limit|offered)',
  'power_limit',
  '(min|max)_current',
  'phases_available',
  'connected',
  'cable_locked',
  'error_code',
  'id_tag',
  'energy_[a-z_]+',
].join('|');

const id = '[A-Za-z0-9][A-Za-z0-9_.-]*';
const component = '[a-z][a-z0-9_]*(/[1-9][0-9]*)?';

/** First match counts. */
const table: [pattern: string, qos: 0 | 1 | 2, retain: boolean][] = [
  [`devices/${id}/meta`, 1, true],
  [`devices/${id}/availability`, 1, true],
  [`devices/${id}/${component}/event/(session_ended|signed_value)`, 2, false],
  [`devices/${id}/(${component}/)?event/[a-z_]+`, 1, false],
  [`devices/${id}/${component}/command/[a-z_]+`, 1, false],
  [`devices/${id}/${component}/response/[a-z_]+`, 1, false],
  [`devices/${id}/${component}/setpoint/[a-z_]+`, 1, true],
  [`devices/${id}/${component}/(${statusQuantities})(/[a-z0-9_]+)?`, 1, true],
  [`devices/${id}/${component}/[a-z][a-z0-9_]*(/[a-z0-9_]+)?`, 0, false],
  [`sites/${id}/power`, 0, false],
  [`sites/${id}/energy`, 2, true],
  [`sites/${id}/status`, 1, true],
  [`system/heartbeat/${id}`, 1, false],
  [`system/status/${id}`, 1, true],
  [`system/event/${id}/[a-z_]+`, 1, false],
];
const patterns = table.map(([pattern, qos, retain]) => ({ pattern: new RegExp(`^${pattern}$`), qos, retain }));

/**
 * @param billed topics of counters that are billed
 * @returns undefined where no line of the table knows the topic
 */
export const wantedDelivery = (topic: string, billed: string[] = []): WantedDelivery | undefined => {
  if (billed.includes(topic)) return { qos: 2, retain: true };
  const known = patterns.find(({ pattern }) => pattern.test(topic));
  return known && { qos: known.qos, retain: known.retain };
};

/** The topics that have to be retained after all this was published, sorted. */
export const topicsToRetain = (heard: Pick<Heard, 'topic' | 'payload'>[]): string[] => {
  const last = new Map(heard.map(({ topic, payload }) => [topic, payload]));
  return [...last]
    .filter(([topic, payload]) => payload !== '' && wantedDelivery(topic)?.retain)
    .map(([topic]) => topic)
    .sort();
};
