import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { envelopes, jsonSchemas, type SchemaId } from '../../src/model/message.ts';

const ts = '2026-11-23T10:15:30.123Z';
const examples: Record<SchemaId, object> = {
  'reading/1': { schema: 'reading/1', value: 63.5, unit: '%', ts, quality: 'good', seq: 1, boot: 'k3f9' },
  'command/1': { schema: 'command/1', id: 'a', ts, params: { current_a: 10 }, ttl_s: 15, requester: 'x' },
  'response/1': { schema: 'response/1', id: 'a', command: 'charge', status: 'accepted', ts },
  'setpoint/1': { schema: 'setpoint/1', command: 'charge', owner: 'x', from: ts, source: 'command' },
  'event/1': { schema: 'event/1', id: 'a', name: 'counter_reset', severity: 'warning', ts, data: { a: [1, null] } },
  'meta/1': {
    schema: 'meta/1',
    device: '1',
    site: '3',
    gateway: 'server1',
    protocol: 'modbus',
    components: [{ type: 'battery', role: 'battery', quantities: { power: { unit: 'W', interval_s: 5 } } }],
  },
  'availability/1': { schema: 'availability/1', state: 'offline', reason: 'lwt' },
  'heartbeat/1': { schema: 'heartbeat/1', ts, uptime_s: 1, period_s: 10 },
  'site-power/1': {
    schema: 'site-power/1',
    ts,
    grid_w: null,
    solar_w: 1,
    battery_w: -1,
    generator_w: 0,
    ev_w: 0,
    heat_w: 0,
    consumption_w: null,
    balance_error_w: null,
    soc: 50,
    flows: null,
    quality: 'stale',
    skew_s: 0.1,
    basis: 'latest',
  },
  'site-energy/1': {
    schema: 'site-energy/1',
    ts,
    since: ts,
    grid_import_wh: 1,
    grid_export_wh: 0,
    solar_wh: null,
    battery_charged_wh: 0,
    battery_discharged_wh: 0,
    generator_wh: 0,
    consumption_wh: 1,
    ev_wh: 0,
    heat_wh: 0,
    coverage: 0.99,
    quality: 'good',
  },
  'site-status/1': {
    schema: 'site-status/1',
    ts,
    quality: 'good',
    sources: { total: 1, good: 1, estimated: 0, stale: 0, invalid: 0 },
    offenders: [],
    skew_s: null,
  },
};

describe('exported JSON Schemas', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validators = Object.fromEntries(
    Object.entries(jsonSchemas()).map(([file, schema]) => [file.replace(/-1\.json$/, '/1'), ajv.compile(schema)]),
  );

  it('there is one for every envelope', () => {
    assert.deepEqual(Object.keys(validators).sort(), Object.keys(envelopes).sort());
  });

  for (const [id, example] of Object.entries(examples) as [SchemaId, object][]) {
    it(`${id}: the example is valid for both validators`, () => {
      assert.ok(envelopes[id].safeParse(example).success);
      assert.ok(validators[id]?.(example), JSON.stringify(validators[id]?.errors));
    });

    it(`${id}: both validators agree on what was changed`, () => {
      let refused = 0;
      fc.assert(
        fc.property(
          fc.constantFrom(...Object.keys(example)),
          fc.oneof(fc.constant(undefined), fc.constant(null), fc.integer(), fc.constant({}), fc.constant('x')),
          (key, value) => {
            const changed = JSON.parse(JSON.stringify({ ...example, [key]: value }));
            // Formats (a time that is no time) are the one thing a JSON Schema validator may leave out.
            if (typeof value === 'string' && /^(ts|since|from)$/.test(key)) return;
            const ours = envelopes[id].safeParse(changed).success;
            if (!ours) refused++;
            assert.equal(validators[id]?.(changed), ours, JSON.stringify(changed));
          },
        ),
        { numRuns: 300 },
      );
      assert.ok(refused > 0);
    });
  }
});
