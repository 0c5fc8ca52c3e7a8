/**
 * Devices of the field as their users report them, from their registers to the values of the driver. What only discovery
 * has to do with (units, brands, ports) stands in discovery/real-devices.test.ts, what commands do in actuators.
 */
import assert from 'node:assert/strict';
import { driveForHours, type ObservedDriver } from '../../support/sunspec/driven-device.ts';
import { buildDevice, type ValuedModel } from '../../support/sunspec/valued-device.ts';
import { until } from '../../support/until.ts';

type Options = Parameters<typeof driveForHours>[1];

const commonOf = (maker: string, length = 66): ValuedModel => ({
  id: 1,
  length,
  values: { Mn: maker, Md: 'Inverter', SN: `${maker}-1` },
});

const inverterValues = {
  W: 4000,
  W_SF: 0,
  WH: 5000,
  WH_SF: 0,
  Hz: 50,
  Hz_SF: 0,
  PhVphA: 230,
  V_SF: 0,
  AphA: 5,
  A_SF: 0,
  St: 4,
  Evt1: 0,
  Evt2: 0,
};
const inverter: ValuedModel = { id: 103, values: inverterValues };

/** @param power of each module, W */
const modules = (...power: number[]): ValuedModel => ({
  id: 160,
  repeats: power.length,
  values: {
    DCW_SF: 0,
    DCV_SF: 0,
    DCA_SF: 0,
    DCWH_SF: 0,
    ...Object.fromEntries(power.map((watts, n) => [`module.${n + 1}.DCW`, watts])),
  },
});

let device: ObservedDriver;

/** Drives a device until it has been polled twice. */
const drive = async (models: readonly ValuedModel[], options?: Options): Promise<ReturnType<typeof driveForHours>> => {
  const driven = driveForHours(models, options);
  device = driven;
  await device.poll(2);
  return driven;
};
const valuesOf = (...paths: string[]): unknown[] => paths.map((path) => device.sample(path)?.value);
const isOnline = (): void => assert.deepEqual(device.states.at(-1), { kind: 'online' });

describe('SunSpec devices of the field, polled', () => {
  afterEach(() => device.close());

  it('SMA: the SunSpec unit is 126', async () => {
    await drive([commonOf('SMA'), inverter], { unit: 126 });
    assert.deepEqual(valuesOf('solar/power', 'solar/energy_produced'), [4000, 5000]);
    assert.equal(device.driver.describe().vendor, 'SMA');
  });

  it('SMA STP 10-3SE: exception 2 in place of an end model', async () => {
    await drive([commonOf('SMA'), inverter, modules(1500, 1600)], { unit: 126, end: 'none' });
    assert.deepEqual(valuesOf('solar/power', 'solar/1/dc_power', 'solar/dc_power'), [4000, 1500, 3100]);
    isOnline();
  });

  it('SMA: the header of model 11 is given with 7 registers, not alone', async () => {
    const models = [commonOf('SMA'), { id: 11, values: {} }, inverter];
    const at11 = buildDevice(models).layouts[1]?.address;
    await drive(models, { refuse: (address, count) => (address === at11 && count < 7 ? 2 : undefined) });
    assert.deepEqual(valuesOf('solar/power'), [4000]);
    isOnline();
  });

  it('SMA: single registers of model 160 are refused, and nothing is degraded for that', async () => {
    const models = [commonOf('SMA'), inverter, { ...modules(1500, 1600), raw: { 'module.2.DCWH': '0000 0999' } }];
    const points = buildDevice(models).layouts[2]?.points;
    const refused = ['N', 'module.1.DCWH', 'module.1.Tms', 'module.2.DCEvt'].flatMap((path) => {
      const { address = 0, definition } = points?.get(path) ?? {};
      return Array.from({ length: definition?.size ?? 0 }, (_, n) => address + n);
    });
    assert.equal(refused.length, 7);
    await drive(models, {
      refuse: (from, count) => (refused.some((each) => each >= from && each < from + count) ? 2 : undefined),
    });
    await device.poll(20);
    assert.deepEqual(
      valuesOf('solar/1/dc_power', 'solar/2/dc_power', 'solar/dc_power', 'solar/2/energy_produced'),
      [1500, 1600, 3100, 0x999],
    );
    assert.ok(!device.paths().includes('solar/1/energy_produced'));
    assert.deepEqual([device.notes, device.states.filter(({ kind }) => kind === 'degraded')], [[], []]);
    assert.deepEqual(
      device.cycles.flatMap(({ errors }) => errors),
      [],
    );
    isOnline();
  });

  it('SMA Tripower X: model 714 gets longer with daylight, and what follows moves', async () => {
    const ports = (...power: number[]): ValuedModel => ({
      id: 714,
      counts: { NPrt: power.length },
      values: {
        DCW_SF: 0,
        ...Object.fromEntries(
          power.flatMap((watts, n) => [
            [`Prt.${n + 1}.PrtTyp`, 0],
            [`Prt.${n + 1}.DCW`, watts],
          ]),
        ),
      },
    });
    const limits: ValuedModel = { id: 704, values: { WMaxLimPct: 80, WMaxLimPct_SF: 0 } };
    await drive([commonOf('SMA'), inverter, ports(), limits], { unit: 126 });
    assert.deepEqual(valuesOf('solar/x_power_limit'), [80]);
    device.become([commonOf('SMA'), inverter, ports(700, 800, 900), limits]);
    await until(() => device.paths().includes('solar/3/dc_power'), 'the ports');
    await device.poll(2);
    assert.deepEqual(valuesOf('solar/3/dc_power', 'solar/x_power_limit', 'solar/power'), [900, 80, 4000]);
  });

  it('Kostal: unit 71, one 0x0000 ends the list, and a limit that is on from the factory curtails nothing', async () => {
    const control: ValuedModel = { id: 123, values: { WMaxLimPct: 100, WMaxLimPct_SF: 0, WMaxLim_Ena: 1, Conn: 1 } };
    await drive([commonOf('KOSTAL'), inverter, control], { unit: 71, end: 'single_zero' });
    assert.deepEqual(valuesOf('solar/power', 'solar/status', 'solar/x_power_limit'), [4000, 'producing', 100]);
    isOnline();
  });

  for (const id of [203, 213])
    it(`Fronius: a meter on unit 240 with model ${id}, whose power factor is -96.91`, async () => {
      const factors = { W_SF: 0, PF_SF: -2, Hz_SF: 0, TotWh_SF: 0, V_SF: 0, A_SF: 0 };
      const values = { W: -1234, PF: -96.91, Hz: 50, TotWhImp: 77, TotWhExp: 88 };
      await drive([commonOf('Fronius', 65), { id, values: id === 203 ? { ...values, ...factors } : values }], {
        unit: 240,
      });
      assert.deepEqual(
        valuesOf('meter/power', 'meter/power_factor', 'meter/energy_import', 'meter/energy_export'),
        [-1234, -0.9691, 77, 88],
      );
    });

  it('Fronius Verto and Tauro: models move while the device runs, and no value is one of other registers', async () => {
    const storage: ValuedModel = { id: 124, values: { ChaState: 55, ChaState_SF: 0 } };
    await drive([commonOf('Fronius', 65), inverter, modules(1500, 1600), storage]);
    const before = device.cycles.length;
    for (const count of [4, 2, 3]) {
      device.become([
        commonOf('Fronius', 65),
        inverter,
        modules(...Array.from({ length: count }, () => 1000)),
        storage,
      ]);
      await device.poll(10);
      assert.deepEqual(valuesOf('battery/soc', 'inverter/power', 'solar/dc_power'), [55, 4000, count * 1000]);
    }
    const socs = device.cycles
      .slice(before)
      .flatMap(({ samples }) => samples)
      .filter(({ channel }) => device.paths()[channel] === 'battery/soc');
    assert.deepEqual([...new Set(socs.map(({ value }) => value))].sort(), [55, null]);
  });

  it('several makers: the scale factors of model 160 flip between polls', async () => {
    await drive([commonOf('Fronius', 65), inverter, modules(1500, 1600)]);
    const seen = new Set<unknown>();
    for (const factor of [1, -1, 2, 0, -1]) {
      const flipped = modules(1500, 1600);
      device.become([commonOf('Fronius', 65), inverter, { ...flipped, values: { ...flipped.values, DCW_SF: factor } }]);
      await device.poll(3);
      seen.add(device.sample('solar/dc_power')?.value);
    }
    assert.deepEqual([...seen], [3100], 'the devices say the same in other factors');
    const told = device.cycles
      .flatMap(({ samples }) => samples)
      .filter(({ channel }) => device.paths()[channel] === 'solar/1/dc_power');
    assert.deepEqual([...new Set(told.map(({ value }) => value))], [1500]);
  });

  it('SolarEdge: split phase, a common model of 65, and at night no voltage where a sunny day had 613 V', async () => {
    const day: ValuedModel = { id: 102, values: { ...inverterValues, DCV: 613, DCV_SF: 0, DCW: 4100, DCW_SF: 0 } };
    await drive([commonOf('SolarEdge', 65), day]);
    assert.deepEqual(valuesOf('solar/dc_voltage', 'solar/power'), [613, 4000]);
    assert.equal(device.driver.describe().components.solar?.phases, 2);
    device.become([commonOf('SolarEdge', 65), { ...day, raw: { DCV: 'ffff', DCV_SF: '8000' } }]);
    await device.poll(2);
    assert.deepEqual([valuesOf('solar/dc_voltage'), device.sample('solar/dc_voltage')?.reason], [[null], 'sentinel']);
    isOnline();
  });

  it('SolarEdge: the meter counts export as positive, as the integrator found out', async () => {
    const meter: ValuedModel = {
      id: 203,
      values: { W: 1500, W_SF: 0, WphA: 500, TotWhImp: 1, TotWhExp: 2, TotWh_SF: 0 },
    };
    await drive([commonOf('SolarEdge', 65), inverter, commonOf('WattNode', 65), meter], {
      choices: { meter_sign: 'export' },
    });
    assert.deepEqual(valuesOf('meter/power', 'meter/power/l1', 'meter/energy_import'), [-1500, -500, 1]);
    const power = device.driver
      .describe()
      .channels.find(({ type, quantity }) => type === 'meter' && quantity === 'power');
    assert.notEqual(power?.isSignVerified, false);
  });

  it('KACO blueplanet: no device address, a power factor of 100 per cent, watts in tens', async () => {
    const values = { ...inverterValues, W: 2590, W_SF: 1, PF: 100, PF_SF: -1 };
    await drive([commonOf('KACO new energy'), { id: 103, values }]);
    assert.deepEqual(valuesOf('solar/power', 'solar/power_factor'), [2590, 1]);
  });

  for (const unit of [2, 247])
    it(`ABB and Fimer: base 0 on unit ${unit}`, async () => {
      await drive([commonOf('ABB'), inverter], { unit, base: 0, brand: 'abb' });
      assert.deepEqual(valuesOf('solar/power'), [4000]);
    });

  it('Enphase: SunSpec that nobody has enabled is told as that', async () => {
    device = driveForHours([], { refuse: () => 2 });
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    assert.match(
      JSON.stringify(device.states.at(-1)),
      /exception 2; look whether SunSpec is switched on in the device/,
    );
  });

  it('OutBack MATE3: a model of the vendor that grew with the firmware, before the inverter', async () => {
    const charger: ValuedModel = { id: 64_111, length: 29, values: { BattV: 52, V_SF: 0 } };
    const models = [commonOf('OUTBACK'), charger, inverter];
    await drive(models, {
      extraPoints: [{ name: 'volts', type: 'sunspec', addr: '64111:BattV', quantity: 'solar/x_battery_voltage' }],
    });
    assert.deepEqual(valuesOf('solar/power', 'solar/x_battery_voltage'), [4000, 52]);
    isOnline();
  });

  it('any: 701 goes before 103, 714 before 160, 713 before 802 before 124', async () => {
    const der: ValuedModel = { id: 701, values: { W: 4100, W_SF: 0, Hz: 50, Hz_SF: 0 } };
    const port = { 'Prt.1.PrtTyp': 0, 'Prt.1.DCW': 4200, DCW_SF: 0 };
    const ports: ValuedModel = { id: 714, counts: { NPrt: 1 }, values: port };
    const [soc713, soc802, soc124]: ValuedModel[] = [
      { id: 713, values: { SoC: 61, Pct_SF: 0 } },
      { id: 802, values: { SoC: 62, SoC_SF: 0 } },
      { id: 124, values: { ChaState: 63, ChaState_SF: 0 } },
    ] as const;
    await drive(
      [commonOf('Maker'), inverter, modules(1500), soc124, soc802, soc713, der, ports].filter(
        (each) => each !== undefined,
      ),
    );
    assert.deepEqual(valuesOf('inverter/power', 'solar/1/dc_power', 'battery/soc'), [4100, 4200, 61]);
    await device.close();
    await drive([commonOf('Maker'), inverter, soc124, soc802].filter((each) => each !== undefined));
    assert.deepEqual(valuesOf('inverter/power', 'battery/soc'), [4000, 62]);
  });
});
