import assert from 'node:assert/strict';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import { EnergyMetering } from '../../../src/site/energy/energy-metering.ts';
import type { EnergySums } from '../../../src/site/energy/energy-sink.ts';
import { type Source, sourcesOf } from '../../../src/site/sources/sources.ts';
import { gridMeter, metaOf, power, solar } from '../../support/site/site-messages.ts';

const counter = { unit: 'Wh', interval_s: 10, max_age_s: 60, resolution: 1 } as const;
const onChange: ComponentMeta = {
  ...solar,
  quantities: { power: { unit: 'W', interval_s: 60, max_age_s: 86_400, report: 'on_change' } },
};
const counted: ComponentMeta = { ...solar, quantities: { ...power, energy_produced: counter } };

const sourceOf = (component: ComponentMeta): Source => {
  const [source] = sourcesOf(metaOf('x', component), 100_000);
  assert.ok(source);
  return source;
};

describe('the metering of energies', () => {
  let elapsedMs: number;
  let addedWh: number[];
  let heardAt: number[];
  /** Gaps that energy was added to, and gaps that were told of. */
  let gaps: unknown[];
  let metering: EnergyMetering;

  beforeEach(() => {
    elapsedMs = 0;
    addedWh = [];
    heardAt = [];
    gaps = [];
    const sums: EnergySums = {
      add({ wh, gap }) {
        if (wh !== 0) addedWh.push(wh);
        if (gap) gaps.push(['added', gap]);
      },
      awaits: () => true,
      hear: (_, at) => void heardAt.push(at),
      miss: (_, gap) => void gaps.push(['missed', gap]),
      fill() {},
    };
    const events = { counterEvent() {}, counterTrust() {} };
    metering = new EnergyMetering({ sums, events, elapsedMs: () => elapsedMs, isAsleep: () => false });
  });
  const flags = { isLate: false, isEstimated: false };

  it('counts on the value of a source that reports on change, once the source has told nothing for 10 s', () => {
    const source = sourceOf(onChange);
    metering.takePower(source, { w: 3600, at: 0 }, flags);
    elapsedMs = 9999;
    metering.holdPower(source, 8000, false);
    assert.deepEqual(addedWh, []);
    elapsedMs = 10_000;
    metering.holdPower(source, 8000, false);
    assert.deepEqual(addedWh, [8]);
    metering.holdPower(source, 9000, false);
    assert.deepEqual(addedWh, [8, 1]);
  });

  it('adds what a value was held for to the time before the gap', () => {
    const source = sourceOf({
      ...solar,
      quantities: { power: { unit: 'W', max_age_s: 60, report: 'on_change' } },
    });
    metering.takePower(source, { w: 3600, at: 0 }, flags);
    metering.takePower(source, { w: 0, at: 100_000 }, flags);
    assert.deepEqual(addedWh, [60]);
    assert.deepEqual(gaps, [
      ['missed', 'unknown'],
      ['missed', { pieces: 1 }],
    ]);
  });

  it('counts on no value of a source that reports in intervals', () => {
    const source = sourceOf(solar);
    metering.takePower(source, { w: 3600, at: 0 }, flags);
    elapsedMs = 20_000;
    metering.holdPower(source, 20_000, false);
    assert.deepEqual(addedWh, []);
  });

  it('hears nothing of a source from a reading of its counter that is not believed', () => {
    const source = sourceOf(counted);
    metering.takeCounter(source, { direction: 'positive', wh: 1000, at: 0 });
    metering.takeCounter(source, { direction: 'positive', wh: 1001, at: 10_000 });
    assert.deepEqual(heardAt, [0, 10_000]);
    metering.takeCounter(source, { direction: 'positive', wh: 900_000, at: 20_000 });
    assert.deepEqual([heardAt, addedWh], [[0, 10_000], [1]]);
    metering.takeCounter(source, { direction: 'positive', wh: 1002, at: 30_000 });
    assert.deepEqual(
      [heardAt, addedWh],
      [
        [0, 10_000, 30_000],
        [1, 1],
      ],
    );
  });

  it('takes a counter that shows less than before for one that has not risen', () => {
    const source = sourceOf(counted);
    metering.takeCounter(source, { direction: 'positive', wh: 1000, at: 0 });
    metering.takeCounter(source, { direction: 'positive', wh: 998, at: 10_000 });
    const { still, stepWh } = metering.stateOf(source, 'positive').check;
    assert.deepEqual([still.readings, stepWh], [2, undefined]);
  });

  it('needs both directions of a source, but one of a producer that is counted', () => {
    const grid = sourceOf(gridMeter);
    const sun = sourceOf(counted);
    for (const source of [grid, sun]) {
      assert.deepEqual(metering.neededOf(source), ['positive', 'negative'], 'no counter was read yet');
      metering.takeCounter(source, { direction: 'positive', wh: 1000, at: 0 });
    }
    assert.deepEqual(metering.neededOf(grid), ['positive', 'negative']);
    assert.deepEqual(metering.neededOf(sun), ['positive']);
  });

  it('adds nothing that a counter has counted while the source had none', () => {
    const source = sourceOf(counted);
    metering.takeCounter(source, { direction: 'positive', wh: 1000, at: 0 });
    for (const at of [0, 10_000]) metering.takePower(sourceOf(solar), { w: 3600, at }, flags);
    metering.takeCounter(source, { direction: 'positive', wh: 1010, at: 10_000 });
    assert.deepEqual(addedWh, [10]);
  });

  it('hears a source once both its counter and the power of the other direction were heard', () => {
    const { energy_export, ...quantities } = gridMeter.quantities;
    const source = sourceOf({ ...gridMeter, quantities });
    metering.takeCounter(source, { direction: 'positive', wh: 1000, at: 0 });
    assert.deepEqual(heardAt, []);
    metering.takePower(source, { w: 100, at: 1000 }, flags);
    assert.deepEqual(heardAt, [1000]);
  });

  it('hears nothing of a source from a late sample', () => {
    const source = sourceOf(solar);
    for (const at of [0, 10_000]) metering.takePower(source, { w: 3600, at }, flags);
    metering.takePower(source, { w: 7200, at: 5000 }, { ...flags, isLate: true });
    assert.deepEqual(
      [heardAt, addedWh],
      [
        [0, 10_000],
        [10, 5],
      ],
    );
  });

  it('hears a source without its counter of a direction in which nothing has flowed', () => {
    const source = sourceOf(gridMeter);
    for (const direction of ['positive', 'negative'] as const)
      metering.takeCounter(source, { direction, wh: 1000, at: 0 });
    for (const at of [0, 10_000]) metering.takePower(source, { w: 360, at }, flags);
    const known = heardAt.length;
    metering.takeCounter(source, { direction: 'positive', wh: 1001, at: 10_000 });
    assert.deepEqual(heardAt.slice(known), [10_000]);
  });
});
