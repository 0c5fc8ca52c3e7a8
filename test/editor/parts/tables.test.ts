import assert from 'node:assert/strict';
import { commandMeaning } from '../../../src/editor/parts/command-texts.ts';
import { suggestionsOf } from '../../../src/editor/parts/known-devices.ts';
import { cellsOf } from '../../../src/editor/parts/live-values.ts';
import { isOutOfRange, paramText } from '../../../src/editor/parts/param-input.ts';
import { refusalCells } from '../../../src/editor/parts/refused-stations.ts';
import { type KnownStation, stationRows } from '../../../src/editor/parts/station-details.ts';
import { outcomeLines } from '../../../src/editor/parts/test-connection.ts';
import { editorNode } from '../../support/editor/editor-node.ts';

const at = Date.UTC(2026, 10, 29, 12);

describe('what forms show of the runtime', () => {
  it('a reading with unit, quality and age', () => {
    const ts = new Date(at - 4600).toISOString();
    const topic = 'devices/hybrid/battery/1/temperature';
    assert.deepEqual(cellsOf({ topic, value: 20.123456789, unit: 'degC', ts, quality: 'good' }, at), [
      'battery/1/temperature',
      '20.12346 °C',
      'good',
      '5 s',
    ]);
    assert.deepEqual(cellsOf({ topic, value: null, ts, quality: 'invalid', reason: 'sentinel' }, at - 10_000), [
      'battery/1/temperature',
      '– ',
      'invalid: sentinel',
      '0 s',
    ]);
  });

  it('the outcome of a connection test, with a line for each server', () => {
    const client = editorNode('ems-modbus-client');
    assert.match(outcomeLines(client, { kind: 'answers', unit: 1, ms: 12 }).join(), /unit 1 answers in 12 ms/);
    const broker = editorNode('ems-broker');
    assert.equal(outcomeLines(broker, { kind: 'failed', reasons: ['a', 'b'] }).length, 2);
  });

  it('suggestions, each once', () => {
    const quantities = { power: {}, 'power/l1': {} };
    const known = ['b', 'a'].map((device) => ({
      device,
      site: 'home',
      components: [
        { type: 'meter', quantities },
        { type: 'solar', index: 2, quantities: { power: {} } },
      ],
    }));
    const { topics, ...lists } = suggestionsOf(known);
    assert.deepEqual(lists, {
      devices: ['a', 'b'],
      sites: ['home'],
      types: ['meter', 'solar'],
      quantities: ['power'],
    });
    assert.deepEqual(topics.slice(0, 3), [
      'devices/a/meter/power',
      'devices/a/meter/power/l1',
      'devices/a/solar/2/power',
    ]);
    assert.ok(topics.includes('sites/home/energy'));
  });

  it('a parameter of a command, and whether a value fits it', () => {
    const node = editorNode('ems-command');
    assert.match(paramText(node, { min: 6, max: 32, unit: 'A', zero: true, step: 1 }), /6\.\.32 A/);
    assert.match(paramText(node, { choices: ['a', 'b'], optional: true }), /^a, b; /);
    assert.match(paramText(node, {}), /^true, false/);
    assert.ok(paramText(node, undefined).length > 10, 'the device does not declare it');
    assert.deepEqual(
      [isOutOfRange({ min: 6, max: 32, zero: true }, '0'), isOutOfRange({ min: 6 }, '5'), isOutOfRange({}, 'x')],
      [false, true, false],
    );
  });

  it('the meaning of a command', () => {
    const node = editorNode('ems-command');
    const meta = { kind: 'setpoint', params: {}, fallback: { power_w: 0 }, time_constant_s: 2, persistent: true };
    const sentences = commandMeaning(node, meta);
    assert.equal(sentences.length, 4);
    assert.match(sentences.join(' '), /power_w 0.* 6 s/s);
    assert.deepEqual(commandMeaning(node, { params: {} }), []);
  });

  it('a handshake that was refused, with its reason', () => {
    const node = editorNode('ems-ocpp-server');
    const refusal = { code: 'unknown', params: { identity: 'CP-9' }, address: '10.0.0.9', at, count: 2 };
    const [, address, identity, reason] = refusalCells(node, refusal);
    assert.deepEqual([address, identity], ['10.0.0.9', '–']);
    assert.match(reason ?? '', /no station CP-9 is set up here \(2 times\)/);
  });

  it('what is known of a station, without what is not known', () => {
    const node = editorNode('ems-ocpp');
    const station: KnownStation = {
      ...{ isConnected: true, isPasswordOld: false, version: '1.6', boot: { vendor: 'Acme', serial: '4711' } },
      ...{ evses: [1, 2], quirks: {}, settings: { switchesPhases: true }, fallback: { why: 'off' }, others: [] },
      refused: [{ at, times: 3, asked: 'reset', answer: 'Rejected' }],
    };
    const rows = new Map(stationRows(node, station));
    assert.deepEqual(
      [...rows.keys()],
      ['who', 'version', 'evses', 'settings', 'limit', 'fallback', 'others', 'refused'],
    );
    assert.deepEqual(rows.get('who'), ['Acme · serial number 4711']);
    assert.deepEqual(rows.get('version'), ['1.6 · connected']);
    assert.match(rows.get('settings')?.join() ?? '', /yes/);
    assert.match(rows.get('refused')?.join() ?? '', /reset: Rejected · 3 times/);
  });
});
