import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readTime } from '../../../../src/drivers/ocpp/codec/timestamps.ts';

const arrival = Date.parse('2026-01-05T10:00:05Z');

const read = (timestamp: unknown): { time: string | undefined; notes: string[] } => {
  const notes: string[] = [];
  const ms = readTime({ timestamp }, 'timestamp', { arrival, notes });
  return { time: ms === undefined ? undefined : new Date(ms).toISOString(), notes };
};

describe('times of stations', () => {
  const good: [written: string, time: string][] = [
    ['2026-01-05T10:00:00Z', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05T10:00:00.5z', '2026-01-05T10:00:00.500Z'],
    ['2026-01-05T10:00:00.123456789Z', '2026-01-05T10:00:00.123Z'],
    ['2026-01-05T10:00:00,25Z', '2026-01-05T10:00:00.250Z'],
    ['2026-01-05T11:00:00+01:00', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05T11:00:00+0100', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05T11:00:00+01', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05T04:30:00-05:30', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05 10:00:00Z', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05T10:00Z', '2026-01-05T10:00:00.000Z'],
    // Kept back while there was no connection.
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
    // A clock that is a little fast.
    ['2026-01-05T10:09:00Z', '2026-01-05T10:09:00.000Z'],
  ];
  for (const [written, time] of good) it(written, () => assert.deepEqual(read(written), { time, notes: [] }));

  it('without a zone are in UTC', () => {
    const { time, notes } = read('2026-01-05T10:00:00');
    assert.equal(time, '2026-01-05T10:00:00.000Z');
    assert.match(notes.join(), /taken as UTC/);
  });

  const bad: [written: unknown, note: RegExp][] = [
    ['2026-01-05T09:00:00', /not of now in UTC/],
    ['2026-01-05T11:00:00', /still to come/],
    ['2026-01-05T10:11:00Z', /still to come/],
    ['1970-01-01T00:00:12Z', /not set/],
    ['2000-01-01T00:00:00', /not set/],
    ['0000-00-00T00:00:00Z', /no time/],
    ['2025-02-30T10:00:00Z', /no time/],
    ['2025-13-01T10:00:00Z', /no time/],
    ['2025-12-01T25:00:00Z', /no time/],
    ['2025-12-01T10:61:00Z', /no time/],
    ['yesterday', /no time/],
    ['', /no time/],
    [undefined, /nothing and no time/],
    [null, /no time/],
    [1767607200, /no time/],
    [{}, /no time/],
    ['2026-01-05T10:00:00Z'.padEnd(100_000), /no time/],
  ];
  for (const [written, expected] of bad)
    it(`${JSON.stringify(written)?.slice(0, 40)} is none`, () => {
      const { time, notes } = read(written);
      assert.equal(time, undefined);
      assert.match(notes.join(), expected);
    });

  it('of any moment, in any zone, are that moment', () => {
    const moments = fc.date({ min: new Date('2016-01-02'), max: new Date(arrival), noInvalidDate: true });
    fc.assert(
      fc.property(moments, fc.integer({ min: -12 * 60, max: 14 * 60 }), (moment, offset) => {
        const local = new Date(moment.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const size = Math.abs(offset);
        const zone = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0')).join(':');
        assert.equal(read(`${local}${offset < 0 ? '-' : '+'}${zone}`).time, moment.toISOString());
      }),
    );
  });
});
