/** The JSON Schemas as they ship, read by a validator that knows nothing of how they were made. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Heard } from '../mqtt/observer.ts';

/** The schema that belongs on a topic, written by hand. The first match counts. */
const table: [pattern: RegExp, schema: string][] = [
  [/^devices\/[^/]+\/meta$/, 'meta-1'],
  [/^devices\/[^/]+\/availability$/, 'availability-1'],
  [/^(devices|system)\/(.+\/)?event\//, 'event-1'],
  [/^devices\/.+\/command\//, 'command-1'],
  [/^devices\/.+\/response\//, 'response-1'],
  [/^devices\/.+\/setpoint\//, 'setpoint-1'],
  [/^devices\//, 'reading-1'],
  [/^sites\/[^/]+\/power$/, 'site-power-1'],
  [/^sites\/[^/]+\/energy$/, 'site-energy-1'],
  [/^sites\/[^/]+\/status$/, 'site-status-1'],
  [/^system\/heartbeat\//, 'heartbeat-1'],
  [/^system\/status\//, 'availability-1'],
];

/** RFC 3339 §5.6, and a day that the calendar has. */
const isDateTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));

/** @returns a check that throws where a payload breaks its schema, and otherwise names the schema */
export const createSchemaCheck = () => {
  // An unknown format is an error: none is passed over.
  const ajv = new Ajv2020({ strictTypes: false, formats: { 'date-time': isDateTime } });
  return ({ topic, payload }: Pick<Heard, 'topic' | 'payload'>): string => {
    const name = table.find(([pattern]) => pattern.test(topic))?.[1];
    assert.ok(name, `no schema belongs to ${topic}`);
    const file = new URL(`../../../schemas/${name}.json`, import.meta.url);
    const validate =
      ajv.getSchema(file.href) ?? ajv.compile({ ...JSON.parse(readFileSync(file, 'utf8')), $id: file.href });
    assert.ok(validate(JSON.parse(payload)), `${topic}: ${JSON.stringify(validate.errors)} ${payload}`);
    return name;
  };
};
