import assert from 'node:assert/strict';
import { type DeviceEntry, makersOf, searchDevices, splitTitle } from '../../../src/editor/parts/device-index.ts';

const index: DeviceEntry[] = [
  { node: 'ems-modbus', value: 'fox-ess-h3-smart', maker: 'Fox ESS', model: 'H3 Smart' },
  { node: 'ems-modbus', value: 'sma-inverter', maker: 'SMA', model: 'Sunny Boy' },
  { node: 'ems-sunspec', value: 'sma', maker: 'SMA', model: '' },
  { node: 'ems-modbus', value: 'huawei-sun2000', maker: 'Huawei', model: 'SUN2000 + LUNA2000' },
  { node: 'ems-modbus', value: 'sma-storage', maker: 'SMA', model: 'Sunny Boy Storage' },
];
const found = (typed: string, own: DeviceEntry['node'] = 'ems-modbus'): string[] =>
  searchDevices(index, typed, own).map(({ value }) => value);

describe('the devices that can be chosen', () => {
  it('are found by words of maker and model in any order and spelling, the maker first', () => {
    assert.deepEqual(found('sma'), ['sma-inverter', 'sma-storage', 'fox-ess-h3-smart', 'sma']);
    assert.deepEqual(found('storage SMA'), ['sma-storage']);
    assert.deepEqual(found('sun 2000'), ['huawei-sun2000']);
    assert.deepEqual(found('Sun-2000'), ['huawei-sun2000']);
    assert.deepEqual(found('nobody'), []);
  });

  it('are those of the form first', () => {
    assert.equal(found('sma', 'ems-sunspec')[0], 'sma');
  });

  it('are listed by maker', () => {
    assert.deepEqual(
      makersOf(index, 'ems-modbus').map(({ maker, entries }) => [maker, entries.length]),
      [
        ['Fox ESS', 1],
        ['Huawei', 1],
        ['SMA', 2],
      ],
    );
  });

  it('have maker and model out of a title', () => {
    assert.deepEqual(splitTitle('Eastron SDM630', 'Eastron'), { maker: 'Eastron', model: 'SDM630' });
    assert.deepEqual(splitTitle('Luxtronik 2.1', 'Alpha Innotec'), { maker: 'Alpha Innotec', model: 'Luxtronik 2.1' });
    assert.deepEqual(splitTitle('Easee Home, Charge'), { maker: 'Easee', model: 'Home, Charge' });
    assert.deepEqual(splitTitle('OpenEVSE'), { maker: 'OpenEVSE', model: '' });
  });
});
