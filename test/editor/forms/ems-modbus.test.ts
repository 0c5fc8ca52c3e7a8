import assert from 'node:assert/strict';
import { timesOf } from '../../../src/editor/forms/ems-modbus-client.ts';
import {
  connectionText,
  libraryProfiles,
  profileSentences,
  readTypedProfile,
} from '../../../src/editor/parts/modbus-profile.ts';
import { checkField, editorNode } from '../../support/editor/editor-node.ts';

describe('the form of a Modbus device', () => {
  it('reads what it shows of a profile while that is typed', () => {
    assert.equal(readTypedProfile('{'), undefined);
    assert.equal(readTypedProfile('5'), undefined);
    const typed = readTypedProfile(
      JSON.stringify({
        instances: { max: 2 },
        connection: { transports: 'rtu', serial: '9600 8N1', maxConnections: 1 },
        params: { string: { default: 'one', choices: { one: 'one string' } }, half: 'writ' },
        settings: { max_power: { title: 'Highest power', unit: 'W', min: 'x', max: 9000 }, no: null },
      }),
    );
    assert.deepEqual(typed?.instances, 2);
    assert.deepEqual(typed?.connection, { transports: undefined, serial: '9600 8N1', maxConnections: 1 });
    assert.deepEqual(Object.keys(typed?.params ?? {}), ['string']);
    assert.deepEqual(typed?.settings, { max_power: { title: 'Highest power', unit: 'W', min: undefined, max: 9000 } });
    assert.deepEqual(readTypedProfile('{}'), { params: {}, settings: {}, instances: 1 });
  });

  it('reads profiles of the library, also those with mistakes', () => {
    const [wrong, right] = libraryProfiles.parse([
      { id: 'acme', mistakes: ['no'] },
      { id: 'b', title: 'B', class: 'meter', params: {}, settings: {}, commands: [], instances: 3, hasBattery: false },
    ]);
    assert.deepEqual([wrong?.mistakes, wrong?.instances, right?.instances], [['no'], 1, 3]);
  });

  it('says how a device is usually connected', () => {
    assert.equal(connectionText({ transports: ['rtu'], serial: '9600 8N1' }), 'RTU, 9600 8N1');
    assert.equal(connectionText({ transports: ['tcp', 'other'], port: 1502 }), 'Modbus TCP, other, port 1502');
    assert.equal(connectionText(undefined), '');
  });

  it('its sentences tell the commands, and why there are none', () => {
    const say = (key: string, values?: { value: string | number }): string => (values ? `${key} ${values.value}` : key);
    const profile = { params: {}, settings: {}, instances: 1 };
    assert.deepEqual(profileSentences({ ...profile, commands: ['charge', 'charge', 'limit'] }, say), [
      'commands charge, limit',
    ]);
    assert.deepEqual(profileSentences({ ...profile, commands: [], commandNote: 'Its installer locks it.' }, say), [
      'readsOnly',
      'Its installer locks it.',
    ]);
    assert.deepEqual(profileSentences({ ...profile, connection: { port: 502, maxConnections: 2 } }, say), [
      'connection port 502',
      'connections 2',
    ]);
    assert.deepEqual(profileSentences(undefined, say), []);
  });

  it('complains of a profile that is no JSON', () => {
    const node = editorNode('ems-modbus');
    assert.equal(checkField(node, 'inline', ''), true);
    assert.match(String(checkField(node, 'inline', '{"a"')), /is not JSON/);
    assert.equal(checkField(node, 'inline', '{}'), true);
  });

  it('complains of settings that are no numbers', () => {
    const node = editorNode('ems-modbus');
    assert.equal(checkField(node, 'settings', { max_power: 5, other: '' }), true);
    assert.match(String(checkField(node, 'settings', { max_power: 'much' })), /max_power: "much" is not a number/);
  });
});

describe('the form of a Modbus connection', () => {
  it('shows the longest times that a device behind it needs, and the default where none says anything', () => {
    assert.deepEqual(timesOf([]), { timeout: 1000, connectDelay: 0, pause: 0 });
    assert.deepEqual(
      timesOf([{}, { timeoutMs: 500 }, { connectDelayMs: 1000, interRequestMs: 20 }, { timeoutMs: 300 }]),
      {
        timeout: 500,
        connectDelay: 1000,
        pause: 20,
      },
    );
  });

  it('is named after its port or its address', () => {
    const node = editorNode('ems-modbus-client');
    assert.equal(node._def.label.call(node), '127.0.0.1:502');
    assert.equal(node._def.label.call({ ...node, transport: 'rtu', path: '/dev/ttyUSB0' }), '/dev/ttyUSB0');
  });
});
