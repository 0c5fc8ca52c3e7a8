/** The walk along a list of models: how it ends, what is believed, and how many requests it takes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isComplete,
  type ScanResult,
  type SunSpecDevice,
  scanForDevices,
} from '../../../../src/drivers/sunspec/index.ts';
import { findModel, knownIds, sizeOfModel } from '../../../support/sunspec/known-models.ts';
import { illegalAddress, type SimulatedUnit, simulateUnits, unitOf } from '../../../support/sunspec/simulated-units.ts';
import { buildImage, commonModel, type ImageModel, modelOf } from '../../../support/sunspec/sunspec-image.ts';
import { twentyModels } from '../../../support/sunspec/twenty-models.ts';

const unit = 1;
const common = commonModel({ manufacturer: 'Maker', model: 'Model', serial: 'S1' });

const scanUnit = async (answer: SimulatedUnit, roundTripMs = 0) => {
  const simulated = simulateUnits({ [unit]: answer }, roundTripMs);
  const { bus, clock } = simulated;
  const result = await scanForDevices(bus, { findModel, clock, units: [unit] });
  return { ...simulated, result, ms: clock.monotonic() };
};

const deviceOf = ({ devices: [device] }: ScanResult): SunSpecDevice => {
  assert.ok(device);
  return device;
};
const discover = async (models: readonly ImageModel[], options?: Parameters<typeof buildImage>[1]) => {
  const built = buildImage(models, options);
  const { result, asked } = await scanUnit(unitOf(built.words));
  return { ...built, device: deviceOf(result), asked: asked() };
};
const idsOf = ({ models }: SunSpecDevice): number[] => models.map(({ id }) => id);
const codesOf = ({ notes }: SunSpecDevice): string[] => notes.map(({ code }) => code);

describe('SunSpec: the walk along the list of models', () => {
  it('a whole device as plain data', async () => {
    const { device } = await discover([common, modelOf(701, 153)]);
    assert.deepEqual(device, {
      unit,
      base: 40_000,
      models: [
        {
          id: 1,
          address: 40_002,
          length: 66,
          name: 'Common',
          trustedLength: 66,
          common: { manufacturer: 'Maker', model: 'Model', serial: 'S1' },
        },
        { id: 701, address: 40_070, length: 153, name: 'DER AC Measurement', trustedLength: 153 },
      ],
      end: { kind: 'end_model', address: 40_225 },
      common: { manufacturer: 'Maker', model: 'Model', serial: 'S1' },
      notes: [],
      otherUnits: [],
    });
    assert.ok(isComplete(device.end));
  });

  it('a device without a model, and one that does not begin with model 1', async () => {
    const { device: none } = await discover([]);
    assert.deepEqual([idsOf(none), codesOf(none)], [[], ['no_models']]);
    const { device: other } = await discover([modelOf(701, 153)]);
    assert.deepEqual([idsOf(other), codesOf(other), other.common], [[701], ['no_common_model'], {}]);
  });

  it('a model of no length that is not known ends the trust, and one that can be empty does not', async () => {
    const { device } = await discover([common, modelOf(302, 0), modelOf(60_000, 0), modelOf(103, 50)]);
    assert.deepEqual(idsOf(device), [1, 302]);
    assert.deepEqual(device.end, { kind: 'no_length', address: 40_072, header: { id: 60_000, length: 0 } });
    assert.ok(!isComplete(device.end));
  });

  it('a length that leads beyond the last register', async () => {
    const { device } = await discover([common, { ...modelOf(60_000, 10), length: 25_464 }, modelOf(103, 50)]);
    assert.deepEqual(idsOf(device), [1]);
    assert.equal(device.end.kind, 'beyond_registers');
    assert.ok(codesOf(device).includes('beyond_registers'));
    const { device: last } = await discover([common, { ...modelOf(60_000, 10), length: 25_463 }]);
    assert.deepEqual(idsOf(last), [1, 60_000]);
    assert.deepEqual(last.end, { kind: 'exception', address: 65_535, code: 2 });
  });

  it('lists without an end are given up', async () => {
    const many = Array.from({ length: 200 }, () => modelOf(60_000, 4));
    const { device, asked } = await discover([common, ...many]);
    assert.deepEqual([device.models.length, device.end.kind], [100, 'too_many_models']);
    assert.ok(asked.length < 25, asked.join());
    const long = Array.from({ length: 40 }, () => modelOf(60_000, 1000));
    const { device: longest } = await discover([common, ...long], { base: 0 });
    assert.deepEqual([longest.models.length, longest.end.kind], [31, 'too_long']);
  });

  it('the length of a known model, wrong by one', async () => {
    for (const id of knownIds.filter((known) => known < 64_000)) {
      const size = sizeOfModel(id, 2);
      const isOneMorePossible = sizeOfModel(id, 2) === sizeOfModel(id, 1) + 1;
      for (const length of [size - 1, size + 1]) {
        const isCommon65 = id === 1 && length === 65;
        const isPossible = isOneMorePossible || isCommon65;
        const { device } = await discover([common, { ...modelOf(id, size), length }, modelOf(103, 50)]);
        const isEnded = device.end.kind === 'impossible_length';
        assert.equal(isEnded, !isPossible, `${id} ${length}`);
        if (!isPossible) assert.deepEqual(idsOf(device), [1, id]);
      }
    }
  });

  it('of an impossible length, no more is trusted than what every model of the id has', async () => {
    const { device } = await discover([common, { ...modelOf(160, 48), length: 55 }]);
    assert.equal(device.models[1]?.trustedLength, 8);
    const { device: shorter } = await discover([common, { ...modelOf(103, 50), length: 20 }]);
    assert.equal(shorter.models[1]?.trustedLength, 20);
  });

  it('a device that keeps silent where the next model should be', async () => {
    const { words, end } = buildImage([common, modelOf(103, 50)]);
    const silent = unitOf(words, (address, count) => (address + count > end ? 'silent' : undefined));
    const { result } = await scanUnit(silent);
    const device = deviceOf(result);
    assert.deepEqual([idsOf(device), device.end.kind], [[1, 103], 'silent']);
    assert.ok(!isComplete(device.end) && codesOf(device).includes('end_silent'));
  });

  it('a gateway that loses the device on the way is no end of the list', async () => {
    const { words, end } = buildImage([common, modelOf(103, 50)]);
    const { result } = await scanUnit(unitOf(words, (address, count) => (address + count > end ? 11 : undefined)));
    assert.equal(deviceOf(result).end.kind, 'silent');
  });

  it('a device that is busy all the time is no end of the list either', async () => {
    const { words, end } = buildImage([common, modelOf(103, 50)]);
    const { result } = await scanUnit(unitOf(words, (address, count) => (address + count > end ? 6 : undefined)));
    assert.equal(deviceOf(result).end.kind, 'silent');
  });

  it('what a device refuses is asked once: the second walk knows the end of the list', async () => {
    const models = [103, 701, 704, 715].map((id) => modelOf(id, sizeOfModel(id)));
    const { words } = buildImage([common, ...models], { end: 'none' });
    const { asked } = await scanUnit(unitOf(words));
    const ahead = ['40277+125', '40277+2', '40344+125', '40344+2'];
    const first = ['40000+2', '40002+125', ...ahead, '40353+2', '40353+7', '40353+1'];
    const second = ['40002+125', '40277+76', '40353+2'];
    assert.deepEqual(
      asked().map((each) => each.replace('1: ', '')),
      [...first, ...second],
    );
  });

  it('a response that is lost, or an exception of one moment, is no end of the list', async () => {
    const { words, end } = buildImage([common, modelOf(160, 48), modelOf(103, 50)]);
    for (const refusal of ['silent', 4] as const)
      for (const at of [40_070, end]) {
        // Every attempt of the first walk is refused, those that read ahead as well; or two are not answered.
        let left = refusal === 'silent' ? 2 : at === end ? 4 : 5;
        const answer = unitOf(words, (address, count) => {
          if (address > at || address + count <= at || address === 40_000) return undefined;
          return left-- > 0 ? refusal : undefined;
        });
        const device = deviceOf((await scanUnit(answer)).result);
        assert.deepEqual([idsOf(device), device.end.kind], [[1, 160, 103], 'end_model'], `${refusal} ${at}`);
      }
  });

  it('a device that ignores long requests is asked one of them', async () => {
    const { words } = buildImage([common, ...[103, 120, 121, 122, 123].map((id) => modelOf(id, sizeOfModel(id)))]);
    const { result, ms } = await scanUnit(unitOf(words, (_, count) => (count > 70 ? 'silent' : undefined)));
    assert.equal(deviceOf(result).end.kind, 'end_model');
    assert.ok(ms < 1100, `${ms} ms`);
  });

  it('models that change between two requests are read until they stay', async () => {
    const before = buildImage([common, modelOf(160, 48), modelOf(124, 24), modelOf(103, 50)]);
    const after = buildImage([common, modelOf(160, 88), modelOf(124, 24), modelOf(103, 50)]);
    for (let changesAt = 1; changesAt < 9; changesAt++) {
      let requests = 0;
      const moving: SimulatedUnit = (address, count) =>
        unitOf(requests++ < changesAt ? before.words : after.words)(address, count);
      const { result } = await scanUnit(moving);
      const expected = requests <= changesAt ? before : after;
      const found = deviceOf(result).models.map(({ id, address, length }) => ({ id, address, length }));
      const layouts = [before, after].map(({ models }) =>
        models.map(({ id, address, length }) => ({ id, address, length })),
      );
      assert.ok(
        layouts.some((layout) => JSON.stringify(layout) === JSON.stringify(found)),
        `${changesAt}: ${JSON.stringify(found)}`,
      );
      if (changesAt < 4)
        assert.deepEqual(
          found,
          expected.models.map(({ id, address, length }) => ({ id, address, length })),
        );
    }
  });

  const restless: [name: string, lists: ImageModel[][]][] = [
    ['another number of modules', [48, 88].map((size) => [modelOf(160, size), modelOf(124, 24), modelOf(103, 50)])],
    [
      'another order',
      [
        [160, 124, 103],
        [124, 160, 103],
      ].map((ids) => ids.map((id) => modelOf(id, sizeOfModel(id, 2)))),
    ],
  ];
  for (const [name, lists] of restless)
    it(`of a list that changes all the time, the models that stay are taken: ${name}`, async () => {
      const layouts = lists.map((list) => buildImage([common, ...list]));
      let walks = 0;
      const answer: SimulatedUnit = (address, count) => {
        if (address === 40_002) walks++;
        return unitOf(layouts[walks % 2]?.words ?? new Map())(address, count);
      };
      const device = deviceOf((await scanUnit(answer)).result);
      assert.deepEqual([idsOf(device), device.end], [[1], { kind: 'moving', address: 40_070 }]);
      assert.ok(codesOf(device).includes('moving'));
    });

  it('every list of known models is found as it is, whatever a device lets be read ahead', async () => {
    const models = fc.array(fc.tuple(fc.constantFrom(...knownIds.filter((id) => id !== 1)), fc.nat(3)), {
      maxLength: 12,
    });
    const longest = fc.constantFrom(2, 7, 30, 70, 125);
    const end = fc.constantFrom('end_model', 'zeros', 'single_zero', 'none');
    await fc.assert(
      fc.asyncProperty(models, longest, end, async (list, most, endOfList) => {
        const parts = list.map(([id, repeats]) => modelOf(id, sizeOfModel(id, repeats), 0x1234));
        const built = buildImage([common, ...parts], { end: endOfList });
        const { result } = await scanUnit(unitOf(built.words, (_, count) => (count > most ? 3 : undefined)));
        const device = deviceOf(result);
        assert.deepEqual(
          device.models.map(({ id, address, length, trustedLength }) => ({ id, address, length, size: trustedLength })),
          built.models,
        );
        assert.equal(device.end.address, built.end);
        assert.ok(isComplete(device.end));
        assert.equal(device.common.serial, most === 2 || most === 7 ? undefined : 'S1');
      }),
      { numRuns: 60 },
    );
  });
});

describe('SunSpec: requests of a scan of twenty models with 20 ms from request to response', () => {
  const cases: [name: string, answer: SimulatedUnit, mostRequests: number, mostMs: number][] = [
    [
      'a device with registers behind its list',
      unitOf(
        new Map([
          ...Array.from({ length: 3000 }, (_, n): [number, number] => [40_000 + n, 0]),
          ...buildImage(twentyModels).words,
        ]),
      ),
      20,
      400,
    ],
    ['a device that refuses to be read beyond its list', unitOf(buildImage(twentyModels).words), 20, 400],
    [
      'a device that gives headers only',
      unitOf(buildImage(twentyModels).words, (_, count) => (count > 70 ? illegalAddress : undefined)),
      50,
      1000,
    ],
  ];
  for (const [name, answer, mostRequests, mostMs] of cases)
    it(name, async () => {
      const { result, asked, ms } = await scanUnit(answer, 20);
      assert.equal(deviceOf(result).models.length, 20);
      const requests = asked().length;
      assert.ok(requests <= mostRequests && ms <= mostMs, `${requests} requests, ${ms} ms: ${asked().join(' ')}`);
    });
});
