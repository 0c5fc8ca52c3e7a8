import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkMessage } from '../../src/model/check.ts';
import { type CheckContext, defaultLimits } from '../../src/model/check-context.ts';
import { readPayload } from '../../src/model/payload.ts';
import { findQuantity } from '../../src/model/quantities.ts';
import { quantities } from '../support/model/arbitrary-topics.ts';

const now = Date.UTC(2026, 10, 23, 10, 15, 30);
const context: CheckContext = { now };
const ts = new Date(now).toISOString();

const soc = {
  topic: 'devices/101/battery/soc',
  schema: 'reading/1',
  value: 63.5,
  unit: '%',
  ts,
  quality: 'good',
};

const reasonsOf = (candidate: unknown, given: CheckContext = context): string[] => {
  const checked = checkMessage(candidate, given);
  return checked.ok ? [] : checked.reasons;
};

describe('checking one object', () => {
  it('passes a good reading unchanged', () => {
    const checked = checkMessage(soc, context);
    assert.ok(checked.ok);
    assert.deepEqual({ ...checked.message }, soc);
  });

  it('keeps keys it does not know on readings', () => {
    const checked = checkMessage({ ...soc, tags: ['roof'] }, context);
    assert.ok(checked.ok);
    assert.deepEqual((checked.message as { tags?: unknown }).tags, ['roof']);
  });

  const refused: [name: string, candidate: unknown, reason: RegExp][] = [
    ['no object', 42, /not an object/],
    ['no topic', { ...soc, topic: undefined }, /no topic/],
    ['a topic outside the grammar', { ...soc, topic: 'devices/101/Battery/soc' }, /topic: .*not a device type/],
    ['an unknown schema', { ...soc, schema: 'reading/2' }, /not one of ours/],
    ['a schema of another topic', { ...soc, topic: 'devices/101/meta' }, /carries meta\/1/],
    ['a range broken', { ...soc, value: 163.5 }, /soc 163.5 % is outside 0..100 %/],
    ['a unit of another dimension', { ...soc, unit: 'W' }, /soc is in %; W cannot be converted/],
    ['a number without unit', { ...soc, unit: undefined }, /a number needs a unit/],
    ['a text in place of a number', { ...soc, value: 'full', unit: undefined }, /soc is a number/],
    ['null that claims to be good', { ...soc, value: null }, /null has the quality invalid/],
    ['a value that claims to be invalid', { ...soc, quality: 'invalid' }, /has the value null/],
    ['an unknown quantity', { ...soc, topic: 'devices/101/battery/charm' }, /battery has no quantity "charm"/],
    ['an unknown type', { ...soc, topic: 'devices/101/toaster/soc' }, /"toaster" is no device type/],
    ['a time without zone', { ...soc, ts: '2026-11-23T10:15:30' }, /ISO 8601 in UTC/],
    ['a reading of the day before', { ...soc, ts: '2026-11-22T10:00:00Z' }, /24 h ago and not marked late/],
    ['a prototype key', JSON.parse(`{"__proto__":{"x":1},"topic":"${soc.topic}"}`), /"__proto__" is not allowed/],
    ['a constructor key below', { ...soc, tags: { constructor: 1 } }, /"constructor" is not allowed/],
    ['endless nesting', { ...soc, a: { b: { c: { d: { e: { f: { g: { h: { i: { j: {} } } } } } } } } } }, /too deeply/],
    ['infinity', { ...soc, value: Number.POSITIVE_INFINITY }, /value/],
  ];
  for (const [name, candidate, reason] of refused)
    it(`refuses ${name}`, () => assert.match(reasonsOf(candidate).join('; '), reason));

  it('brings another unit of the same dimension to the model, and keeps what was said', () => {
    const checked = checkMessage({ ...soc, topic: 'devices/1/meter/power', value: -2.5, unit: 'kW' }, context);
    assert.ok(checked.ok);
    const { value, unit, raw, raw_unit } = checked.message as Record<string, unknown>;
    assert.deepEqual([value, unit, raw, raw_unit], [-2500, 'W', -2.5, 'kW']);
  });

  it('takes its own time where the source is far ahead, and says so', () => {
    const ahead = new Date(now + defaultLimits.futureMs + 1000).toISOString();
    const checked = checkMessage({ ...soc, ts: ahead }, context);
    assert.ok(checked.ok);
    const { ts: given, quality, reason, skew_s } = checked.message as Record<string, unknown>;
    assert.deepEqual([given, quality, reason, skew_s], [ts, 'estimated', 'clock_skew', 301]);
  });

  it('takes what lies at both ends of the range of a quantity', () => {
    for (const value of [0, 100]) assert.ok(checkMessage({ ...soc, value }, context).ok, `${value}`);
    for (const value of [-0.01, 100.01]) assert.match(reasonsOf({ ...soc, value }).join(), /outside 0\.\.100 %/);
  });

  it('lets an old reading pass where it is retained or marked late', () => {
    const old = { ...soc, ts: '2026-11-01T10:00:00Z' };
    assert.deepEqual(reasonsOf(old, { now, retained: true }), []);
    assert.deepEqual(reasonsOf({ ...old, late: true }), []);
    assert.equal(reasonsOf(old).length, 1);
  });

  it('believes vendor words, and types a device has declared', () => {
    assert.deepEqual(reasonsOf({ ...soc, topic: 'devices/1/battery/x_bananas', unit: 'W' }), []);
    const declared: CheckContext = { now, isDeclared: () => true };
    assert.deepEqual(reasonsOf({ ...soc, topic: 'devices/1/toaster/crumbs', unit: '1' }, declared), []);
  });

  const command = {
    topic: 'devices/1/battery/command/charge',
    schema: 'command/1',
    id: 'c1',
    ts,
    params: { power_w: 2000 },
    ttl_s: 15,
    requester: 'test',
  };

  it('passes a fresh command, refuses a retained, an expired and a misspelt one', () => {
    assert.deepEqual(reasonsOf(command), []);
    assert.match(reasonsOf(command, { now, retained: true }).join(), /retained command/);
    assert.match(reasonsOf(command, { now: now + 16_000 }).join(), /expired 1 s ago/);
    assert.match(reasonsOf({ ...command, tll_s: 3 }).join(), /tll_s/i);
  });

  it('holds the range of every quantity of the model', () => {
    fc.assert(
      fc.property(quantities, fc.double({ noNaN: true, noDefaultInfinity: true }), ({ type, name, of }, value) => {
        if (of.unit === undefined) return;
        const given = of.value === 'integer' ? Math.round(value) : value;
        const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = findQuantity(type, name) ?? {};
        const isWithin = given >= min && given <= max;
        const reasons = reasonsOf({ ...soc, topic: `devices/1/${type}/${name}`, value: given, unit: of.unit });
        assert.equal(reasons.length === 0, isWithin, `${type}/${name} ${given}: ${reasons.join()}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws, and has a reason for whatever it refuses', () => {
    const keys = fc.constantFrom(...Object.keys(soc), ...Object.keys(command), 'seq', 'boot', 'x', 'toString');
    const topicTexts = fc.constantFrom(soc.topic, command.topic, 'devices/1/meta', 'sites/1/power', 'x', '');
    const schemas = fc.constantFrom('reading/1', 'command/1', 'meta/1', 'site-power/1', 'x', '__proto__');
    fc.assert(
      fc.property(
        fc.dictionary(keys, fc.oneof(fc.jsonValue(), topicTexts, schemas, fc.constant(ts))),
        topicTexts,
        schemas,
        fc.boolean(),
        (body, topic, schema, isAddressed) => {
          const reasons = checkMessage(isAddressed ? { ...body, topic, schema } : body, context);
          if (!reasons.ok)
            assert.ok(reasons.reasons.length > 0 && reasons.reasons.every((reason) => reason.length > 3));
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('reading a payload', () => {
  const read = (topic: string, payload: unknown, given = context): unknown => {
    const result = readPayload(topic, payload, given);
    return result.ok ? result.value : result.reason;
  };

  it('reads an envelope from a buffer', () => {
    const { topic, ...envelope } = soc;
    assert.deepEqual(read(topic, Buffer.from(JSON.stringify(envelope))), envelope);
  });

  it('completes a bare scalar with the unit of its quantity', () => {
    const expected = { schema: 'reading/1', value: 63.5, unit: '%', ts, quality: 'good' };
    for (const payload of ['63.5', Buffer.from('63.5'), 63.5, { value: 63.5 }])
      assert.deepEqual(read('devices/101/battery/soc', payload), expected);
  });

  it('does not call a retained scalar good: nobody knows how old it is', () => {
    const value = read('devices/101/battery/soc', '63.5', { now, retained: true });
    assert.equal((value as { quality: string }).quality, 'estimated');
  });

  it('takes a bare word for a state', () => {
    assert.equal((read('devices/102/ev_charger/1/status', 'charging') as { value: unknown }).value, 'charging');
  });

  it('refuses what is too large before it parses it', () => {
    const large = Buffer.alloc(defaultLimits.maxBytes + 1, '[');
    assert.match(String(read('devices/101/battery/soc', large)), /65537 bytes, more than the 65536 allowed/);
  });

  it('refuses what is no JSON where an envelope belongs', () => {
    assert.equal(read('devices/101/meta', 'hello'), 'not JSON');
    assert.equal(read('devices/101/meta', ''), 'empty payload');
  });
});
