/** Inverters without a battery, and meters: images of their registers, with values worked out by hand from the sources. */
import { describeFieldDevices } from '../../../support/modbus/field-device.ts';
import { float, long, longLong, text, words } from '../../../support/modbus/register-words.ts';

/** What an SMA inverter tells where it has nothing to tell. */
const noNumber = '8000 0000';
const nothing = 'ffff ffff';

/** Floats as a Shelly holds them: the less significant word first. */
const floats = (...values: number[]): string => values.map((value) => float(value, 'little')).join(' ');

/** A text with the bytes of each register exchanged. */
const swappedText = (value: string, registers: number): string => text(value, registers).replace(/(..)(..)/g, '$2$1');

describeFieldDevices('an inverter or meter of the field', {
  'SMA Sunny Tripower: produces by day, with a meter behind it': {
    profile: 'sma-inverter',
    registers: {
      holding: {
        30057: long(1_901_234_567),
        30059: '0305 1204',
        30201: long(307),
        30231: `${long(10_000)} ${long(7000)}`,
        30513: longLong(45_678_901),
        30581: `${long(1_234_567)} ${long(7_654_321)}`,
        30769: [8120, 51_234, 4160, 6320, 2110, 2105, 2105].map((value) => long(value)).join(' '),
        30783: [23_112, 23_205, 23_087].map((value) => long(value)).join(' '),
        30803: `${long(5001)} ${long(-120)}`,
        30813: long(6322),
        30865: `${long(0)} ${long(4100)}`,
        30953: long(487),
        30957: [4410, 49_870, 2199].map((value) => long(value)).join(' '),
        30977: [9130, 9071, 9118].map((value) => long(value)).join(' '),
      },
    },
    identity: { vendor: 'SMA', serial: '1901234567', firmware: '03051204', ratedPowerW: 10_000 },
    values: {
      'solar/status': 'producing',
      'solar/limit_power': 7000,
      'solar/energy_produced': 45_678_901,
      'meter/energy_import': 1_234_567,
      'meter/energy_export': 7_654_321,
      'solar/1/dc_current': 8.12,
      'solar/1/dc_voltage': 512.34,
      'solar/1/dc_power': 4160,
      'solar/2/dc_power': 2199,
      'solar/power': 6320,
      'solar/power/l3': 2105,
      'solar/voltage/l2': 232.05,
      'solar/frequency': 50.01,
      'solar/reactive_power': -120,
      'solar/apparent_power': 6322,
      'solar/temperature': 48.7,
      'solar/current/l1': 9.13,
      'meter/power': -4100,
    },
  },
  'SMA Sunny Boy with one string and no meter, at night: 0 W, its counter, and nothing else': {
    profile: 'sma-inverter',
    registers: {
      holding: {
        30057: long(1_901_234_567),
        30201: long(307),
        30529: long(12_345_678),
        30769: [noNumber, noNumber, noNumber, noNumber].join(' '),
        30803: nothing,
        30865: `${noNumber} ${noNumber}`,
        30957: [noNumber, noNumber, noNumber].join(' '),
      },
    },
    values: {
      'solar/power': 0,
      'solar/energy_produced': 12_345_678,
      'solar/1/dc_power': null,
      'solar/2/dc_voltage': null,
      'solar/frequency': null,
      'meter/power': null,
      'meter/energy_import': null,
    },
  },
  'Sungrow SG10RT with a meter: counters and frequency in the finer of two registers': {
    profile: 'sungrow-sg',
    others: 0,
    registers: {
      input: {
        4989: text('A2212345678', 10),
        4999: words(0x2433, 100, 1, 312),
        5003: long(45_678, 'little'),
        5007: `${words(487)} ${long(6412, 'little')} ${words(5123, 81, 5087, 42, -1, -1)} ${long(6287, 'little')}`,
        5018: words(2311, 2320, 2308, 91, 90, 91),
        5030: `${long(6210, 'little')} ${long(-120, 'little')} ${words(999, 500)}`,
        5037: words(0x8100),
        5082: long(-4210, 'little'),
        5094: long(345_678, 'little'),
        5098: long(123_456, 'little'),
        5114: words(-1, -1),
        5143: long(456_789, 'little'),
        5147: words(5002),
      },
    },
    identity: { vendor: 'Sungrow', model: 'SG10RT', serial: 'A2212345678', ratedPowerW: 10_000 },
    values: {
      'solar/energy_produced_today': 31_200,
      'solar/energy_produced': 45_678_900,
      'solar/temperature': 48.7,
      'solar/apparent_power': 6412,
      'solar/1/dc_voltage': 512.3,
      'solar/1/dc_current': 8.1,
      'solar/2/dc_power': 2136.54,
      'solar/3/dc_voltage': null,
      'solar/3/dc_power': null,
      'solar/dc_power': 6287,
      'solar/voltage/l2': 232,
      'solar/current/l3': 9.1,
      'solar/power': 6210,
      'solar/reactive_power': -120,
      'solar/power_factor': 0.999,
      'solar/frequency': 50.02,
      'solar/status': 'producing',
      'meter/power': -4210,
      'meter/energy_export': 34_567_800,
      'meter/energy_import': 12_345_600,
    },
  },
  'Shelly Pro 3EM: lower word first, texts with swapped bytes, one phase feeds in': {
    profile: 'shelly-pro-3em',
    registers: {
      input: {
        0: swappedText('A0DD6CA1B2C3', 6),
        6: swappedText('SPEM-003CEBEU', 10),
        1002: '0000 0001 0000',
        1007: floats(0.5),
        1011: floats(6.75, 812.5, 1250.25),
        1020: floats(231.5, 2.5, 512.5, 578.75, 0.875),
        1033: floats(50.03125),
        1040: floats(230.25, 3.25, 700.5, 748.25, 0.9375),
        1060: floats(232.75, 1, -400.5, 232.75, -0.75),
        1162: floats(1_234_567, 765_432),
        1182: floats(400_000.5, 1000.25),
        1202: floats(500_000.5, 2000.25),
        1222: floats(334_566, 762_431.5),
      },
    },
    identity: { vendor: 'Shelly', model: 'SPEM-003CEBEU', serial: 'A0DD6CA1B2C3' },
    values: {
      'meter/x_error_l1': false,
      'meter/x_error_l2': true,
      'meter/current/n': 0.5,
      'meter/power': 812.5,
      'meter/apparent_power': 1250.25,
      'meter/voltage/l1': 231.5,
      'meter/current/l2': 3.25,
      'meter/power/l3': -400.5,
      'meter/apparent_power/l2': 748.25,
      'meter/power_factor/l3': -0.75,
      'meter/frequency': 50.03125,
      'meter/energy_import': 1_234_567,
      'meter/energy_export': 765_432,
      'meter/energy_import/l1': 400_000.5,
      'meter/energy_export/l3': 762_431.5,
    },
  },
});
