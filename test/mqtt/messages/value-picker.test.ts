import assert from 'node:assert/strict';
import { isoTime } from '../../../src/model/time.ts';
import { type PickerOptions, ValuePicker } from '../../../src/mqtt/messages/value-picker.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const topic = 'devices/1/battery/soc';

const start = (options: Partial<PickerOptions> = {}, maxAgeMs?: number) => {
  const clock = createVirtualClock();
  const choices = [{ topic: 'devices/#', field: '', name: '' }];
  const picker = new ValuePicker({ choices, bad: 'null', onlyChanges: false, ...options }, clock, () => maxAgeMs);
  const reading = (value: number | null, more: object = {}) => ({
    ...{ topic, schema: 'reading/1', value, unit: '%', ts: isoTime(clock.now()) },
    ...{ quality: value === null ? 'invalid' : 'good', ...more },
  });
  const values = (picked: ReturnType<typeof picker.pick>) => picked.map(({ value }) => value);
  return {
    clock,
    picker,
    reading,
    pick: (payload: unknown) => values(picker.pick(payload)),
    expire: () => values(picker.expire()),
    state: () => picker.single()?.state,
  };
};

describe('what is picked', () => {
  it('goes old once, with its own time and the quality it has now', () => {
    const { clock, picker, reading, pick, expire, state } = start({}, 5000);
    const ts = isoTime(clock.now());
    assert.deepEqual(pick(reading(50)), [50]);
    clock.advance(5000);
    assert.deepEqual([expire(), state()], [[], 'good']);
    clock.advance(1);
    assert.deepEqual(picker.expire(), [
      { topic, name: '1_battery_soc', value: null, reading: { ...reading(50), ts, quality: 'stale' } },
    ]);
    assert.deepEqual([state(), picker.single()?.text, picker.count()], ['old', '50 %', { all: 1, notGood: 1 }]);
    clock.advance(60_000);
    assert.deepEqual(expire(), []);
    assert.deepEqual([pick(reading(50)), state(), picker.count().notGood], [[50], 'good', 0]);
  });

  it('becomes of an old value what was chosen', () => {
    for (const [bad, expected] of [
      ['null', [null]],
      ['pass', [50]],
      ['drop', [undefined]],
    ] as const) {
      const { clock, reading, pick, expire, state } = start({ bad }, 5000);
      pick(reading(50));
      clock.advance(6000);
      assert.deepEqual([expire(), state()], [expected, 'old'], bad);
    }
  });

  it('may be three times as old as values have come apart where nobody says how old', () => {
    const { clock, reading, pick, expire } = start();
    pick(reading(50));
    clock.advance(60_000);
    pick(reading(51));
    clock.advance(180_000);
    assert.deepEqual(expire(), []);
    clock.advance(1);
    assert.deepEqual(expire(), [null]);
    for (let i = 0; i < 3; i++) {
      pick(reading(50));
      clock.advance(1000);
    }
    clock.advance(29_001);
    assert.deepEqual(expire(), [null]);
  });

  it('is old at once where it was measured long ago', () => {
    const { clock, reading, pick, expire, state } = start({}, 5000);
    assert.deepEqual(pick(reading(50, { ts: isoTime(clock.now() - 6000) })), [null]);
    assert.deepEqual([state(), expire()], ['old', []]);
  });

  it('says that a value is invalid though it is left out', () => {
    const { picker, reading, pick, state } = start({ bad: 'drop' });
    pick(reading(50));
    assert.deepEqual([pick(reading(null)), state(), picker.single()?.text], [[undefined], 'invalid', '50 %']);
  });

  it('trusts the fields of a sum that are known, however bad the worst of its sources', () => {
    const { clock, pick } = start({ choices: ['grid_w', 'soc'].map((field) => ({ topic: '#', field, name: field })) });
    const power = { topic: 'sites/home/power', ts: isoTime(clock.now()), quality: 'invalid' };
    assert.deepEqual(pick({ ...power, grid_w: 500, soc: null }), [500, null]);
  });

  it('gives the value again after it was old, though it did not change', () => {
    const { clock, reading, pick, expire } = start({ onlyChanges: true }, 5000);
    assert.deepEqual([pick(reading(50)), pick(reading(50))], [[50], []]);
    clock.advance(6000);
    assert.deepEqual([expire(), pick(reading(50))], [[null], [50]]);
  });

  it('forgets a device that was removed', () => {
    const { clock, picker, reading, pick, expire } = start({}, 5000);
    pick([reading(50), { ...reading(40), topic: 'devices/10/battery/soc' }, reading(null)]);
    picker.forget('1');
    assert.deepEqual(picker.count(), { all: 1, notGood: 0 });
    clock.advance(6000);
    assert.deepEqual(expire(), [null]);
  });
});
