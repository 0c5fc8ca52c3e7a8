/** Wallboxes and heaters: images of their registers, with values worked out by hand from the sources of each profile. */
import assert from 'node:assert/strict';
import { describeFieldDevices, openFieldDevice } from '../../../support/modbus/field-device.ts';
import { long, text, words } from '../../../support/modbus/register-words.ts';

/** A text with one character in each register. */
const spread = (value: string): string => words(...[...value].map((character) => character.charCodeAt(0)));

describeFieldDevices('a wallbox or heater of the field', {
  'ABL eMH1: charges with 16 A on one phase; the others read as nothing': {
    profile: 'abl-emh1',
    // 0x10a of 10 bits is a duty cycle of 26.6 %, 15.96 A; bits 4 and 7 of the same register are flags.
    registers: { holding: { 1: '0102 0020', 46: '2ec2 910a 00a0 03e8 0001' } },
    identity: { firmware: '01020020' },
    values: {
      'ev_charger/status': 'charging',
      'ev_charger/current_offered': 15.96,
      'ev_charger/x_current_1': 16,
      'ev_charger/x_current_2': null,
      'ev_charger/current_total': 16,
    },
  },
  'ABL eMH1 without current sensors: tells no current, and offers nothing while no car is there': {
    profile: 'abl-emh1',
    registers: { holding: { 1: '0102 0000', 46: '2ea1 0064 0000 0000 0000' } },
    values: {
      'ev_charger/status': 'available',
      'ev_charger/current_offered': null,
      'ev_charger/x_current_1': null,
      'ev_charger/current_total': null,
    },
  },
  'Bender CC612: charges with three phases; a meter without voltages': {
    profile: 'bender-cc612',
    registers: {
      holding: {
        100: text('5.32', 2),
        104: words(6),
        120: '0006',
        122: words(3),
        131: words(10),
        140: words(1),
        142: text('CC613-ELM4PR', 10),
        200: `${long(1_000_000)} ${long(1_100_000)} ${long(1_200_000)}`,
        206: `${long(3680)} ${long(3670)} ${long(3650)}`,
        212: `${long(16_000)} ${long(15_950)} ${long(15_900)} ${long(3_300_000)} ${long(11_000)}`,
        222: `${long(0)} ${long(0)} ${long(0)}`,
        716: `${long(5400)} ${long(1800)}`,
        740: words(0),
        1000: words(16),
      },
    },
    identity: { vendor: 'Bender', model: 'CC613-ELM4PR', firmware: '5.32' },
    values: {
      'ev_charger/status': 'charging',
      'ev_charger/connected': true,
      'ev_charger/power': 11_000,
      'ev_charger/power/l2': 3670,
      'ev_charger/current/l2': 15.95,
      'ev_charger/voltage/l1': null,
      'ev_charger/energy_imported': 3_300_000,
      'ev_charger/session_energy': 5400,
      'ev_charger/session_duration': 1800,
      'ev_charger/current_limit': 16,
      'ev_charger/x_safe_current': 10,
      'ev_charger/x_relay': 'three phases',
      'ev_charger/soc': null,
    },
  },
  'Bender CC612 before firmware 5.22: totals are sums of the phases': {
    profile: 'bender-cc612',
    choice: { params: { firmware: 'old' } },
    registers: {
      holding: {
        100: text('5.14', 2),
        104: words(8),
        122: words(2),
        200: `${long(1_000_000)} ${long(1_100_000)} ${long(1_200_000)}`,
        206: `${long(0)} ${long(0)} ${long(0)}`,
        212: `${long(0)} ${long(0)} ${long(0)}`,
        1000: words(6),
      },
    },
    values: {
      'ev_charger/status': 'suspended_ev',
      'ev_charger/power': 0,
      'ev_charger/energy_imported': 3_300_000,
    },
  },
  'my-PV AC ELWA 2: heats with surplus': {
    profile: 'mypv-elwa-2',
    others: 0,
    registers: {
      holding: {
        1000: words(1480, 485, 600, 2),
        1014: words(3500),
        1016: words(107),
        1018: text('1601502209070001', 8),
        1030: words(312),
        1058: words(2),
        1061: words(233),
        1071: words(3480),
        1077: words(1),
      },
    },
    identity: { vendor: 'my-PV', serial: '1601502209070001', firmware: '107' },
    values: {
      'heater/power': 1480,
      'heater/dhw_temperature': 48.5,
      'heater/x_target_temperature': 60,
      'heater/x_temperature_2': 31.2,
      'heater/status': 'heating',
      'heater/voltage/l1': 233,
      'heater/x_relay_aux': false,
      'heater/x_relay_selv': true,
      'heater/x_operation_state': 'heats with surplus',
    },
  },
  'my-PV AC THOR 9s: heats on three outputs': {
    profile: 'mypv-ac-thor',
    choice: { params: { model: 'three' } },
    others: 0,
    registers: {
      holding: {
        1000: words(7500, 551, 700, 9, 60),
        1016: words(211),
        1018: text('2001002105180001', 8),
        1058: words(0, 1, 9000, 231, 130, 0, 49_980),
        1067: words(232, 131, -1200, 2, 9000, 230, 67, 3000, 3000, 1500, 1),
      },
    },
    identity: { serial: '2001002105180001' },
    values: {
      'heater/power': 7500,
      'heater/dhw_temperature': 55.1,
      'heater/status': 'heating',
      'heater/voltage/l3': 230,
      'heater/current/l1': 13,
      'heater/current/l3': 6.7,
      'heater/power/l3': 1500,
      'heater/frequency': 49.98,
      'heater/x_grid_power': -1200,
      'heater/x_load_connected': true,
      'heater/x_relay_1': false,
    },
  },
  'Vestel EVC04: charges with 13 A on three phases': {
    profile: 'vestel-evc04',
    others: 0,
    registers: {
      input: {
        100: spread('7101380123456789'),
        190: spread('Vestel'),
        210: spread('EVC04'),
        230: spread('v3.187.0-1.0.155.0-v8.5.1'),
        400: `${long(22_000)} 0000 0000 ${words(1)}`,
        1000: words(2, 1, 1, 0, 3),
        1006: `${long(0)} ${words(13_120, 0, 13_080, 0, 12_990, 0, 231, 0, 232, 0, 230)} 0000`,
        1020: `${long(9042)} 0000 0000 ${long(3031)} 0000 0000 ${long(3035)} 0000 0000 ${long(2976)} 0000 0000 ${long(45_678)}`,
        1102: words(6, 0, 32),
        1502: long(12_345),
        1508: long(4567),
      },
      holding: { 405: words(1), 2000: words(6, 0, 30), 5004: words(13) },
    },
    identity: {
      vendor: 'Vestel',
      model: 'EVC04',
      serial: '7101380123456789',
      firmware: 'v3.187.0-1.0.155.0-v8.5.1',
      ratedPowerW: 22_000,
    },
    values: {
      'ev_charger/status': 'charging',
      'ev_charger/x_charging': true,
      'ev_charger/x_cable': 'station+ev locked',
      'ev_charger/fault_code': '00000000',
      'ev_charger/current/l1': 13.12,
      'ev_charger/voltage/l3': 230,
      'ev_charger/power': 9042,
      'ev_charger/power/l2': 3035,
      'ev_charger/energy_imported': 4_567_800,
      'ev_charger/min_current': 6,
      'ev_charger/max_current': 32,
      'ev_charger/session_energy': 12_345,
      'ev_charger/session_duration': 4567,
      'ev_charger/x_com_timeout': 30,
      'ev_charger/current_limit': 13,
    },
  },
});

describe('an AC THOR', () => {
  it('tells no phases that it does not have', async () => {
    const device = await openFieldDevice({ profile: 'mypv-ac-thor', others: 0, registers: {}, values: {} });
    const told = device.driver.describe().channels.filter(({ part }) => part === 'l2' || part === 'l3');
    await device.close();
    assert.deepEqual(told, []);
  });
});
