import assert from 'node:assert/strict';
import { type ProfilePoint, planReads } from '../../../../src/drivers/modbus/index.ts';
import { unitOfPoint } from '../../../../src/drivers/sunspec/codec/point-units.ts';
import { namesOfModel, profilePointsOf } from '../../../../src/drivers/sunspec/codec/profile-points.ts';
import { symbolKeysOf } from '../../../../src/drivers/sunspec/codec/symbols.ts';
import { headerSize, type PointGroup } from '../../../../src/drivers/sunspec/messages.ts';
import { modelIds } from '../../../../src/drivers/sunspec/models/model-definitions.ts';
import type { ModelLayout } from '../../../../src/drivers/sunspec/models/model-layout.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';
import { definitionOf, placeModel } from '../../../support/sunspec/placed-models.ts';

const sizeOf = ({ points, groups }: PointGroup): number =>
  points.reduce((sum, { size }) => sum + size, 0) + groups.reduce((sum, group) => sum + sizeOf(group), 0);

/** @returns a model with one of each of its groups */
const smallestOf = (id: number): ModelLayout => {
  const counts = { NCrv: 1, NCrvSet: 1, NPt: 1, NCtl: 1, NPrt: 1, NStr: 1, NMod: 1, NProf: 1, IVLen: 1 };
  return placeModel(id, { length: sizeOf(definitionOf(id).group) - headerSize, counts });
};

/** Registers that one request delivers at most: a single string of model 64411 has more. */
const maxRegisters = 125;

describe('the points of a model in a Modbus profile', () => {
  it('have addresses, types, absent patterns and scale factors', () => {
    const points = profilePointsOf(placeModel(103, { length: 50, address: 40_070 }), namesOfModel(103));
    const byName = new Map(points.map((point) => [point.name, point]));
    assert.deepEqual(byName.get('m103.w'), {
      name: 'm103.w',
      table: 'holding',
      addr: 40_084,
      type: 'int16',
      nan: ['0x8000'],
      scaleFrom: 'm103.w_sf',
      unit: 'W',
    });
    assert.deepEqual(byName.get('m103.wh'), {
      name: 'm103.wh',
      table: 'holding',
      addr: 40_094,
      type: 'uint32',
      nan: ['0xffffffff'],
      scaleFrom: 'm103.wh_sf',
      unit: 'Wh',
    });
    assert.deepEqual(byName.get('m103.evt1'), {
      name: 'm103.evt1',
      table: 'holding',
      addr: 40_110,
      type: 'uint32',
      nan: ['0xffffffff'],
      nanBits: '0x80000000',
    });
  });

  it('are named by the model, by its number among equal ones, and by their groups', () => {
    const points = profilePointsOf(placeModel(160, { length: 48 }), namesOfModel(160, 2));
    const dcw = points.find(({ name }) => name === 'm160_2.module.2.dcw');
    assert.deepEqual([dcw?.addr, dcw?.scaleFrom], [40_000 + 10 + 20 + 11, 'm160_2.dcw_sf']);
  });

  it('can be written where the model says so', () => {
    const points = profilePointsOf(placeModel(123, { length: 24 }), namesOfModel(123));
    const writable = points.filter(({ access }) => access === 'rw').map(({ name }) => name);
    assert.ok(writable.includes('m123.wmaxlimpct') && !writable.includes('m123.wmaxlimpct_sf'));
  });

  it('carry symbols as words or names of bits', () => {
    const pointOf = (id: number, name: string) => definitionOf(id).group.points.find((each) => each.name === name);
    const [st, evt, w] = [pointOf(103, 'St'), pointOf(103, 'Evt1'), pointOf(103, 'W')];
    assert.ok(st && evt && w);
    assert.equal(symbolKeysOf(st).enum?.[4], 'MPPT');
    assert.equal(symbolKeysOf(evt).bits?.[0], 'GROUND_FAULT');
    assert.deepEqual(symbolKeysOf(w), {});
  });

  it('have units that profiles understand', () => {
    const units = (['Secs', 'C', '% WMax', '%WHRtg', ' % WChaMax', 'Pct', 'W', 'kWh', 'W/m^2', 'cos()'] as const).map(
      unitOfPoint,
    );
    assert.deepEqual(units, ['s', 'degC', '%', '%', '%', '%', 'W', 'kWh', 'W/m2', '1']);
    for (const other of [undefined, 'V/s', '% WMax/min', 'hhmmss', 'DeptRef'])
      assert.equal(unitOfPoint(other), undefined);
  });

  for (const id of modelIds())
    it(`of model ${id} make a profile without a mistake`, () => {
      const layout = smallestOf(id);
      assert.deepEqual([layout.lengthFault, layout.points.size > 1], [undefined, true]);
      const points = profilePointsOf(layout, namesOfModel(id)).filter(({ len = 1 }) => len <= maxRegisters);
      const isNear = ({ scaleFrom, addr }: ProfilePoint): boolean => {
        const factor = points.find(({ name }) => name === scaleFrom);
        return factor === undefined || Math.abs(Number(factor.addr) - Number(addr)) < maxRegisters - 2;
      };
      const near = points.filter(isNear);
      const shown = near.map((point) =>
        point.scaleFrom === undefined ? { ...point, quantity: `x_a/x_${point.addr}` } : point,
      );
      const known = new Set(shown.map(({ name }) => name));
      for (const { scaleFrom } of shown) assert.ok(scaleFrom === undefined || known.has(scaleFrom), scaleFrom);
      assert.equal(resolvedPoints(shown).points.length, shown.length);
    });

  it('of an inverter are read in one request', () => {
    const points = profilePointsOf(placeModel(103, { length: 50 }), namesOfModel(103));
    const { profile, points: resolved } = resolvedPoints(
      points.map((point) => ({ ...point, quantity: `x_a/x_${point.addr}` })),
      { limits: { maxGap: 8 } },
    );
    assert.equal(planReads(resolved, profile).length, 1);
  });
});
