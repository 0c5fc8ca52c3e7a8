/** Profiles that models write, for whatever they hold. */
import assert from 'node:assert/strict';
import { inspectProfile, planReads, resolveProfile } from '../../../../src/drivers/modbus/index.ts';
import { createNote } from '../../../../src/drivers/sunspec/discovery/discovery-notes.ts';
import { compileModel, decodeModel, type SunSpecDevice } from '../../../../src/drivers/sunspec/index.ts';
import { composeProfile } from '../../../../src/drivers/sunspec/quantities/compose-profile.ts';
import { locateNamedPoints } from '../../../../src/drivers/sunspec/quantities/named-points.ts';
import { numberModels, type ReadModel } from '../../../../src/drivers/sunspec/quantities/read-model.ts';
import { createImage } from '../../../support/sunspec/model-images.ts';
import { buildDevice, type ValuedModel } from '../../../support/sunspec/valued-device.ts';

const device: SunSpecDevice = {
  unit: 3,
  base: 40_000,
  common: { manufacturer: 'Acme', model: 'Sun' },
  notes: [createNote('no_serial')],
  otherUnits: [],
  models: [],
  end: { kind: 'end_model', address: 0 },
};

const readAll = (layouts: readonly ReadModel['layout'][], wordAt: (address: number) => number): ReadModel[] =>
  numberModels(
    layouts.map((layout) => {
      const data = Buffer.alloc((layout.length + 2) * 2);
      for (let n = 0; n < layout.length + 2; n++) data.writeUInt16BE(wordAt(layout.address + n), n * 2);
      return {
        layout,
        refused: new Set<number>(),
        toldLength: layout.length,
        values: decodeModel(compileModel(layout), data),
      };
    }),
  );

describe('a profile that models write', () => {
  for (const { absent, mostRepeats, seeds } of [
    { absent: 0, mostRepeats: 2, seeds: 10 },
    { absent: 0.4, mostRepeats: 12, seeds: 10 },
    { absent: 1, mostRepeats: 3, seeds: 2 },
  ])
    it(`is without a mistake, for all models with ${absent * 100} % of their points absent`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const { layouts, words, address } = createImage({ seed, absent, mostRepeats });
        const models = readAll(layouts, (at) => words[at - address] ?? 0);
        const composed = composeProfile({ device, models });
        assert.ok(composed.ok, composed.ok ? '' : `seed ${seed}: ${composed.reason}`);
        const { mistakes, hints } = inspectProfile(JSON.stringify(composed.value));
        // Addresses from 40001 on look like the numbers of Modicon, and are none here.
        const others = hints.filter((hint) => !hint.includes('Modicon'));
        assert.deepEqual([mistakes, others], [[], []], `seed ${seed}`);
        const resolved = resolveProfile(composed.value);
        assert.ok(resolved.ok);
        for (const { points } of planReads(resolved.value.points, resolved.value.profile))
          for (const { source } of points)
            assert.ok(
              source.scaleFrom === undefined || source.scaleFar || points.some(({ name }) => name === source.scaleFrom),
              `${source.name} is not read with its scale factor`,
            );
      }
    });

  it('says where it comes from, and of every register which point it is', () => {
    const models: ValuedModel[] = [
      { id: 1, values: { Mn: 'Acme' } },
      { id: 103, values: { W: 1, W_SF: 0 } },
    ];
    const { layouts, words } = buildDevice(models);
    const composed = composeProfile({ device, models: readAll(layouts, (at) => words.get(at) ?? 0) });
    assert.ok(composed.ok);
    const { sources = [], points, title, class: kind, connection, guards } = composed.value;
    assert.deepEqual([title, kind, connection?.unitId], ['Acme Sun', 'inverter', 3]);
    assert.ok(sources.length > 1);
    assert.equal(points.find(({ quantity }) => quantity === 'solar/power')?.note, 'model 103, W');
    assert.deepEqual(
      guards?.map(({ point }) => point),
      ['m1.id', 'm1.l', 'm103.id', 'm103.l'],
    );
  });

  it('takes commands whose points name points of models', () => {
    const { layouts, words } = buildDevice([
      { id: 103, values: { W: 1, W_SF: 0 } },
      { id: 123, values: { WMaxLimPct: 70, WMaxLimPct_SF: -1, WMaxLim_Ena: 1 } },
    ]);
    const models = readAll(layouts, (at) => words.get(at) ?? 0);
    const composed = composeProfile({
      device,
      models,
      extraPoints: [{ name: 'limit', type: 'sunspec', addr: '123:WMaxLimPct' }],
      controls: {
        actuators: [
          {
            component: 'solar',
            limits: { limit_power: { params: { power_w: { min: 0, max: 5000 } } } },
            fallback: { means: { limited: false }, steps: [{ point: 'limit', value: '0.02 * $limit_power' }] },
          },
        ],
      },
    });
    assert.ok(composed.ok, composed.ok ? '' : composed.reason);
    const { profile, missing } = locateNamedPoints(composed.value, { models, listed: [103, 123] });
    const resolved = resolveProfile(profile);
    assert.ok(resolved.ok, resolved.ok ? '' : resolved.reason);
    assert.deepEqual(missing, []);
    assert.deepEqual(
      resolved.value.controls.actuators.map(({ key }) => key),
      ['solar'],
    );
    const limit = resolved.value.points.find(({ name }) => name === 'limit');
    assert.deepEqual([limit?.source.access, limit?.source.scaleFrom], ['rw', 'm123.wmaxlimpct_sf']);
  });
});
