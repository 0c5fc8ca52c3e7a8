import assert from 'node:assert/strict';
import type { MeasuredValue } from '../../../src/bridge/commands/effect-watch.ts';
import { ObservedValues } from '../../../src/bridge/commands/observed-values.ts';
import { Readings } from '../../../src/bridge/readings/readings.ts';
import type { Channel, Cycle, Sample } from '../../../src/drivers/driver.ts';
import { batteryActuator } from '../../support/bridge/scripted-device.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const channel = (type: string, quantity: string, part?: string): Channel => ({
  type,
  quantity,
  ...(part === undefined ? {} : { part }),
  kind: 'gauge',
  intervalS: 1,
  maxAgeS: 10,
  signed: false,
});
const channels = [
  channel('battery', 'temperature'),
  channel('battery', 'power'),
  channel('battery', 'current', 'l1'),
  channel('meter', 'soc'),
  channel('ev_charger', 'soc'),
];

describe('the values that show the effect of commands', () => {
  let clock: VirtualClock;
  let observed: ObservedValues;
  let readings: Readings;
  beforeEach(() => {
    clock = createVirtualClock();
    readings = new Readings({ device: 'x', site: 'home', gateway: 'gw' }, 'test');
    readings.addChannels({ protocol: 'test', source: 'test', channels, components: {} });
    observed = new ObservedValues(readings, clock);
    const wallbox = { ...batteryActuator, key: 'box', type: 'ev_charger', tellsProgress: true };
    observed.update(channels, [batteryActuator, wallbox]);
  });
  const cycle = (more: Partial<Sample> = {}): Cycle => ({
    samples: channels.map((_, nth) => ({ channel: nth, value: nth + 0.5, ts: clock.now(), ...more })),
    durationMs: 0,
    errors: [],
  });
  const seen = (given: Cycle): [string, MeasuredValue][] => {
    const values: [string, MeasuredValue][] = [];
    observed.forEach(given, (component, measured) => values.push([component, measured]));
    return values;
  };

  it('are those of components that can be commanded, and whose driver does not tell by itself', () => {
    const at = { ts: clock.now(), at: clock.monotonic() };
    assert.deepEqual(seen(cycle()), [
      ['battery', { quantity: 'power', value: 1.5, ...at }],
      ['battery', { quantity: 'current', part: 'l1', value: 2.5, ...at }],
    ]);
  });

  it('are measured numbers', () => {
    assert.deepEqual(seen(cycle({ isEstimated: true })), []);
    assert.deepEqual(seen(cycle({ value: null })), []);
    assert.deepEqual(seen(cycle({ value: 'auto' })), []);
  });

  it('are as old as they are, whatever the wall clock does', () => {
    clock.advance(10_000);
    const old = cycle({ ts: clock.now() - 4000 });
    assert.deepEqual(
      seen(old).map(([, { at }]) => clock.monotonic() - at),
      [4000, 4000],
    );
    const ahead = cycle({ ts: clock.now() + 5000 });
    assert.deepEqual(
      seen(ahead).map(([, { at }]) => clock.monotonic() - at),
      [0, 0],
    );
  });

  it('say which component tells its state of charge', () => {
    assert.deepEqual(
      ['battery', 'meter', 'ev_charger'].map((each) => observed.hasSoc(each)),
      [false, false, false],
    );
    observed.update([...channels, channel('battery', 'soc')], [batteryActuator]);
    assert.deepEqual(
      ['battery', 'meter'].map((each) => observed.hasSoc(each)),
      [true, false],
    );
  });

  it('are known of before, as far as they are good', () => {
    readings.sample(cycle(), []);
    assert.deepEqual(
      observed.last('battery').map(({ quantity, value }) => [quantity, value]),
      [
        ['power', 1.5],
        ['current', 2.5],
      ],
    );
    assert.deepEqual(observed.last('meter'), []);
    readings.sample(cycle({ isEstimated: true }), []);
    assert.deepEqual(observed.last('battery'), []);
  });
});
