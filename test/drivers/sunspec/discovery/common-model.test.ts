import assert from 'node:assert/strict';
import { type CommonModel, scanForDevices } from '../../../../src/drivers/sunspec/index.ts';
import { findModel } from '../../../support/sunspec/known-models.ts';
import { illegalAddress, simulateUnits, type UnitAnswer, unitOf } from '../../../support/sunspec/simulated-units.ts';
import { buildImage, commonModel, type ImageModel, modelOf } from '../../../support/sunspec/sunspec-image.ts';

const texts = {
  manufacturer: 'Maker',
  model: 'Model 8',
  options: 'opt',
  version: '1.2',
  serial: 'S 17',
  deviceAddress: 7,
};

/** The common model of a device that lists this one and an inverter. */
const commonOf = async (
  model: ImageModel,
  refuse?: (address: number, count: number) => UnitAnswer | undefined,
): Promise<CommonModel | undefined> => {
  const { bus, clock } = simulateUnits({ 1: unitOf(buildImage([model, modelOf(103, 50)]).words, refuse) });
  const { devices } = await scanForDevices(bus, { findModel, clock, units: [1] });
  assert.deepEqual(
    devices[0]?.models.map(({ id }) => id),
    [1, 103],
  );
  return devices[0]?.common;
};

describe('SunSpec: the common model', () => {
  it('in words, with and without Pad', async () => {
    for (const size of [65, 66]) assert.deepEqual(await commonOf(commonModel(texts, size)), texts);
  });

  it('points that are not implemented are absent', async () => {
    assert.deepEqual(await commonOf(commonModel({ manufacturer: 'M' })), { manufacturer: 'M' });
    for (const word of [0, 0xffff, 0x8000, 0x2020])
      assert.deepEqual(await commonOf({ id: 1, body: [...modelOf(1, 64, word).body, 0xffff, 0x8000] }), {});
  });

  it('texts end at NUL, and lose blanks around them', async () => {
    const model = commonModel({ ...texts, manufacturer: '  Maker  \0rest', serial: 'äöü' });
    assert.deepEqual(await commonOf(model), { ...texts, manufacturer: 'Maker', serial: 'äöü' });
  });

  it('a device that gives its points one by one', async () => {
    const refuse = (_: number, count: number): UnitAnswer | undefined => (count > 16 ? illegalAddress : undefined);
    assert.deepEqual(await commonOf(commonModel(texts), refuse), texts);
    const withoutSerial = (address: number, count: number): UnitAnswer | undefined =>
      count > 16 || (address <= 40_052 && address + count > 40_052) ? illegalAddress : undefined;
    const { serial: _, ...others } = texts;
    assert.deepEqual(await commonOf(commonModel(texts), withoutSerial), others);
  });

  it('a model that has moved before its points were read is not taken for a common model', async () => {
    const meter = [commonModel({ serial: 'M' }), modelOf(203, 105)];
    const before = buildImage([commonModel(texts), modelOf(103, 50), ...meter]);
    const after = buildImage([commonModel(texts), modelOf(103, 50), modelOf(160, 48), ...meter]);
    const at = before.models[2]?.address;
    let hasMoved = false;
    const { bus, clock } = simulateUnits({
      1(address, count) {
        hasMoved ||= address === at && count > 60 && count < 70;
        return unitOf((hasMoved ? after : before).words, (_, size) => (size > 70 ? illegalAddress : undefined))(
          address,
          count,
        );
      },
    });
    const { devices } = await scanForDevices(bus, { findModel, clock, units: [1] });
    assert.ok(hasMoved);
    assert.deepEqual([devices[0]?.models[2]?.id, devices[0]?.models[2]?.common], [1, undefined]);
    assert.equal(devices[0]?.common.serial, 'S 17');
  });
});
