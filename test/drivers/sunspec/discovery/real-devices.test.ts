/** Devices of the field as their users report them: each is simulated with what it does in its own way. */
import assert from 'node:assert/strict';
import {
  discoverySentenceOf,
  findChainChange,
  type ScanOptions,
  type ScanResult,
  scanForDevices,
} from '../../../../src/drivers/sunspec/index.ts';
import { findModel } from '../../../support/sunspec/known-models.ts';
import {
  illegalAddress,
  type SimulatedUnits,
  simulateUnits,
  unitOf,
} from '../../../support/sunspec/simulated-units.ts';
import { buildImage, commonModel, type ImageModel, modelOf } from '../../../support/sunspec/sunspec-image.ts';

const scan = (units: SimulatedUnits, options: Partial<ScanOptions> = {}): Promise<ScanResult> => {
  const { bus, clock } = simulateUnits(units);
  return scanForDevices(bus, { findModel, clock, ...options });
};

const idsOf = ({ devices }: ScanResult, n = 0): number[] | undefined => devices[n]?.models.map(({ id }) => id);
const codesOf = (notes: { code: string }[] = []): string[] => notes.map(({ code }) => code);
const textsOf = ({ notes }: ScanResult): string[] => notes.map(discoverySentenceOf);

const inverter = (manufacturer: string, more: ImageModel[] = [], size = 66): ImageModel[] => [
  commonModel({ manufacturer, model: 'Inverter', serial: `${manufacturer}1`, version: '1.0' }, size),
  modelOf(103, 50),
  ...more,
];
const image = (...given: Parameters<typeof buildImage>): Map<number, number> => buildImage(...given).words;
/** A unit that answers, and has no SunSpec. */
const plainModbus = unitOf(new Map());

describe('SunSpec devices of the field', () => {
  it('SMA: the SunSpec unit is the Modbus unit + 123', async () => {
    const units = { 3: plainModbus, 126: unitOf(image(inverter('SMA'))) };
    const result = await scan(units, { unit: 3, brand: 'sma' });
    assert.deepEqual(
      result.devices.map(({ unit }) => unit),
      [126],
    );
    assert.equal(
      textsOf(result)[0],
      'unit 3 has no SunSpec device; one answers on unit 126, as SMA devices do (Modbus unit + 123): enter that unit',
    );
  });

  it('SMA STP 10-3SE: exception 2 ends the list, which has no end model', async () => {
    const result = await scan({ 126: unitOf(image(inverter('SMA', [modelOf(120, 26)]), { end: 'none' })) });
    assert.deepEqual(idsOf(result), [1, 103, 120]);
    const [device] = result.devices;
    assert.deepEqual(device?.end, { kind: 'exception', address: 40_150, code: 2 });
    assert.ok(codesOf(device?.notes).includes('end_exception'));
  });

  it('SMA: the header of model 11 is given with 7 registers, not alone', async () => {
    const models = [commonModel({ manufacturer: 'SMA', serial: 'S' }), modelOf(11, 13), modelOf(103, 50)];
    const { words, models: placed } = buildImage(models);
    const at11 = placed[1]?.address ?? 0;
    const refuse = (address: number, count: number): number | undefined =>
      (address === at11 && count < 7) || count > 70 ? illegalAddress : undefined;
    const result = await scan({ 126: unitOf(words, refuse) });
    assert.deepEqual(idsOf(result), [1, 11, 103]);
    const [device] = result.devices;
    assert.equal(device?.models[1]?.headerCount, 7);
    assert.ok(codesOf(device?.notes).includes('longer_header'));
  });

  it('SMA Tripower X: ID and L of model 714 are given one by one, and a third register is refused', async () => {
    const models = [...inverter('SMA'), modelOf(714, 93)];
    const { words, models: placed } = buildImage(models, { end: 'none' });
    const at714 = placed[2]?.address ?? 0;
    const refuse = (address: number, count: number): number | undefined =>
      address + count > at714 && count > 1 ? illegalAddress : undefined;
    const result = await scan({ 126: unitOf(words, refuse) });
    assert.deepEqual(result.devices[0]?.models.at(-1), {
      id: 714,
      address: at714,
      length: 93,
      name: 'DER DC Measurement',
      trustedLength: 93,
    });
  });

  it('Kostal: unit 71, and a single 0x0000 ends the list', async () => {
    const result = await scan({ 71: unitOf(image(inverter('KOSTAL', [modelOf(802, 62)]), { end: 'single_zero' })) });
    const [device] = result.devices;
    assert.equal(device?.unit, 71);
    assert.deepEqual(idsOf(result), [1, 103, 802]);
    assert.equal(device?.end.kind, 'zeros');
    assert.ok(codesOf(device?.notes).includes('end_zeros'));
  });

  it('Fronius: meters with units of their own, with integer or float models', async () => {
    const meter = (serial: string, id: number, size: number) =>
      unitOf(image([commonModel({ manufacturer: 'Fronius', serial }, 65), modelOf(id, size)]));
    const units = {
      1: unitOf(image(inverter('Fronius', [modelOf(160, 88), modelOf(124, 24)], 65))),
      240: meter('a', 203, 105),
      201: meter('b', 213, 124),
      200: meter('c', 213, 124),
    };
    const result = await scan(units, { brand: 'fronius' });
    assert.deepEqual(
      result.devices.map(({ unit }) => unit),
      [1, 240, 201, 200],
    );
    assert.deepEqual(idsOf(result, 1), [1, 203]);
    assert.deepEqual(idsOf(result, 2), [1, 213]);
  });

  it('Fronius Verto and Tauro: models move while the device runs', async () => {
    const before = buildImage(inverter('Fronius', [modelOf(160, 48), modelOf(124, 24)]));
    const after = buildImage(inverter('Fronius', [modelOf(160, 88), modelOf(124, 24)]));
    const { devices } = await scan({ 1: unitOf(before.words) });
    const [device] = devices;
    assert.ok(device);
    assert.equal(
      findChainChange(device, (address) => before.words.get(address)),
      undefined,
    );
    const change = findChainChange(device, (address) => after.words.get(address));
    assert.deepEqual(change, { kind: 'length_changed', model: device.models[2], length: 88 });
    const moved = buildImage([...inverter('Fronius'), modelOf(120, 26), modelOf(160, 48), modelOf(124, 24)]);
    assert.deepEqual(
      findChainChange(device, (address) => moved.words.get(address)),
      {
        kind: 'moved',
        model: device.models[2],
        id: 120,
      },
    );
  });

  it('SMA Tripower X: the length of model 714 changes with daylight', async () => {
    const day = buildImage([...inverter('SMA'), modelOf(714, 93), modelOf(715, 7)]);
    const night = buildImage([...inverter('SMA'), modelOf(714, 18), modelOf(715, 7)]);
    const [device] = (await scan({ 126: unitOf(night.words) })).devices;
    assert.ok(device);
    const change = findChainChange(device, (address) => day.words.get(address));
    assert.deepEqual(change, { kind: 'length_changed', model: device.models[2], length: 93 });
  });

  it('SolarEdge: a common model of 65, and one more for each meter in the same list', async () => {
    const meter = [commonModel({ manufacturer: 'WattNode', serial: 'M1' }, 65), modelOf(203, 105)];
    const result = await scan(
      { 1: unitOf(image([...inverter('SolarEdge', [], 65), ...meter])) },
      { brand: 'solaredge' },
    );
    const [device] = result.devices;
    assert.deepEqual(idsOf(result), [1, 103, 1, 203]);
    assert.equal(device?.common.manufacturer, 'SolarEdge');
    assert.equal(device?.models[2]?.common?.serial, 'M1');
  });

  it('KACO blueplanet: no device address in model 1', async () => {
    const [device] = (await scan({ 1: unitOf(image(inverter('KACO new energy'))) })).devices;
    assert.deepEqual(device?.common, {
      manufacturer: 'KACO new energy',
      model: 'Inverter',
      version: '1.0',
      serial: 'KACO new energy1',
    });
  });

  for (const unit of [2, 247])
    it(`ABB and Fimer: base 0 on unit ${unit}`, async () => {
      for (const brand of ['abb', undefined] as const) {
        const result = await scan({ [unit]: unitOf(image(inverter('ABB'), { base: 0 })) }, brand ? { brand } : {});
        assert.deepEqual(
          result.devices.map((device) => [device.unit, device.base]),
          [[unit, 0]],
        );
      }
    });

  it('a base of 50000', async () => {
    const result = await scan({ 1: unitOf(image(inverter('Other'), { base: 50_000 })) });
    assert.equal(result.devices[0]?.base, 50_000);
  });

  it('Enphase: no model of 7xx until the vendor enables them', async () => {
    const [without] = (await scan({ 1: unitOf(image(inverter('Enphase'))) })).devices;
    assert.ok(codesOf(without?.notes).includes('no_7xx'));
    const [withThem] = (await scan({ 1: unitOf(image(inverter('Enphase', [modelOf(701, 153)]))) })).devices;
    assert.ok(!codesOf(withThem?.notes).includes('no_7xx'));
  });

  it('Enphase before that: exceptions at all bases', async () => {
    const result = await scan({ 1: plainModbus });
    assert.deepEqual(result.devices, []);
    assert.equal(
      textsOf(result)[0],
      'no SunSpec marker at 40000, 0, 50000: unit 1 answers with exception 2; look whether SunSpec is switched on in the device',
    );
  });

  it('OutBack MATE3: models of the vendor that grew with the firmware', async () => {
    const models = [commonModel({ manufacturer: 'OUTBACK', serial: 'O' }), modelOf(64111, 29), modelOf(64112, 70)];
    const result = await scan({ 1: unitOf(image([...models, modelOf(64110, 320), modelOf(103, 50)])) });
    assert.deepEqual(idsOf(result), [1, 64111, 64112, 64110, 103]);
    assert.equal(result.devices[0]?.models[1]?.trustedLength, 29);
    assert.ok(codesOf(result.devices[0]?.notes).includes('unknown_models'));
  });

  it('SAX Home: a common model of 15 registers ends the trust in what follows', async () => {
    const models = [{ id: 1, body: Array.from({ length: 13 }, () => 0x4141), length: 15 }, modelOf(103, 32)];
    const [device] = (await scan({ 1: unitOf(image(models)) })).devices;
    assert.deepEqual(
      device?.models.map(({ id, trustedLength }) => [id, trustedLength]),
      [[1, 15]],
    );
    assert.equal(device?.end.kind, 'impossible_length');
    assert.deepEqual(device?.common, {});
  });
});
