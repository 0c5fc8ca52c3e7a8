/** What commands write to devices of the field, worked out by hand from the sources of each profile. */
import assert from 'node:assert/strict';
import { type FieldCommand, plannedWrites } from '../../../support/modbus/planned-writes.ts';

const charge = (profile: string): FieldCommand => ({ profile, verb: 'charge', params: { power_w: 2500 } });
const discharge = (profile: string): FieldCommand => ({ profile, verb: 'discharge', params: { power_w: 2500 } });
const fallback = (profile: string): FieldCommand => ({ profile, verb: 'fallback' });
const hold = (profile: string, allow = 'charge'): FieldCommand => ({ profile, verb: 'hold', params: { allow } });

const limit = (profile: string, current_a: number): FieldCommand => ({
  profile,
  verb: 'set_current_limit',
  params: { current_a },
});

const commands: Record<string, [FieldCommand, string[]]> = {
  'ABL eMH1 is limited by its duty cycle, rounded down: 26.6 % for 16 A': [limit('abl-emh1', 16), ['16 20: 010a']],
  'ABL eMH1 pauses with a duty cycle of 100 %': [{ profile: 'abl-emh1', verb: 'pause' }, ['16 20: 03e8']],
  'ABL eMH1 goes on with 6 A': [fallback('abl-emh1'), ['16 20: 0064']],
  'Bender is limited in whole amperes': [limit('bender-cc612', 13), ['16 1000: 000d']],
  'my-PV ELWA 2 heats with a power': [
    { profile: 'mypv-elwa-2', verb: 'set_power', params: { power_w: 1500 } },
    ['16 1000: 05dc'],
  ],
  'my-PV AC THOR stops heating': [fallback('mypv-ac-thor'), ['16 1000: 0000']],
  'Alpha ESS charges: 32000 less its power, until 100 %': [
    charge('alpha-ess-smile'),
    ['16 2176: 0001 0000 733c 0000 7d00 0002 00fa 0000 0078'],
  ],
  'Alpha ESS goes back by itself': [fallback('alpha-ess-smile'), ['16 2176: 0000']],
  'Fox ESS H3 holds by its lowest state of charge': [hold('fox-ess-h3'), ['6 41009: 0064']],
  'Fox ESS H3 Smart charges with a negative power': [
    charge('fox-ess-h3-smart'),
    ['6 46002: 003c', '16 46003: ffff f63c', '6 46001: 0001'],
  ],
  'Fox ESS H3 Smart discharges above its reserve': [
    discharge('fox-ess-h3-smart'),
    ['6 46611: 000a', '6 46002: 003c', '16 46003: 0000 09c4', '6 46001: 0001'],
  ],
  'Fox ESS H3 Smart holds without the remote control': [hold('fox-ess-h3-smart'), ['6 46001: 0000', '6 46611: 0064']],
  'Fox ESS H3 Smart goes back': [fallback('fox-ess-h3-smart'), ['6 46001: 0000', '6 46611: 000a']],
  'Marstek charges under the remote control': [
    charge('marstek-venus'),
    ['6 42000: 55aa', '6 42020: 09c4', '6 42010: 0001'],
  ],
  'Marstek discharges': [discharge('marstek-venus'), ['6 42000: 55aa', '6 42021: 09c4', '6 42010: 0002']],
  'Marstek stands still': [hold('marstek-venus', 'none'), ['6 42000: 55aa', '6 42010: 0000']],
  'Marstek goes back to its work mode, and heeds nobody': [
    fallback('marstek-venus'),
    ['6 42000: 55aa', '6 43000: 0001', '6 42000: 55bb'],
  ],
  'M-TEC holds in its economic mode': [hold('mtec-energy-butler'), ['6 50000: 0102']],
  'M-TEC goes back to its general mode': [fallback('mtec-energy-butler'), ['6 50000: 0101']],
  'SAJ charges with half its power in the first period, and leaves the others alone': [
    { ...charge('saj-h2'), held: { 13828: 6, 13832: 0x1f50 } },
    ['16 13830: 0000 173b 7f50', '16 13832: 7f32', '16 13828: 0007', '16 13895: 0001'],
  ],
  'SAJ holds by the state of charge that it keeps': [hold('saj-h2'), ['16 13895: 0002', '16 13905: 0064']],
  'Sigenergy charges from PV first': [
    charge('sigenergy-plant'),
    ['6 40029: 0001', '16 40032: 0000 09c4', '6 40031: 0004'],
  ],
  'Sigenergy discharges the battery first': [
    discharge('sigenergy-plant'),
    ['6 40029: 0001', '6 40048: 0032', '16 40034: 0000 09c4', '6 40031: 0006'],
  ],
  'Sigenergy holds by the end of discharging': [
    hold('sigenergy-plant'),
    ['6 40031: 0002', '6 40029: 0000', '6 40048: 03e8'],
  ],
  'Sigenergy goes back': [fallback('sigenergy-plant'), ['6 40031: 0002', '6 40029: 0000', '6 40048: 0032']],
  'Sofar charges in the passive mode': [
    charge('sofar-hyd'),
    ['16 4484: 012c 0001', '16 4487: 0000 0000 0000 09c4 0000 09c4', '16 4368: 0003'],
  ],
  'Sofar discharges in the passive mode': [
    discharge('sofar-hyd'),
    ['16 4484: 012c 0001', '16 4487: 0000 0000 ffff f63c ffff f63c', '16 4368: 0003'],
  ],
  'Sofar holds': [
    hold('sofar-hyd', 'none'),
    ['16 4484: 012c 0001', '16 4487: 0000 0000 0000 0000 0000 0000', '16 4368: 0003'],
  ],
  'Sofar holds, and lets PV charge': [
    hold('sofar-hyd'),
    ['16 4484: 012c 0001', '16 4487: 0000 0000 0000 0000 7fff ffff', '16 4368: 0003'],
  ],
  'Sofar goes back to its mode': [fallback('sofar-hyd'), ['16 4368: 0000']],
  'SolaX charges in mode 4': [
    charge('solax-hybrid'),
    ['16 124: 0004 0001 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0078 f63c ffff'],
  ],
  'SolaX goes back': [fallback('solax-hybrid'), ['16 124: 0000']],
  'Solis holds by its reserve, and leaves the other bits alone': [
    { ...hold('solis-hybrid'), held: { 43110: 0x0023 } },
    ['6 43110: 0003', '6 43110: 0013', '6 43024: 0064'],
  ],
  'Vestel is limited in whole amperes': [limit('vestel-evc04', 13), ['6 5004: 000d']],
  'Vestel charges with one phase': [
    { profile: 'vestel-evc04', actuator: 'ev_charger#2', verb: 'set_phases', params: { phases: '1' } },
    ['6 405: 0000'],
  ],
};

describe('a command to a device of the field', () => {
  for (const [name, [command, requests]] of Object.entries(commands))
    it(name, () => assert.deepEqual(plannedWrites(command), requests));
});
