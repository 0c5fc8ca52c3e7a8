import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkMessage } from '../../src/model/check.ts';
import { readingSchema } from '../../src/model/reading.ts';
import { readingJson } from '../../src/model/reading-json.ts';
import { candidates, changed, changes, now } from '../support/model/arbitrary-readings.ts';

describe('a reading as JSON', () => {
  it('is what JSON.stringify makes of it, in the order of the schema', () => {
    let written = 0;
    fc.assert(
      fc.property(candidates, fc.array(changes, { maxLength: 2 }), (reading, several) => {
        for (const change of several) changed(reading, change);
        const checked = checkMessage(reading, { now });
        if (!checked.ok || checked.message.schema !== 'reading/1') return;
        written++;
        const json = readingJson(checked.message);
        const { topic: _, ...envelope } = checked.message;
        assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(envelope)));
        const { shape } = readingSchema;
        const isKnown = Object.entries(envelope).every(
          ([name, value]) => Object.hasOwn(shape, name) && value !== undefined,
        );
        if (isKnown) assert.equal(json, JSON.stringify(readingSchema.parse(envelope)));
      }),
      { numRuns: 10_000 },
    );
    assert.ok(written > 1000, `${written} were written`);
  });
});
