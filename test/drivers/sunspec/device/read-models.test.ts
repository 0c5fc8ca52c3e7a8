/** The models of a device, read once. */
import assert from 'node:assert/strict';
import { readModels } from '../../../../src/drivers/sunspec/device/read-models.ts';
import { RegisterReader } from '../../../../src/drivers/sunspec/discovery/register-reader.ts';
import type { SunSpecDevice } from '../../../../src/drivers/sunspec/index.ts';
import { definitionOf } from '../../../support/sunspec/placed-models.ts';
import { simulateUnits, type UnitAnswer, unitOf } from '../../../support/sunspec/simulated-units.ts';
import { buildDevice, type ValuedModel } from '../../../support/sunspec/valued-device.ts';

const unit = 1;
const models: ValuedModel[] = [
  { id: 1, values: { Mn: 'Acme' } },
  { id: 701, values: { W: 1500, W_SF: 0, MnAlrmInfo: 'the very end' } },
  { id: 160, repeats: 8, values: { DCW_SF: 1, 'module.8.Tms': 88 } },
  { id: 64_001, values: {} },
];

const read = async (
  refuse?: (address: number, count: number) => UnitAnswer | undefined,
  change?: (words: Map<number, number>) => void,
  listed: readonly ValuedModel[] = models,
) => {
  const built = buildDevice(listed);
  const device: SunSpecDevice = {
    unit,
    base: 40_000,
    common: {},
    notes: [],
    otherUnits: [],
    models: built.layouts.map(({ definition: { id }, address, length }) => ({
      id,
      address,
      length,
      trustedLength: length,
    })),
    end: { kind: 'end_model', address: built.end },
  };
  change?.(built.words);
  const { bus, clock, asked } = simulateUnits({ [unit]: unitOf(built.words, refuse) });
  const detach = bus.attach(unit, { timeoutMs: 100, maxInFlight: 1, interRequestMs: 0 });
  const reader = new RegisterReader(bus, unit, { now: () => clock.monotonic() });
  const outcome = await readModels(reader, device, { isWanted: (id) => id < 64_000, findDefinition: definitionOf });
  detach();
  return { outcome, asked, address: (n: number): number => built.layouts[n]?.address ?? 0 };
};

describe('SunSpec: models that are read once', () => {
  it('have the values of all their points, also of those that no single request reaches', async () => {
    const { outcome, asked } = await read();
    assert.ok(outcome.ok);
    assert.deepEqual(
      outcome.models.map(({ id }) => id),
      [1, 701, 160],
    );
    const [, der, modules] = outcome.models;
    assert.deepEqual([der?.values.get('W'), der?.values.get('MnAlrmInfo')], [1500, 'the very end']);
    assert.equal(modules?.values.get('module.8.Tms'), 88);
    assert.deepEqual(outcome.notes, []);
    assert.equal(asked().length, 1 + 2 + 2);
  });

  it('and are refused are left out, and told', async () => {
    const { layouts } = buildDevice(models);
    const der = layouts[1]?.address;
    const { outcome } = await read((address) => (address === der ? 2 : undefined));
    assert.ok(outcome.ok);
    assert.deepEqual(
      outcome.models.map(({ id }) => id),
      [1, 160],
    );
    assert.deepEqual(outcome.notes, [`model 701 at ${der} is left out: the device refuses to give it (exception 2)`]);
  });

  it('are read around the registers that the device refuses', async () => {
    const { layouts } = buildDevice(models);
    const [, der, modules] = layouts;
    const holes = [der?.points.get('W'), modules?.points.get('DCW_SF')].flatMap((point) => point?.address ?? []);
    const { outcome, asked } = await read((from, count) =>
      holes.some((hole) => hole >= from && hole < from + count) ? 2 : undefined,
    );
    assert.ok(outcome.ok);
    assert.deepEqual(
      outcome.models.map(({ id, refused }) => [id, [...refused]]),
      [
        [1, []],
        [701, [holes[0]]],
        [160, [holes[1]]],
      ],
    );
    const [, read701, read160] = outcome.models;
    assert.deepEqual([read701?.values.get('W'), read701?.values.get('MnAlrmInfo')], [null, 'the very end']);
    assert.deepEqual([read160?.values.get('module.8.DCW'), read160?.values.get('module.8.Tms')], [null, 88]);
    assert.ok(asked().length < 50, `${asked().length} requests`);
  });

  it('that refuse nearly everything are given up', async () => {
    const { layouts } = buildDevice(models);
    const { address = 0 } = layouts[1] ?? {};
    const { outcome, asked } = await read((from, count) => (from > address && count > 1 ? 2 : undefined));
    assert.ok(outcome.ok);
    const { outcome: alone, asked: askedAlone } = await read((from) => (from > address + 1 ? 2 : undefined));
    assert.ok(alone.ok && asked().length < 200 && askedAlone().length < 200);
    assert.match(alone.notes.join(), /model 701 at \d+ is left out: the device refuses to give it \(exception 2\)/);
  });

  it('tell in words which of their groups are not believed', async () => {
    const ports: ValuedModel = { id: 714, counts: { NPrt: 2 }, values: {} };
    const { layouts } = buildDevice([ports]);
    const count = layouts[0]?.points.get('NPrt')?.address ?? 0;
    const { outcome } = await read(undefined, (words) => words.set(count, 3), [ports]);
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.notes, [
      'Model 714 (DER DC Measurement) at 40002 has the length 68, which has room for 2 times Prt; NPrt tells 3',
    ]);
  });

  it('and are not where they were are not believed', async () => {
    const [, der] = buildDevice(models).layouts;
    for (const offset of [0, 1]) {
      const { outcome } = await read(undefined, (words) => words.set((der?.address ?? 0) + offset, 7));
      assert.deepEqual(outcome, {
        ok: false,
        reason: `model 701 at ${der?.address} is not there any more: the models of the device are moving`,
      });
    }
  });

  it('of a device that falls silent give no half of a device', async () => {
    const { layouts } = buildDevice(models);
    const { outcome } = await read((address) => (address >= (layouts[2]?.address ?? 0) ? 'silent' : undefined));
    assert.ok(!outcome.ok);
    assert.match(outcome.reason, /no answer within 100 ms/);
  });
});
