/** Readings for property tests: most are good, some have a field that is wrong, missing or unknown. */
import fc from 'fast-check';
import { qualities } from '../../../src/model/common.ts';
import { checkedFields } from '../../../src/model/reading-check.ts';
import { unitCodes } from '../../../src/model/units.ts';

export type Candidate = Record<string, unknown>;

/** Wall clock of the readings, ms since 1970. */
export const now = Date.UTC(2026, 10, 23, 10, 15, 30);
const iso = (ms: number): string => new Date(ms).toISOString();

/** Values at and beyond the borders of what some field of a reading takes. */
const oddValues = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...unitCodes, ...qualities, 'reading/1', 'reading/2', 'modbus_timeout', 'kW'),
  },
  fc.constantFrom<unknown>(0, -1, 1, 0.5, 1e300, 2 ** 53, 2 ** 53 - 1, Number.NaN, Number.POSITIVE_INFINITY, -0),
  fc.constantFrom<unknown>(
    '',
    'k3f',
    'k3f9',
    'k3f9ab',
    'k'.repeat(16),
    'k'.repeat(17),
    'k 3f9',
    'Reason',
    'a'.repeat(49),
  ),
  fc.constantFrom('x'.repeat(256), 'x'.repeat(257), 'x'.repeat(1024), 'x'.repeat(1025)),
  fc.constantFrom('2026-11-23T10:15:30Z', '2026-11-23T10:15:30.123456789Z', '2026-11-23T10:15:30.1234567890Z'),
  fc.constantFrom('2026-02-30T10:15:30Z', '2024-02-29T10:15:30Z', '2026-11-23T24:00:00Z', '2026-11-23T10:15Z', iso(0)),
  fc.constantFrom('2026-11-23T10:15:30', '2026-11-23T10:15:30+01:00', '2026-11-23', iso(now), iso(now + 400_000)),
  fc.constantFrom<unknown>(true, false, null, undefined, {}, [], ['roof'], { constructor: 1 }),
  fc.double(),
  fc.integer(),
  fc.string(),
);

const goodValues: Record<string, fc.Arbitrary<unknown>> = {
  value: fc.oneof(fc.double({ min: -100, max: 100 }), fc.boolean(), fc.constant(null), fc.constant('idle')),
  unit: fc.constantFrom(...unitCodes),
  ts: fc.constantFrom(iso(now), iso(now - 1000), '2026-11-23T10:15:30Z'),
  quality: fc.constantFrom(...qualities),
  seq: fc.nat(),
  boot: fc.constantFrom('k3f9', 'abc123'),
  source: fc.constantFrom('modbus', 'function node'),
  raw: fc.oneof(fc.constant('63,5'), fc.integer()),
  raw_unit: fc.constant('kWh'),
  reason: fc.constantFrom('sentinel', 'late'),
  since: fc.constant(iso(now - 5000)),
  rx: fc.constant(iso(now)),
  skew_s: fc.integer(),
  accuracy: fc.double({ noNaN: true, noDefaultInfinity: true }),
  counter_id: fc.constantFrom('1', '2'),
  late: fc.boolean(),
};

const present = (fields: Candidate): Candidate =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== absent));
/** In place of a value: the field is not there. */
export const absent = Symbol('absent');

/** Readings of which most are good; some have a field that is not, some lack one, some have one that nobody knows. */
export const candidates = fc
  .record({
    topic: fc.constantFrom(
      'devices/101/battery/soc',
      'devices/1/meter/power',
      'devices/1/meter/x_a',
      'devices/1/ev/connected',
    ),
    schema: fc.constant('reading/1'),
    ...Object.fromEntries(
      Object.entries(goodValues).map(([name, values]) => [
        name,
        ['value', 'ts', 'quality'].includes(name) ? values : fc.option(values, { nil: absent, freq: 2 }),
      ]),
    ),
  })
  .map((fields) => present(fields as Candidate));

/** One field of a reading as a function node might leave it: another value, gone, or a new one. */
export const changes = fc.record({
  field: fc.constantFrom(...checkedFields, 'tags', 'constructor', 'x'),
  value: fc.oneof(oddValues, fc.constant(absent)),
});

export const changed = (reading: Candidate, { field, value }: { field: string; value: unknown }): Candidate => {
  if (value === absent) delete reading[field];
  else reading[field] = value;
  return reading;
};
