/** Storage systems and hybrids: images of their registers, with values worked out by hand from the sources of each profile. */
import { assertFieldDevice, type FieldDevice, openFieldDevice } from '../../../support/modbus/field-device.ts';
import type { PolledDevice } from '../../../support/modbus/polled-device.ts';
import { long, text, words } from '../../../support/modbus/register-words.ts';

/** 32 bits with the less significant word first. */
const swapped = (number: number): string => long(number, 'little');

const devices: Record<string, FieldDevice> = {
  'E3/DC S10: charges its battery, feeds in, and its grid meter is the last of seven': {
    profile: 'e3dc-s10',
    registers: {
      holding: {
        40003: text('HagerEnergy GmbH', 16),
        40019: text('S10 E AIO', 16),
        40035: text('S10-471100000123', 16),
        40051: text('S10_2024_02', 16),
        40067: [6200, 2100, 900, -3700, -500, 0, 0].map(swapped).join(' '),
        40081: '645a 0048 0002 0012',
        40087: words(0),
        40095: words(512, 498, 0, 612, 618, 0, 3130, 3070, 0),
        40104: words(0, 0, 0, 0, 2, 11, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1300, -1250, -1150),
      },
    },
    identity: { vendor: 'HagerEnergy GmbH', model: 'S10 E AIO', serial: 'S10-471100000123', firmware: 'S10_2024_02' },
    values: {
      'solar/power': 6200,
      'battery/power': -2100,
      'load/power': 900,
      'meter/power': -3700,
      'generator/power': 500,
      'load/x_autarky': 100,
      'solar/x_self_consumption': 90,
      'battery/soc': 72,
      'battery/grid_mode': 'on_grid',
      'battery/x_charging_locked': false,
      'battery/x_discharging_locked': true,
      'solar/x_regulation': true,
      'solar/1/dc_voltage': 512,
      'solar/2/dc_current': 6.18,
      'solar/2/dc_power': 3070,
      'meter/power/l1': -1300,
      'meter/power/l3': -1150,
      'ev_charger/power': null,
      'ev_charger/connected': null,
    },
  },
  'E3/DC S10 with a wallbox: a car is plugged in and charges in sun mode': {
    profile: 'e3dc-s10',
    others: 0,
    registers: {
      holding: {
        40077: `${swapped(4140)} ${swapped(3000)}`,
        // Bits 0, 1, 3, 4 and 5: available, sun mode, charging, locked, plugged in.
        40087: '003b',
        40104: words(1, 500, 400, 300),
      },
    },
    values: {
      'ev_charger/power': 4140,
      'ev_charger/x_solar_power': 3000,
      'ev_charger/x_sun_mode': true,
      'ev_charger/x_charging': true,
      'ev_charger/cable_locked': true,
      'ev_charger/connected': true,
      'meter/power/l2': 400,
    },
  },
  'Alpha ESS SMILE: discharges in the evening, and has an inverter of another vendor beside it': {
    profile: 'alpha-ess-smile',
    others: 0,
    registers: {
      holding: {
        16: `${long(345_678)} ${long(123_456)}`,
        20: words(231, 232, 233, -12, 5, 8, 4998),
        27: [-276, 116, 186, 26].map((power) => long(power)).join(' '),
        41: long(-150),
        54: words(98),
        144: long(654_321),
        161: long(450),
        256: words(5123, 293, 645),
        263: words(3201),
        266: words(3219),
        281: words(101),
        283: words(987),
        288: `${long(54_321)} ${long(51_234)} ${long(321)}`,
        294: words(1501),
        300: words(5000, 4600),
        1036: long(1620),
        1053: `${words(3456, 12)} ${long(415)} ${words(3400, 3)} ${long(102)}`,
        1077: words(385),
        1086: long(98_765),
        1088: words(1),
        1600: text('V1.30', 5),
        1610: text('ALB002021110042', 10),
        1856: '1a0b 1e12 0a05',
      },
    },
    identity: { vendor: 'Alpha ESS', serial: 'ALB002021110042', firmware: 'V1.30' },
    values: {
      'meter/energy_export': 3_456_780,
      'meter/energy_import': 1_234_560,
      'meter/voltage/l3': 233,
      'meter/current/l1': -1.2,
      'meter/frequency': 49.98,
      'meter/power/l1': -276,
      'meter/power': 26,
      'meter/reactive_power': -150,
      'meter/power_factor': 0.98,
      'generator/energy_produced': 6_543_210,
      'generator/power': 450,
      'battery/dc_voltage': 512.3,
      'battery/dc_current': 29.3,
      'battery/soc': 64.5,
      'battery/cell_voltage_min': 3.201,
      'battery/cell_voltage_max': 3.219,
      'battery/capacity_usable': 10_100,
      'battery/soh': 98.7,
      'battery/energy_charged': 5_432_100,
      'battery/energy_discharged': 5_123_400,
      'battery/x_energy_charged_from_grid': 32_100,
      'battery/power': 1501,
      'battery/max_charge_power': 5000,
      'inverter/power': 1620,
      'solar/1/dc_voltage': 345.6,
      'solar/1/dc_current': 1.2,
      'solar/2/dc_power': 102,
      'solar/dc_power': 517,
      'inverter/temperature': 38.5,
      'solar/energy_produced': 9_876_500,
      'inverter/status': 'running',
      'inverter/x_clock': '2026-11-30T18:10:05',
    },
  },
};

describe('a storage system of the field', () => {
  let device: PolledDevice;
  afterEach(() => device.close());

  for (const [name, each] of Object.entries(devices))
    it(name, async () => {
      device = await openFieldDevice(each);
      assertFieldDevice(device, each);
    });
});
