/** Meters: images of their registers, with values worked out by hand from the sources of each profile. */
import { describeFieldDevices } from '../../../support/modbus/field-device.ts';
import { float, long, longLong, text } from '../../../support/modbus/register-words.ts';

const floats = (...values: number[]): string => values.map((value) => float(value)).join(' ');

/** A float64 in four registers. */
const double = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
};

describeFieldDevices('a meter of the field', {
  'Eastron SDM72 v2: all phases': {
    profile: 'eastron-sdm72',
    others: 0,
    registers: {
      input: {
        0: floats(230.5, 231.25, 229.75, 2.5, 3.5, 1.25, 512.5, 750.25, -250.5),
        52: floats(1012.25),
        70: floats(50.03125, 12_345.5, 6789.25),
        342: floats(19_134.75, 456.5),
      },
      holding: { 64512: long(12_345_678) },
    },
    identity: { vendor: 'Eastron', model: 'SDM72', serial: '12345678' },
    values: {
      'meter/voltage/l2': 231.25,
      'meter/current/l3': 1.25,
      'meter/power/l3': -250.5,
      'meter/power': 1012.25,
      'meter/frequency': 50.03125,
      'meter/energy_import': 12_345_500,
      'meter/energy_export': 6_789_250,
      'meter/x_energy_total': 19_134_750,
    },
  },
  'Eastron SDM72 of the first version: power and energies, and no other register': {
    profile: 'eastron-sdm72',
    choice: { params: { version: 'v1' } },
    registers: { input: { 52: floats(-812.5), 72: floats(1234.5, 567.25), 342: floats(1801.75) } },
    values: { 'meter/power': -812.5, 'meter/energy_import': 1_234_500, 'meter/energy_export': 567_250 },
  },
  'Eastron SDM230: one phase': {
    profile: 'eastron-sdm230',
    others: 0,
    registers: {
      input: {
        0: floats(231.5),
        6: floats(4.5),
        12: floats(1023.5),
        18: floats(1041.75),
        24: floats(-120.5),
        30: floats(0.984375, 0, 0, 10.5),
        70: floats(49.984375, 2345.5, 123.25, 45.5, 6.75),
      },
    },
    values: {
      'meter/voltage': 231.5,
      'meter/current': 4.5,
      'meter/power': 1023.5,
      'meter/apparent_power': 1041.75,
      'meter/reactive_power': -120.5,
      'meter/power_factor': 0.984375,
      'meter/x_phase_angle': 10.5,
      'meter/frequency': 49.984375,
      'meter/energy_import': 2_345_500,
      'meter/energy_export': 123_250,
    },
  },
  'Siemens PAC: energies are float64 in Wh': {
    profile: 'siemens-pac',
    others: 0,
    registers: {
      holding: {
        1: floats(230.5, 231.25, 229.75),
        13: floats(2.5, 3.5, 1.25),
        25: floats(512.5, 750.25, 250.5, 12.5, 13.5, 14.5, 0.96875, 0.984375, 1),
        63: floats(1550.5, 1513.25, 40.5, 0.9765625),
        801: double(123_456_789.5),
        809: double(98_765.25),
      },
    },
    values: {
      'meter/voltage/l1': 230.5,
      'meter/current/l2': 3.5,
      'meter/power/l3': 250.5,
      'meter/reactive_power/l1': 12.5,
      'meter/power_factor/l2': 0.984375,
      'meter/apparent_power': 1550.5,
      'meter/power': 1513.25,
      'meter/power_factor': 0.9765625,
      'meter/energy_import': 123_456_789.5,
      'meter/energy_export': 98_765.25,
    },
  },
  'Schneider iEM3255: kW, and energies of 64 bits in Wh': {
    profile: 'schneider-iem3000',
    others: 0,
    registers: {
      holding: {
        49: text('iEM3255', 20),
        129: long(20_123_456),
        2999: floats(2.5, 3.5, 1.25),
        3027: floats(230.5, 231.25, 229.75),
        3053: floats(0.5, 0.75, -0.25, 1),
        3067: floats(0.125),
        3075: floats(1.0625),
        3109: floats(50.015625),
        3203: `${longLong(45_678_901)} ${longLong(1_234_567)}`,
        3219: `${longLong(345_678)} ${longLong(12_345)}`,
        3517: `${longLong(15_000_001)} ${longLong(15_000_002)} ${longLong(15_678_898)}`,
      },
    },
    identity: { vendor: 'Schneider Electric', model: 'iEM3255', serial: '20123456' },
    values: {
      'meter/current/l1': 2.5,
      'meter/voltage/l3': 229.75,
      'meter/power/l3': -250,
      'meter/power': 1000,
      'meter/reactive_power': 125,
      'meter/apparent_power': 1062.5,
      'meter/frequency': 50.015625,
      'meter/energy_import': 45_678_901,
      'meter/energy_export': 1_234_567,
      'meter/energy_reactive_import': 345_678,
      'meter/energy_import/l2': 15_000_002,
    },
  },
  'ORNO WE-516: kW and kWh in float32': {
    profile: 'orno-we516',
    others: 0,
    registers: {
      holding: {
        0: '0021 4365',
        14: floats(
          230.5,
          231.25,
          229.75,
          50.015625,
          2.5,
          3.5,
          1.25,
          1.5,
          0.5,
          0.75,
          0.25,
          0.125,
          0.0625,
          0.03125,
          0.03125,
        ),
        44: floats(1.625, 0.5625, 0.8125, 0.25, 0.9375, 0.875, 0.96875, 1),
        256: floats(1300.5, 400.5, 450.25, 449.75, 1250.5, 380.5, 430.25, 439.75, 50, 20, 20, 10),
        288: floats(123.5),
        296: floats(45.25),
      },
    },
    identity: { vendor: 'ORNO', serial: '00214365' },
    values: {
      'meter/voltage/l3': 229.75,
      'meter/frequency': 50.015625,
      'meter/current/l2': 3.5,
      'meter/power': 1500,
      'meter/power/l2': 750,
      'meter/reactive_power': 125,
      'meter/reactive_power/l1': 62.5,
      'meter/apparent_power': 1625,
      'meter/apparent_power/l3': 250,
      'meter/power_factor': 0.9375,
      'meter/power_factor/l2': 0.96875,
      'meter/x_energy_total': 1_300_500,
      'meter/energy_import': 1_250_500,
      'meter/energy_import/l3': 439_750,
      'meter/energy_export/l1': 20_000,
      'meter/energy_reactive_import': 123_500,
      'meter/energy_reactive_export': 45_250,
    },
  },
});
