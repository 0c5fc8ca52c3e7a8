/** Meter values of stations in the field, from the frame to what is told: on a real socket. */
import assert from 'node:assert/strict';
import {
  createScriptedStation,
  type ScriptedStation,
  type ScriptedStationOptions,
} from '../../support/ocpp/scripted-station.ts';

interface Value {
  value: unknown;
  measurand?: string;
  unit?: string;
  phase?: string;
  [more: string]: unknown;
}

const phases = (measurand: string, unit: string, names: string[], value: unknown): Value[] =>
  names.map((phase) => ({ measurand, unit, phase, value }));
const lines = ['L1', 'L2', 'L3'];

describe('stations in the field: meter values', () => {
  let field: ScriptedStation;
  const open = async (options: ScriptedStationOptions = {}): Promise<void> => {
    field = await createScriptedStation(options);
    await field.ready();
    await field.status(field.version === '1.6' ? 'Charging' : 'Occupied');
    await field.pass(5000);
  };
  afterEach(() => field.close());

  const measure = async (...values: Value[]): Promise<void> => {
    const timestamp = field.time();
    const sampled2 = ({ unit, ...rest }: Value): object => ({ ...rest, ...(unit && { unitOfMeasure: { unit } }) });
    if (field.version === '1.6')
      await field.say('MeterValues', { connectorId: 1, meterValue: [{ timestamp, sampledValue: values }] });
    else await field.say('MeterValues', { evseId: 1, meterValue: [{ timestamp, sampledValue: values.map(sampled2) }] });
  };
  const shown = (...paths: string[]): unknown[] => paths.map((path) => field.last(`1/${path}`));
  const suspicions = (): string =>
    field
      .named('unit_suspect')
      .map(({ state, message }) => `${state} ${message}`)
      .join();

  for (const version of ['1.6', '2.0.1', '2.1'] as const) {
    const number = (value: number): unknown => (version === '1.6' ? String(value) : value);

    it(`${version}: power without a unit is in W, and said to be a guess (Autel)`, async () => {
      await open({ version });
      await measure({ value: number(7200), measurand: 'Power.Active.Import' });
      assert.deepEqual(shown('power'), [7200]);
      assert.equal(field.told('1/power').at(-1)?.isEstimated, true);
      assert.match(
        field
          .named('protocol_deviation')
          .map(({ message }) => message)
          .join(),
        /without a unit/,
      );
    });

    it(`${version}: nothing but a value is the energy register in Wh`, async () => {
      await open({ version });
      await measure({ value: number(12_345) });
      assert.deepEqual(shown('energy_imported'), [12_345]);
      assert.equal(field.told('1/energy_imported').at(-1)?.isEstimated, undefined);
    });

    it(`${version}: kW called W is not told, and why is`, async () => {
      await open({ version });
      const currents = phases('Current.Import', 'A', lines, number(10.4));
      await measure({ value: number(7.2), measurand: 'Power.Active.Import', unit: 'W' }, ...currents);
      assert.deepEqual([field.last('1/power'), field.told('1/power').at(-1)?.reason], [null, 'unit_unknown']);
      assert.match(suspicions(), /active .*power.* factor 1000/);
      await measure({ value: number(7200), measurand: 'Power.Active.Import', unit: 'W' }, ...currents);
      assert.deepEqual(shown('power'), [7200]);
      assert.match(suspicions(), /cleared/);
    });

    it(`${version}: W called kW is not told either`, async () => {
      await open({ version });
      const currents = phases('Current.Import', 'A', lines, number(10.4));
      await measure({ value: number(7200), measurand: 'Power.Active.Import', unit: 'kW' }, ...currents);
      assert.equal(field.last('1/power'), null);
      assert.ok(['unit_unknown', 'out_of_range'].includes(String(field.told('1/power').at(-1)?.reason)));
    });

    it(`${version}: the factors of the station put it right`, async () => {
      await open({ version, driver: { quirks: { factors: { power: 1000, energy: 1000 } } } });
      await measure(
        { value: number(7.2), measurand: 'Power.Active.Import', unit: 'W' },
        { value: number(12), measurand: 'Energy.Active.Import.Register', unit: 'Wh' },
      );
      assert.deepEqual(shown('power', 'energy_imported'), [7200, 12_000]);
    });

    it(`${version}: kWh called Wh is noticed against the power`, async () => {
      await open({ version });
      for (let i = 0; i <= 40; i++) {
        await measure(
          { value: number(7200), measurand: 'Power.Active.Import', unit: 'W' },
          {
            value: number(Math.round((1000 + i * 0.02) * 100) / 100),
            measurand: 'Energy.Active.Import.Register',
            unit: 'Wh',
          },
        );
        await field.pass(10_000);
      }
      assert.match(suspicions(), /active .*energy.* factor 1000/);
    });

    it(`${version}: Wh called kWh is noticed, and not told (VCP)`, async () => {
      await open({ version });
      for (let i = 0; i < 6; i++) {
        await measure({ value: number(1000 + 20 * i), measurand: 'Energy.Active.Import.Register', unit: 'Wh' });
        await field.pass(10_000);
      }
      for (let i = 0; i < 6; i++) {
        await measure({ value: number(1120 + 20 * i), measurand: 'Energy.Active.Import.Register', unit: 'kWh' });
        await field.pass(10_000);
      }
      const told = field.told('1/energy_imported').slice(6);
      assert.ok(told.every(({ value, reason }) => value === null && reason === 'spike'));
      assert.equal(told.length, 6);
      assert.match(suspicions(), /^active .*energy.* factor 0.001/);
    });

    it(`${version}: voltages on L1 as on L1-N, currents on L1-N as on L1, the neutral on its own`, async () => {
      await open({ version });
      await measure(
        ...phases('Voltage', 'V', ['L1', 'L2-N'], number(231)),
        ...phases('Voltage', 'V', ['L3-L1'], number(398.3717)),
        ...phases('Current.Import', 'A', ['L1-N', 'L2'], number(9.5)),
        ...phases('Current.Import', 'A', ['N'], number(0.3)),
      );
      assert.deepEqual(
        shown('voltage/l1', 'voltage/l2', 'current/l1', 'current/l2', 'current/n'),
        [231, 231, 9.5, 9.5, 0.3],
      );
      assert.deepEqual(
        [Math.round(Number(field.last('1/voltage/l3'))), field.told('1/voltage/l3').at(-1)?.isEstimated],
        [230, true],
      );
      assert.deepEqual(shown('current/l3', 'phases_active'), [undefined, 2]);
    });

    it(`${version}: phases are named by those of the grid, as the installer has connected them`, async () => {
      await open({ version, driver: { phaseRotation: 'L2L3L1' } });
      await measure(
        ...phases('Voltage', 'V', ['L1'], number(231)),
        ...phases('Voltage', 'V', ['L2'], number(232)),
        ...phases('Voltage', 'V', ['L3'], number(233)),
        ...phases('Current.Import', 'A', ['L1'], number(9)),
        ...phases('Current.Import', 'A', ['N'], number(8.5)),
      );
      assert.deepEqual(shown('voltage/l1', 'voltage/l2', 'voltage/l3'), [233, 231, 232]);
      assert.deepEqual(shown('current/l1', 'current/l2', 'current/n', 'phases_active'), [undefined, 9, 8.5, 1]);
      assert.equal(field.driver().describe().components.ev_charger?.phaseRotation, 'L2L3L1');
      await field.close();
      const limits = { minCurrentA: 6, maxCurrentA: 32, failsafeA: 6, phases: 1 as const, intervalS: 10 };
      await open({ version, driver: { limits, phaseRotation: 'L3L1L2' } });
      await measure({ value: number(12), measurand: 'Current.Import', unit: 'A' });
      assert.deepEqual(shown('current/l1', 'current/l3'), [undefined, 12]);
    });

    it(`${version}: the neutral alone is no phase that charges`, async () => {
      await open({ version });
      await measure(...phases('Current.Import', 'A', ['N'], number(15)));
      assert.deepEqual(shown('current/n', 'current/l1', 'phases_active'), [15, undefined, undefined]);
    });

    it(`${version}: a current without a phase is no phase, unless there is only one`, async () => {
      await open({ version });
      await measure({ value: number(12), measurand: 'Current.Import', unit: 'A' });
      assert.deepEqual(shown('current_total', 'current/l1'), [12, undefined]);
      await field.close();
      await open({
        version,
        driver: { limits: { minCurrentA: 6, maxCurrentA: 32, failsafeA: 6, phases: 1, intervalS: 10 } },
      });
      await measure(
        { value: number(12), measurand: 'Current.Import', unit: 'A' },
        { value: number(229), measurand: 'Voltage', unit: 'V' },
      );
      assert.deepEqual(shown('current_total', 'current/l1', 'voltage/l1'), [12, 12, 229]);
    });

    it(`${version}: "Hertz", "Hz", "Celcius", "%" and what has no unit`, async () => {
      await open({ version });
      for (const unit of ['Hertz', 'Hz', undefined])
        await measure({ value: number(50.1), measurand: 'Frequency', ...(unit && { unit }) });
      for (const unit of ['Percent', '%', undefined])
        await measure({ value: number(55), measurand: 'SoC', location: 'EV', ...(unit && { unit }) });
      for (const unit of ['Celcius', 'Celsius', '°C'])
        await measure({ value: number(31), measurand: 'Temperature', unit });
      for (const [path, value] of [
        ['frequency', 50.1],
        ['soc', 55],
        ['temperature', 31],
      ] as const)
        assert.deepEqual(
          field.told(`1/${path}`).map((told) => told.value),
          [value, value, value],
          path,
        );
    });

    it(`${version}: reactive energy has its registers; what flowed in an interval is no register`, async () => {
      await open({ version });
      await measure(
        { value: number(1.5), measurand: 'Energy.Reactive.Import.Register', unit: 'kvarh' },
        { value: number(500_000), measurand: 'Energy.Active.Import.Register', unit: 'Wh' },
        { value: number(20), measurand: 'Energy.Active.Import.Interval', unit: 'Wh' },
      );
      assert.deepEqual(shown('energy_reactive_import', 'energy_imported'), [1500, 500_000]);
      assert.deepEqual(
        field.told('1/energy_imported').map(({ value }) => value),
        [500_000],
      );
    });

    it(`${version}: a register that drops out to 0 is not told as 0`, async () => {
      await open({ version });
      for (const wh of [500_000, 0, 500_100, 0, 0, 500_200]) {
        await measure({ value: number(wh), measurand: 'Energy.Active.Import.Register', unit: 'Wh' });
        await field.pass(10_000);
      }
      const told = field.told('1/energy_imported').map(({ value }) => value);
      assert.deepEqual(told, [500_000, null, 500_100, null, null, 500_200]);
      assert.equal(field.told('1/energy_imported')[1]?.reason, 'spike');
    });

    it(`${version}: a register that begins anew is told as soon as it rises`, async () => {
      await open({ version });
      for (const wh of [500_000, 0, 0, 40, 90]) {
        await measure({ value: number(wh), measurand: 'Energy.Active.Import.Register', unit: 'Wh' });
        await field.pass(10_000);
      }
      assert.deepEqual(
        field.told('1/energy_imported').map(({ value }) => value),
        [500_000, null, null, 40, 90],
      );
    });
  }

  it('1.6: commas, blanks and numbers where texts belong', async () => {
    await open();
    await measure(
      { value: '7200,5', measurand: 'Power.Active.Import', unit: 'W' },
      { value: ' 230.5 ', measurand: 'Voltage', unit: 'V', phase: 'L1' },
      { value: 10.5, measurand: 'Current.Import', unit: 'A', phase: 'L1' },
    );
    assert.deepEqual(shown('power', 'voltage/l1', 'current/l1'), [7200.5, 230.5, 10.5]);
  });

  it('what signs is no number, and what is no number is no value', async () => {
    await open();
    await measure(
      { value: '99999', format: 'SignedData', measurand: 'Energy.Active.Import.Register' },
      { value: 'OCMF|{}|{}', measurand: 'Power.Active.Import' },
      { value: 'n/a', measurand: 'Voltage', unit: 'V', phase: 'L1' },
    );
    assert.deepEqual(shown('energy_imported', 'voltage/l1'), [undefined, undefined]);
    assert.deepEqual([...new Set(field.told('1/power').map(({ value }) => value))], [0, null]);
    assert.deepEqual(
      field.named('signed_value').map(({ data }) => data?.signed),
      ['99999', 'OCMF|{}|{}'],
    );
  });
});
