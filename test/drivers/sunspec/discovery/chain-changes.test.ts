import assert from 'node:assert/strict';
import {
  findChainChange,
  type SunSpecDevice,
  scanForDevices,
  watchedHeaders,
} from '../../../../src/drivers/sunspec/index.ts';
import { findModel } from '../../../support/sunspec/known-models.ts';
import { illegalAddress, simulateUnits, unitOf } from '../../../support/sunspec/simulated-units.ts';
import {
  buildImage,
  commonModel,
  type ImageEnd,
  type ImageModel,
  modelOf,
} from '../../../support/sunspec/sunspec-image.ts';

const models = [commonModel({ serial: 'S' }), modelOf(103, 50), modelOf(160, 48)];
const wordsOf = (list: ImageModel[], end: ImageEnd = 'end_model') => buildImage(list, { end }).words;

const discover = async (end: ImageEnd = 'end_model'): Promise<SunSpecDevice> => {
  const { bus, clock } = simulateUnits({ 1: unitOf(wordsOf(models, end)) });
  const { devices } = await scanForDevices(bus, { findModel, clock, units: [1] });
  const [device] = devices;
  assert.ok(device);
  return device;
};
const changeIn = async (list: ImageModel[], end?: ImageEnd) => {
  const words = wordsOf(list, end);
  return findChainChange(await discover(end), (address) => words.get(address));
};

describe('SunSpec: changes of a list of models while a device runs', () => {
  it('none while it stays', async () => {
    for (const end of ['end_model', 'zeros', 'single_zero', 'none'] as const)
      assert.equal(await changeIn(models, end), undefined);
  });

  it('a model that moves, and one with another length', async () => {
    const [common, inverter, modules] = models as [ImageModel, ImageModel, ImageModel];
    const moved = await changeIn([common, modelOf(120, 26), inverter, modules]);
    assert.deepEqual([moved?.kind, moved && 'id' in moved && moved.id], ['moved', 120]);
    const longer = await changeIn([common, inverter, modelOf(160, 88)]);
    assert.deepEqual([longer?.kind, longer && 'length' in longer && longer.length], ['length_changed', 88]);
    assert.equal((await changeIn([common, inverter]))?.kind, 'moved');
  });

  it('a list that has become shorter, and ends with an exception', async () => {
    const device = await discover();
    const words = wordsOf(models.slice(0, 2), 'none');
    const change = findChainChange(device, (address) => words.get(address) ?? 'refused');
    assert.deepEqual(change, { kind: 'gone', model: device.models[2] });
  });

  it('a list that grows', async () => {
    for (const end of ['end_model', 'zeros', 'single_zero'] as const)
      assert.deepEqual(await changeIn([...models, modelOf(124, 24)], end), { kind: 'grown', address: 40_172, id: 124 });
  });

  it('registers that were not read show nothing', async () => {
    assert.equal(
      findChainChange(await discover(), () => undefined),
      undefined,
    );
  });

  it('an end model in place of zeros is no change', async () => {
    const words = wordsOf(models, 'end_model');
    assert.equal(
      findChainChange(await discover('single_zero'), (address) => words.get(address)),
      undefined,
    );
  });

  it('names the registers to watch: all headers, and the end if it can be read', async () => {
    const headers = [40_002, 40_070, 40_122].map((address) => ({ address, count: 2 }));
    assert.deepEqual(watchedHeaders(await discover()), [...headers, { address: 40_172, count: 1 }]);
    assert.deepEqual(watchedHeaders(await discover('none')), headers);
  });

  it('a header that is not given alone is watched with more registers', async () => {
    const refuse = (address: number, count: number) =>
      address === 40_122 ? (count < 7 ? illegalAddress : undefined) : count > 70 ? illegalAddress : undefined;
    const { bus, clock } = simulateUnits({ 1: unitOf(wordsOf(models), refuse) });
    const { devices } = await scanForDevices(bus, { findModel, clock, units: [1] });
    assert.ok(devices[0]);
    assert.deepEqual(watchedHeaders(devices[0])[2], { address: 40_122, count: 7 });
  });
});
