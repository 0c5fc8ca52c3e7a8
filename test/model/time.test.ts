import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isoTime, parseTime } from '../../src/model/time.ts';

describe('times on the wire', () => {
  const moments = fc.date({
    min: new Date('0000-01-01'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });

  it('are read as they were written', () => {
    fc.assert(fc.property(moments, (moment) => assert.equal(parseTime(isoTime(moment.getTime())), moment.getTime())));
  });

  it('may have no part of a second, or up to nine digits of it', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(moments, digits, (moment, part) => {
        const second = isoTime(moment.getTime()).slice(0, 19);
        assert.equal(parseTime(`${second}Z`), Date.parse(`${second}Z`));
        const ms = Number(part.join('').padEnd(3, '0').slice(0, 3));
        assert.equal(parseTime(`${second}.${part.join('')}Z`), Date.parse(`${second}Z`) + ms);
      }),
    );
  });

  it('with one character changed are another time, or none: never one that is not written so', () => {
    const characters = fc.constantFrom(...'0123456789-:.TZ +aN');
    fc.assert(
      fc.property(moments, fc.nat(23), characters, (moment, at, character) => {
        const text = isoTime(moment.getTime());
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const ms = parseTime(changed);
        if (!Number.isNaN(ms)) assert.equal(isoTime(ms), changed);
      }),
    );
  });

  for (const text of [
    '',
    'Z',
    '2026-01-05',
    '2026-01-05T10:00:00',
    '2026-01-05T10:00Z',
    '2026-01-05T10:00:00.Z',
    '2026-01-05T10:00:00.1234567890Z',
    '2026-01-05T10:00:00,5Z',
    '2026-01-05T10:00:00+01:00',
    '2026-01-05 10:00:00Z',
    '2026-01-05t10:00:00Z',
    '2026-01-05T10:00:00z',
    '2026-02-29T10:00:00Z',
    '2025-02-30T10:00:00Z',
    '2026-04-31T10:00:00Z',
    '2026-00-05T10:00:00Z',
    '2026-13-05T10:00:00Z',
    '2026-01-00T10:00:00Z',
    '2026-01-32T10:00:00Z',
    '2026-01-05T24:00:00Z',
    '2026-01-05T10:60:00Z',
    '2026-01-05T10:00:60Z',
    '٢٠٢٦-01-05T10:00:00Z',
    '2026-01-05T10:00:00Z\n',
  ])
    it(`${JSON.stringify(text)} is none`, () => assert.ok(Number.isNaN(parseTime(text))));

  it('a leap day is a day', () => {
    assert.equal(parseTime('2024-02-29T10:00:00Z'), Date.UTC(2024, 1, 29, 10));
    assert.equal(parseTime('2000-02-29T10:00:00Z'), Date.UTC(2000, 1, 29, 10));
    assert.ok(Number.isNaN(parseTime('2100-02-29T10:00:00Z')));
  });
});
