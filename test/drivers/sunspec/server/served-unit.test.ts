import assert from 'node:assert/strict';
import { ServedUnit } from '../../../../src/drivers/sunspec/server/served-unit.ts';
import { implemented, modelsIn, serve } from '../../../support/sunspec/served-registers.ts';

const threePhases = (name: string, [l1, l2, l3]: [number, number, number]): Record<string, number> => ({
  [`${name}/l1`]: l1,
  [`${name}/l2`]: l2,
  [`${name}/l3`]: l3,
});

/** Everything that a grid meter tells. */
const gridReadings = {
  power: -4321,
  ...threePhases('power', [-1500, -1421, -1400]),
  ...threePhases('current', [-6.52, -6.18, -6.09]),
  ...threePhases('voltage', [230.12, 229.9, 230.04]),
  'voltage/l1_l2': 398.4,
  'voltage/l2_l3': 398.2,
  'voltage/l3_l1': 398.6,
  frequency: 49.98,
  reactive_power: 120,
  ...threePhases('reactive_power', [40, 41, 39]),
  apparent_power: 4323,
  ...threePhases('apparent_power', [1501, 1422, 1401]),
  power_factor: -0.9995,
  ...threePhases('power_factor', [-0.9991, -0.9993, 0.9996]),
  energy_import: 1_234_567,
  energy_export: 7_654_321,
};

describe('a unit of the face of a site', () => {
  it('lists marker, common model, its models and the end, each with the length of its definition', () => {
    const unit = new ServedUnit({ Mn: 'a', Md: 'b', Vr: 'c', SN: 'd', DA: 1 }, [203, 213]);
    const data = unit.encode(new Map());
    assert.equal(data.toString('latin1', 0, 4), 'SunS');
    assert.deepEqual(
      modelsIn(data).map(({ id, length }) => [id, length]),
      [
        [1, 66],
        [203, 105],
        [213, 124],
      ],
    );
    assert.deepEqual([...data.subarray(-4)], [0xff, 0xff, 0, 0]);
    assert.equal(data.length / 2, 2 + 68 + 107 + 126 + 2);
  });

  it('says which registers are measured: all of its models but ID and L', () => {
    const unit = new ServedUnit({ Mn: 'a', Md: 'b', Vr: 'c', SN: 'd', DA: 1 }, [203, 213]);
    assert.deepEqual(unit.measured, [
      { first: 40_072, last: 40_176 },
      { first: 40_179, last: 40_302 },
    ]);
  });

  it('tells who it is, texts cut to the room that they have and not within a character', () => {
    const long = 'ü'.repeat(20);
    const unit = new ServedUnit({ Mn: 'emsflow', Md: long, Vr: '10.20.30-beta.1234', SN: `grid-${long}`, DA: 126 }, []);
    assert.deepEqual(implemented(modelsIn(unit.encode(new Map()))[0]?.values ?? {}), {
      Mn: 'emsflow',
      Md: 'ü'.repeat(16),
      Vr: '10.20.30-beta.12',
      SN: `grid-${'ü'.repeat(13)}`,
      DA: 126,
    });
  });

  it('tells what is not known as not implemented, in every model', () => {
    for (const [id, values] of [
      [103, {}],
      [203, {}],
      [213, {}],
      [701, { ACType: 2 }],
    ] as const)
      assert.deepEqual(implemented(serve(id)({})), values, `model ${id}`);
  });
});

describe('the grid as model 203', () => {
  it('tells all that is known, import positive, in whole watts', () => {
    assert.deepEqual(implemented(serve(203)(gridReadings)), {
      A: -18.79,
      AphA: -6.52,
      AphB: -6.18,
      AphC: -6.09,
      A_SF: -2,
      PhV: 230,
      PhVphA: 230.1,
      PhVphB: 229.9,
      PhVphC: 230,
      PPV: 398.4,
      PhVphAB: 398.4,
      PhVphBC: 398.2,
      PhVphCA: 398.6,
      V_SF: -1,
      Hz: 49.98,
      Hz_SF: -2,
      W: -4321,
      WphA: -1500,
      WphB: -1421,
      WphC: -1400,
      W_SF: 0,
      VA: 4323,
      VAphA: 1501,
      VAphB: 1422,
      VAphC: 1401,
      VA_SF: 0,
      VAR: 120,
      VARphA: 40,
      VARphB: 41,
      VARphC: 39,
      VAR_SF: 0,
      PF: -99.95,
      PFphA: -99.91,
      PFphB: -99.93,
      PFphC: 99.96,
      PF_SF: -2,
      TotWhExp: 7_654_321,
      TotWhImp: 1_234_567,
      TotWh_SF: 0,
    });
  });

  it('tells a power beyond 32,767 W in steps of 10 W, and never a power that wraps around', () => {
    const tell = serve(203);
    assert.deepEqual(implemented(tell({ power: 32_767 })), { W: 32_767, W_SF: 0 });
    assert.deepEqual(implemented(tell({ power: -32_767 })), { W: -32_767, W_SF: 0 });
    assert.deepEqual(implemented(tell({ power: -32_768 })), { W: -32_770, W_SF: 1 });
    assert.deepEqual(implemented(tell({ power: 1e7 })), { W: 1e7, W_SF: 3 });
    // Readers that keep a factor would take a smaller one for the former.
    assert.deepEqual(implemented(tell({ power: 1499 })), { W: 1000, W_SF: 3 });
  });

  it('tells no counter where one that every meter has is not known, since its pattern would be a good 0', () => {
    assert.deepEqual(implemented(serve(203)({ energy_import: 5000 })), {});
    assert.deepEqual(implemented(serve(203)({ energy_export: 5000 })), {});
    assert.deepEqual(implemented(serve(203)({ energy_import: 5000, energy_export: 0 })), {
      TotWhImp: 5000,
      TotWhExp: 0,
      TotWh_SF: 0,
    });
  });

  it('lets counters begin again from 0 after 2^32 Wh', () => {
    const { TotWhImp, TotWhExp } = serve(203)({ energy_import: 2 ** 32 + 17, energy_export: 2 ** 32 - 2 });
    assert.deepEqual([TotWhImp, TotWhExp], [17, 2 ** 32 - 2]);
  });

  it('tells a total of the phases only if all of them are known', () => {
    const some = { 'current/l1': 1.5, 'current/l3': 2, 'voltage/l1': 230, 'voltage/l1_l2': 400 };
    assert.deepEqual(implemented(serve(203)(some)), {
      AphA: 1.5,
      AphC: 2,
      A_SF: -2,
      PhVphA: 230,
      PhVphAB: 400,
      V_SF: -1,
    });
  });

  it('tells no power factor of 0.012 or less, whose percentage would be taken for a fraction', () => {
    assert.deepEqual(implemented(serve(203)({ power_factor: 0.012, 'power_factor/l1': 0.013 })), {
      PFphA: 1.3,
      PF_SF: -2,
    });
  });
});

describe('the grid as model 213', () => {
  it('tells all that is known, with its digits', () => {
    const values = implemented(serve(213)({ ...gridReadings, power: -4321.4, frequency: 49.987 }));
    assert.deepEqual(
      [values.W, values.WphB, values.AphA, values.PhVphA, values.PPVphAB, values.Hz, values.PF],
      [-4321.4, -1421, -6.52, 230.12, 398.4, 49.987, -0.9995],
    );
    assert.deepEqual([values.TotWhImp, values.TotWhExp], [1_234_567, 7_654_321]);
    assert.deepEqual([values.A, values.PhV, values.PPV], [-18.79, 230.02, 398.4]);
  });

  it('tells each counter by itself', () => {
    assert.deepEqual(implemented(serve(213)({ energy_import: 0 })), { TotWhImp: 0 });
  });
});

describe('the inverters as models 103 and 701', () => {
  const readings = {
    power: 3210,
    energy_out: 45_678_901,
    ...threePhases('current', [4.65, 4.66, -0.01]),
    ...threePhases('voltage', [231, 230.5, 230]),
    frequency: 50.012,
  };

  it('tell what is known', () => {
    assert.deepEqual(implemented(serve(103)(readings)), {
      A: 9.3,
      AphA: 4.65,
      AphB: 4.66,
      AphC: 0.01,
      A_SF: -2,
      PhVphA: 231,
      PhVphB: 230.5,
      PhVphC: 230,
      V_SF: -2,
      W: 3210,
      W_SF: 0,
      Hz: 50.012,
      Hz_SF: -3,
      WH: 45_678_901,
      WH_SF: 0,
      St: 4,
    });
    assert.deepEqual(implemented(serve(701)(readings)), {
      ACType: 2,
      InvSt: 3,
      W: 3210,
      A: 9.3,
      LNV: 230.5,
      Hz: 50.012,
      TotWhInj: 45_678_901,
      AL1: 4.65,
      VL1: 231,
      AL2: 4.66,
      VL2: 230.5,
      AL3: -0.01,
      VL3: 230,
      A_SF: -2,
      V_SF: -2,
      Hz_SF: -3,
      W_SF: 0,
      TotWh_SF: 0,
    });
  });

  it('are on standby while they produce nothing or draw something, and in no state while nobody knows', () => {
    for (const power of [0, -12])
      assert.deepEqual([serve(103)({ power }).St, serve(701)({ power }).InvSt], [8, 7], `${power} W`);
    assert.deepEqual([serve(103)({ energy_out: 5 }).St, serve(701)({ energy_out: 5 }).InvSt], [null, null]);
  });

  it('count beyond 2^32 Wh in 701, which has 64 bits', () => {
    const energy_out = 2 ** 40 + 1;
    assert.equal(serve(701)({ energy_out }).TotWhInj, energy_out);
    assert.equal(serve(103)({ energy_out }).WH, 1);
  });
});
