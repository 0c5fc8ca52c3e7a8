import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import RED from 'node-red';
import { type Checked, checkMessage } from '../../src/model/check.ts';
import type { CheckContext } from '../../src/model/check-context.ts';
import { readingSchema } from '../../src/model/reading.ts';
import { checkedFields, isSurelyReading } from '../../src/model/reading-check.ts';
import { type Candidate, candidates, changed, changes, now } from '../support/model/arbitrary-readings.ts';
import { quantities } from '../support/model/arbitrary-topics.ts';

const context: CheckContext = { now };

const soc = {
  topic: 'devices/101/battery/soc',
  schema: 'reading/1',
  value: 63.5,
  unit: '%',
  ts: new Date(now).toISOString(),
  quality: 'good',
};

/** The check by the schema alone: a field that nobody knows keeps a reading from the short way. */
const checkBySchema = (candidate: Candidate): Checked => {
  const checked = checkMessage({ ...candidate, known_to_nobody: true }, context);
  if (checked.ok) Reflect.deleteProperty(checked.message, 'known_to_nobody');
  return checked;
};

/** Without prototypes, which differ between realms and say nothing about a message. */
const plain = (checked: Checked): unknown => (checked.ok ? { ...checked, message: { ...checked.message } } : checked);

describe('reading/1 as code', () => {
  it('knows the fields of the schema', () => {
    assert.deepEqual([...checkedFields].sort(), [...Object.keys(readingSchema.shape), 'topic'].sort());
  });

  it('takes what the schema takes, and nothing else', () => {
    let taken = 0;
    fc.assert(
      fc.property(candidates, fc.option(changes), (reading, change) => {
        const candidate = change ? changed(reading, change) : reading;
        const { topic, ...body } = candidate;
        const isTaken = readingSchema.safeParse(body).success;
        const isDecided =
          typeof topic === 'string' &&
          Object.entries(candidate).every(([key, value]) => checkedFields.includes(key) && value !== undefined);
        if (isSurelyReading(candidate)) {
          taken++;
          assert.ok(isTaken);
        } else if (isDecided) assert.ok(!isTaken, `the schema takes ${JSON.stringify(candidate)}`);
      }),
      { numRuns: 10_000 },
    );
    assert.ok(taken > 1000, `${taken} were taken`);
  });

  it('leads to the message or to the reasons that the schema leads to', () => {
    fc.assert(
      fc.property(candidates, fc.option(changes), (reading, change) => {
        const candidate = change ? changed(reading, change) : reading;
        assert.deepEqual(plain(checkMessage({ ...candidate }, context)), plain(checkBySchema(candidate)));
      }),
      { numRuns: 10_000 },
    );
  });

  it('does not decide about objects that inherit fields', () => {
    assert.ok(isSurelyReading({ ...soc }));
    const { value, ...rest } = soc;
    assert.ok(!isSurelyReading(Object.assign(Object.create({ value }), rest)));
    const root: object = Object.assign(Object.create(null), { value });
    assert.ok(!isSurelyReading(Object.assign(Object.create(root), rest)));
  });
});

describe('a reading that was checked', () => {
  const isOk = (candidate: unknown, given = context): boolean => checkMessage(candidate, given).ok;

  it('is the same object afterwards, and so is one of a function node', () => {
    for (const reading of [{ ...soc }, runInNewContext(`(${JSON.stringify(soc)})`)]) {
      const checked = checkMessage(reading, context);
      assert.ok(checked.ok);
      assert.equal(checked.message, reading);
      const again = checkMessage(reading, context);
      assert.ok(again.ok);
      assert.equal(again.message, reading);
    }
  });

  it('is refused, or not, as if it had never been checked, whichever field is changed in place', () => {
    let refused = 0;
    fc.assert(
      fc.property(candidates, fc.array(changes, { minLength: 1, maxLength: 2 }), (reading, several) => {
        const checked = checkMessage(reading, context);
        const known = (checked.ok ? checked.message : reading) as Candidate;
        for (const change of several) changed(known, change);
        const expected = plain(checkBySchema(known));
        const again = checkMessage(known, context);
        if (checked.ok && !again.ok) refused++;
        assert.deepEqual(plain(again), expected);
      }),
      { numRuns: 10_000 },
    );
    assert.ok(refused > 1000, `${refused} were refused after they had been taken`);
  });

  it('so is a copy that Node-RED makes on its way to several nodes', () => {
    fc.assert(
      fc.property(candidates, fc.option(changes), (reading, change) => {
        const checked = checkMessage(reading, context);
        if (!checked.ok) return;
        const { payload } = RED.util.cloneMessage({ _msgid: '1', payload: checked.message });
        assert.notEqual(payload, checked.message);
        assert.deepEqual(plain(checkMessage(payload, context)), plain(checked));
        if (!change) return;
        changed(payload as unknown as Candidate, change);
        assert.deepEqual(plain(checkMessage(payload, context)), plain(checkBySchema(payload as unknown as Candidate)));
      }),
      { numRuns: 5000 },
    );
  });

  it('grows old all the same', () => {
    const reading = { ...soc, topic: 'devices/102/battery/soc' };
    assert.ok(isOk(reading));
    assert.ok(!isOk(reading, { now: now + 25 * 3_600_000 }));
    assert.ok(isOk(reading, { now: now + 25 * 3_600_000, retained: true }));
    const ahead = checkMessage(reading, { now: now - 400_000 });
    assert.ok(ahead.ok);
    assert.equal((ahead.message as { reason?: string }).reason, 'clock_skew');
    assert.ok(!('reason' in reading), 'it is not changed itself');
  });

  it('is no longer believed where its quantity is not declared any more', () => {
    const reading = { ...soc, topic: 'devices/103/toaster/crumbs', unit: '1' };
    assert.ok(isOk(reading, { now, isDeclared: () => true }));
    assert.ok(!isOk(reading, { now, isDeclared: () => false }));
  });

  it('is checked anew where thousands of others came in between', () => {
    const readings = Array.from({ length: 40_000 }, (_, i) => ({
      ...soc,
      topic: `devices/d${i}/battery/soc`,
      value: i % 100,
    }));
    for (let round = 0; round < 2; round++) for (const reading of readings) assert.ok(isOk(reading));
    for (const reading of readings.slice(0, 100)) assert.ok(!isOk(Object.assign(reading, { value: 101 })));
  });

  it('holds the range of every quantity, also where the value alone has changed', () => {
    fc.assert(
      fc.property(quantities, fc.double({ noNaN: true, noDefaultInfinity: true }), ({ type, name, of }, value) => {
        if (of.unit === undefined) return;
        const { min = 0, max = 0 } = of;
        const reading = {
          ...soc,
          topic: `devices/104/${type}/${name}`,
          value: Math.round((min + max) / 2),
          unit: of.unit,
        };
        assert.ok(isOk(reading));
        reading.value = of.value === 'integer' ? Math.round(value) : value;
        assert.equal(isOk(reading), reading.value >= min && reading.value <= max);
      }),
      { numRuns: 1000 },
    );
  });
});
