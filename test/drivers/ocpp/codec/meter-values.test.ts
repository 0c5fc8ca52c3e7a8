import assert from 'node:assert/strict';
import type { Fields } from '../../../../src/drivers/ocpp/codec/lenient-fields.ts';
import { readMeterValues } from '../../../../src/drivers/ocpp/codec/meter-values.ts';
import type { MeterValue, SampledValue } from '../../../../src/drivers/ocpp/messages.ts';

const arrival = Date.parse('2026-01-05T10:00:05Z');
const timestamp = '2026-01-05T10:00:00Z';

interface Read {
  samples: MeterValue[];
  notes: string[];
}

const readEntries = (meterValue: unknown, valueType: 'string' | 'number' = 'string'): Read => {
  const notes: string[] = [];
  return { samples: readMeterValues({ meterValue }, { field: 'meterValue', valueType }, { arrival, notes }), notes };
};

const read16 = (...sampledValue: object[]): Read => readEntries([{ timestamp, sampledValue }]);
const read2 = (...sampledValue: object[]): Read => readEntries([{ timestamp, sampledValue }], 'number');

/** "power", "voltage l1": the value with its unit; "~" before what is derived. */
const shown = ({ samples }: Read): Record<string, string> =>
  Object.fromEntries(
    samples.flatMap(({ sampledValues: measures }) =>
      measures.map(({ quantity, part, value, unit, isDerived }: SampledValue) => [
        part ? `${quantity} ${part}` : quantity,
        `${isDerived ? '~' : ''}${value} ${unit}`,
      ]),
    ),
  );

const value = (measurand: string | undefined, text: unknown, unit?: string, more: object = {}): object => ({
  value: text,
  ...(measurand ? { measurand } : {}),
  ...(unit ? { unit } : {}),
  ...more,
});

const phases = (measurand: string, unit: string, values: Record<string, string>): object[] =>
  Object.entries(values).map(([phase, text]) => value(measurand, text, unit, { phase }));

describe('meter values of OCPP: the quantities', () => {
  const rows: [name: string, values: object[], expected: Record<string, string>][] = [
    ['nothing but a value is an energy in Wh', [value(undefined, '1234')], { energy_imported: '1234 Wh' }],
    ['energy in kWh', [value('Energy.Active.Import.Register', '1.1', 'kWh')], { energy_imported: '1100 Wh' }],
    ['energy without a unit', [value('Energy.Active.Import.Register', '1.5')], { energy_imported: '1.5 Wh' }],
    [
      'energy only by phase is summed',
      phases('Energy.Active.Import.Register', 'Wh', { L1: '100', L2: '200', L3: '300.5' }),
      { energy_imported: '~600.5 Wh' },
    ],
    [
      'a total energy goes before its phases',
      [value(undefined, '700'), ...phases('Energy.Active.Import.Register', 'Wh', { L1: '100', L2: '200' })],
      { energy_imported: '700 Wh' },
    ],
    ['energy back', [value('Energy.Active.Export.Register', '2', 'kWh')], { energy_exported: '2000 Wh' }],
    [
      'intervals are no registers',
      [
        value('Energy.Active.Import.Interval', '10', 'Wh'),
        value('Energy.Active.Export.Interval', '1', 'Wh'),
        value('Energy.Active.Import.Register', '500', 'Wh'),
      ],
      { energy_imported_interval: '10 Wh', energy_exported_interval: '1 Wh', energy_imported: '500 Wh' },
    ],
    [
      'reactive energy',
      [value('Energy.Reactive.Import.Register', '1.2', 'kvarh'), value('Energy.Reactive.Export.Register', '5', 'varh')],
      { energy_reactive_import: '1200 varh', energy_reactive_export: '5 varh' },
    ],
    ['power in kW', [value('Power.Active.Import', '11.04', 'kW')], { power: '11040 W' }],
    ['power without a unit is in W', [value('Power.Active.Import', '500.4')], { power: '~500.4 W' }],
    [
      'power by phase is summed',
      phases('Power.Active.Import', 'kW', { L1: '3.5', 'L2-N': '3.6', L3: '3.7', N: '9' }),
      { power: '~10800 W', 'power l1': '3500 W', 'power l2': '3600 W', 'power l3': '3700 W' },
    ],
    [
      'a total power goes before its phases',
      [value('Power.Active.Import', '10900', 'W'), ...phases('Power.Active.Import', 'W', { L1: '3500' })],
      { power: '10900 W', 'power l1': '3500 W' },
    ],
    [
      'power back is negative',
      [value('Power.Active.Export', '5', 'kW'), ...phases('Power.Active.Export', 'W', { L1: '2500' })],
      { power: '-5000 W', 'power l1': '-2500 W' },
    ],
    [
      'power forth and back, in any order',
      [value('Power.Active.Export', '100', 'W'), value('Power.Active.Import', '7100', 'W')],
      { power: '~7000 W' },
    ],
    [
      'no power back beside power forth',
      [value('Power.Active.Export', '0', 'W'), value('Power.Active.Import', '7100', 'W')],
      { power: '7100 W' },
    ],
    ['no power back on its own says nothing', [value('Power.Active.Export', '0.0', 'Wh')], {}],
    ['power offered', [value('Power.Offered', '22', 'kW')], { power_offered: '22000 W' }],
    [
      'reactive power',
      [value('Power.Reactive.Import', '0.3', 'kvar'), value('Power.Factor', '0.98')],
      { reactive_power: '300 var', power_factor: '0.98 1' },
    ],
    ['the mean power factor', phases('Power.Factor', '', { L1: '0.9', L2: '0.8' }), { power_factor: '~0.85 1' }],
    [
      'currents by phase',
      phases('Current.Import', 'A', { L1: '16.1', 'L2-N': '15.9', L3: '16', N: '0.2' }),
      { 'current l1': '16.1 A', 'current l2': '15.9 A', 'current l3': '16 A', 'current n': '0.2 A' },
    ],
    ['a current without a phase is no phase', [value('Current.Import', '20.5', 'A')], { current_total: '20.5 A' }],
    ['only the neutral', phases('Current.Import', 'A', { N: '15.6' }), { 'current n': '15.6 A' }],
    ['current back', phases('Current.Export', 'A', { L1: '10' }), { 'current l1': '-10 A' }],
    ['current offered', [value('Current.Offered', '16000', 'mA')], { current_offered: '16 A' }],
    [
      'current offered by phase',
      phases('Current.Offered', 'A', { L1: '16', L2: '0', L3: '0' }),
      { current_offered: '~16 A' },
    ],
    [
      'voltages against the neutral',
      phases('Voltage', 'V', { 'L1-N': '231', L1: '400', L2: '230', 'L2-L3': '400', 'L3-L1': '398.3717' }),
      { 'voltage l1': '231 V', 'voltage l2': '230 V', 'voltage l3': '~230.000008 V' },
    ],
    ['a voltage without a phase', [value('Voltage', '233.1', 'V')], { voltage: '233.1 V' }],
    [
      'a voltage without a phase beside phases',
      [value('Voltage', '233.1', 'V'), ...phases('Voltage', 'V', { L1: '230' })],
      { 'voltage l1': '230 V' },
    ],
    ['frequency without a unit', [value('Frequency', '49.96')], { frequency: '49.96 Hz' }],
    ['frequency in "Hertz"', [value('Frequency', '50.01', 'Hertz')], { frequency: '50.01 Hz' }],
    ['frequency in Hz', [value('Frequency', '50.02', 'Hz')], { frequency: '50.02 Hz' }],
    ['temperature in "Celcius"', [value('Temperature', '31', 'Celcius')], { temperature: '31 degC' }],
    ['temperature in K', [value('Temperature', '300', 'K')], { temperature: '26.85 degC' }],
    ['temperature in Fahrenheit', [value('Temperature', '86', 'Fahrenheit')], { temperature: '30 degC' }],
    ['state of charge', [value('SoC', '70.0', 'Percent', { location: 'EV' })], { soc: '70 %' }],
    ['state of charge without a unit', [value('SoC', '70')], { soc: '70 %' }],
    ['what has no quantity', [value('RPM', '3000')], {}],
    [
      'at the plug rather than elsewhere',
      [
        value('Power.Active.Import', '7400', 'W', { location: 'Inlet' }),
        value('Power.Active.Import', '7300', 'W', { location: 'Outlet' }),
        value('Voltage', '235', 'V', { location: 'Inlet', phase: 'L1' }),
      ],
      { power: '7300 W', 'voltage l1': '235 V' },
    ],
  ];
  for (const [name, values, expected] of rows) it(name, () => assert.deepEqual(shown(read16(...values)), expected));
});

describe('meter values of OCPP 2.x', () => {
  const rows: [name: string, values: object[], expected: Record<string, string>][] = [
    [
      'a power of ten',
      [value('Power.Active.Import', 73, undefined, { unitOfMeasure: { unit: 'W', multiplier: 2 } })],
      { power: '7300 W' },
    ],
    [
      'a negative power of ten leaves no dust',
      [value('Current.Import', 161, undefined, { phase: 'L1', unitOfMeasure: { unit: 'A', multiplier: -1 } })],
      { 'current l1': '16.1 A' },
    ],
    [
      'the default unit on what is no energy',
      [value('Power.Active.Import', 500.4, undefined, { unitOfMeasure: { unit: 'Wh' } })],
      { power: '~500.4 W' },
    ],
    [
      'a power of ten that is none',
      [value('Voltage', 230, undefined, { phase: 'L1', unitOfMeasure: { unit: 'V', multiplier: 99 } })],
      {},
    ],
    ['no unit at all', [value('Voltage', 230, undefined, { phase: 'L1' })], { 'voltage l1': '~230 V' }],
    ['2.1: the charge that the car shows', [value('Display.PresentSOC', 55)], { soc: '55 %' }],
    [
      '2.1: current and power offered',
      [
        value('Current.Import.Offered', 16, undefined, { unitOfMeasure: { unit: 'A' } }),
        value('Power.Import.Offered', 11, undefined, { unitOfMeasure: { unit: 'kW' } }),
      ],
      { current_offered: '16 A', power_offered: '11000 W' },
    ],
    [
      '2.1: a meter above the station is not the station',
      [value(undefined, 5, undefined, { location: 'Upstream' }), value(undefined, 7)],
      { energy_imported: '7 Wh' },
    ],
    ['2.1: a meter above the station alone', [value(undefined, 5, undefined, { location: 'Upstream' })], {}],
    ['2.1: what has no quantity', [value('Display.TargetSOC', 80), value('Power.Active.Setpoint', 1)], {}],
  ];
  for (const [name, values, expected] of rows) it(name, () => assert.deepEqual(shown(read2(...values)), expected));
});

describe('meter values of OCPP: what is odd is understood and noted', () => {
  const rows: [name: string, values: object[], expected: Record<string, string>, note: RegExp][] = [
    [
      'a comma',
      [value('Voltage', '230,5', 'V', { phase: 'L1' })],
      { 'voltage l1': '230.5 V' },
      /"230,5": taken as 230.5/,
    ],
    ['blanks', [value('Voltage', ' 230.5 ', ' v ', { phase: 'L1' })], { 'voltage l1': '230.5 V' }, /in " v "/],
    [
      'a number where a text belongs',
      [value(undefined, 12)],
      { energy_imported: '12 Wh' },
      /is a number, not a string/,
    ],
    ['the case of a measurand', [value('power.active.import', '5', 'w')], { power: '5 W' }, /"power.active.import"/],
    ['the case of a phase', [value('Current.Import', '5', 'A', { phase: 'l1' })], { 'current l1': '5 A' }, /"l1"/],
    ['a context nobody knows', [value(undefined, '5', 'Wh', { context: 'Now' })], { energy_imported: '5 Wh' }, /"Now"/],
    ['no value', [value('Voltage', '', 'V')], {}, /no number/],
    ['no number', [value('Voltage', 'n/a', 'V')], {}, /"n\/a" and no number/],
    ['NaN', [value('Voltage', 'NaN', 'V')], {}, /no number/],
    ['more than a number can hold', [value('Voltage', '1e999', 'V')], {}, /no number/],
    ['more than there can be', [value('Voltage', '1e16', 'V')], {}, /"1e16", more than there can be/],
    ['thousands and decimals', [value('Voltage', '1,234.5', 'V')], {}, /no number/],
    ['a unit of something else', [value('Power.Active.Import', '7', 'A')], {}, /in "A": left out/],
    ['a measurand nobody knows', [value('Speed', '7')], {}, /"Speed", which is not known/],
    ['a phase nobody knows', [value('Voltage', '7', 'V', { phase: 'L4' })], {}, /"L4", which is not known/],
  ];
  for (const [name, values, expected, expectedNote] of rows)
    it(name, () => {
      const read = read16(...values);
      assert.deepEqual(shown(read), expected);
      assert.match(read.notes.join('\n'), expectedNote);
    });

  it('notes nothing where all is well', () => {
    const { notes } = read16(
      value('Energy.Active.Import.Register', '1', 'kWh', {
        context: 'Sample.Clock',
        format: 'Raw',
        location: 'Outlet',
      }),
      value('Power.Active.Import', '7', 'W', { context: 'Sample.Periodic', phase: 'L1' }),
      value('Temperature', '7', 'Celsius', { location: 'Body' }),
    );
    assert.deepEqual(notes, []);
  });
});

describe('meter values of OCPP: times and contexts', () => {
  it('one entry of several contexts is several samples', () => {
    const { samples } = read16(
      value(undefined, '646', 'Wh', { context: 'Sample.Periodic' }),
      value(undefined, '0', 'Wh', { context: 'Transaction.Begin' }),
      value('Voltage', '230', 'V', { context: 'Trigger', phase: 'L1' }),
      value(undefined, '700', 'Wh', { context: 'Transaction.End' }),
      value(undefined, '300', 'Wh', { context: 'Interruption.Begin' }),
    );
    const contents = samples.map(({ context, sampledValues: measures }) => [
      context,
      measures.map((measure) => measure.value),
    ]);
    assert.deepEqual(contents, [
      ['live', [646, 230]],
      ['begin', [0]],
      ['end', [700]],
      ['interruption', [300]],
    ]);
  });

  it('several entries of one time are one sample', () => {
    const entry = (phase: string, text: string): object => ({
      timestamp,
      sampledValue: [value('Power.Active.Import', text, 'W', { phase })],
    });
    const read = readEntries([entry('L1', '1'), entry('L2', '2'), entry('L3', '4')]);
    assert.equal(read.samples.length, 1);
    assert.equal(shown(read).power, '~7 W');
  });

  it('entries of several times are samples of their own', () => {
    const { samples } = readEntries([
      { timestamp: '2026-01-05T09:00:00Z', sampledValue: [value(undefined, '1')] },
      { timestamp: '2026-01-05T09:15:00Z', sampledValue: [value(undefined, '2')] },
    ]);
    assert.deepEqual(
      samples.map(({ at }) => at),
      [Date.parse('2026-01-05T09:00:00Z'), Date.parse('2026-01-05T09:15:00Z')],
    );
  });

  it('a time that cannot be leaves the sample without one', () => {
    const read = readEntries([{ timestamp: '1970-01-01T00:00:12Z', sampledValue: [value(undefined, '1')] }]);
    assert.equal(read.samples[0]?.at, undefined);
    assert.match(read.notes.join(), /clock of the station is not set/);
  });

  it('a single entry may stand without its list', () => {
    const { samples, notes } = readEntries({ timestamp, sampledValue: value(undefined, '5') });
    assert.equal(samples[0]?.sampledValues[0]?.value, 5);
    assert.equal(notes.length, 2);
  });
});

describe('meter values of OCPP: signed values are passed on untouched', () => {
  const ocmf = 'OCMF|{"FV":"1.0","RD":[{"RV":"12,50","RU":"kWh"}]}|{"SD":"3045"}  ';

  it('SignedData of 1.6', () => {
    const { samples } = read16(
      value('Energy.Active.Import.Register', ocmf, 'Wh', { format: 'SignedData', context: 'Transaction.End' }),
      value('Energy.Active.Import.Register', '12500', 'Wh', { context: 'Transaction.End' }),
    );
    assert.deepEqual(samples[0]?.signed, [
      { measurand: 'Energy.Active.Import.Register', context: 'Transaction.End', data: ocmf },
    ]);
    assert.deepEqual(
      samples[0]?.sampledValues.map((measure) => measure.value),
      [12500],
    );
  });

  it('a number is none where it is said to be signed', () => {
    const { samples } = read16(value(undefined, '12345', 'Wh', { format: 'SignedData' }));
    assert.deepEqual(samples[0]?.sampledValues, []);
    assert.equal(samples[0]?.signed[0]?.data, '12345');
  });

  it('what looks signed is', () => {
    const xml = '<?xml version="1.0"?><signedMeterValue/>';
    const { samples } = read16(value(undefined, ocmf), value(undefined, xml));
    assert.deepEqual(
      samples[0]?.signed.map(({ data }) => data),
      [ocmf, xml],
    );
  });

  it('signedMeterValue of 2.x, beside the value', () => {
    const signedMeterValue = { signedMeterData: 'T0NNRnw=', signingMethod: '', encodingMethod: 'OCMF', publicKey: '' };
    const { samples } = read2({ value: 12500, context: 'Transaction.Begin', signedMeterValue });
    assert.deepEqual(samples[0]?.signed[0]?.data, signedMeterValue);
    assert.equal(samples[0]?.sampledValues[0]?.value, 12500);
    assert.equal(samples[0]?.context, 'begin');
  });
});

describe('meter values of OCPP: a message that never ends', () => {
  it('is read in part', () => {
    const many: Fields[] = Array.from({ length: 30_000 }, (_, i) => ({ value: String(i) }));
    const { samples, notes } = read16(...many);
    assert.equal(samples[0]?.sampledValues[0]?.value, 9_999);
    assert.match(notes.join(), /only the first 10000/);
  });

  it('is described in a few words', () => {
    const { notes } = read16(...Array.from({ length: 1000 }, () => ({ value: 'x'.repeat(1000) })));
    assert.equal(notes.length, 20);
    assert.ok(notes.every((line) => line.length < 120));
  });
});
