/** Presets of a family of stations, before a station has said a word: at the charge point node, over the wire. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../src/common/pause.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, helper, ocppServerNodes, stopRuntime } from '../support/node-red/test-helper.ts';
import { type Dial, dial, refusal } from '../support/ocpp/raw-station.ts';

describe('ems-ocpp with a chosen station', () => {
  let userDir: string;
  let url: string;
  const load = async (more: object): Promise<void> => {
    const [port = 0] = await freePorts(1);
    url = `ws://127.0.0.1:${port}/CP1`;
    const station = { id: 'node', type: 'ems-ocpp', server: 'server', site: 'site', device: 'box', identity: 'CP1' };
    await helper.load(allNodes, [...ocppServerNodes(port), { ...station, wires: [[], []], ...more }]);
    // Known, and of another language: the server listens, and the node has said whom it expects.
    while (!/^400/.test(await refusal(url, { protocols: ['soap'] }).catch(() => ''))) await pause(5, systemClock);
  };
  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
  });
  afterEach(async () => {
    await stopRuntime();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });
  /** @returns the version that was agreed upon: "" where none was named */
  const agreed = async (options: Dial): Promise<string> => {
    const station = await dial(url, options);
    station.socket.terminate();
    return station.socket.protocol;
  };
  const both = { protocols: ['ocpp1.6', 'ocpp2.0.1'] };

  it('FoxESS: its firmware for 2.0.1 speaks the fields of 1.6, so it is 1.6', async () => {
    await load({ preset: 'foxess' });
    assert.equal(await agreed(both), 'ocpp1.6');
    assert.match(await refusal(url, { protocols: ['ocpp2.0.1'] }), /^400 .*allowed here: ocpp1\.6/);
  });

  it('what the form says goes before it', async () => {
    await load({ preset: 'foxess', version: '2.0.1' });
    assert.equal(await agreed(both), 'ocpp2.0.1');
  });

  it('Grizzl-E: it names no version, so it is 1.6', async () => {
    await load({ preset: 'grizzl-e' });
    assert.equal(await agreed({ protocols: [] }), '');
  });

  it('all others: the newest, and one that is named', async () => {
    await load({});
    assert.equal(await agreed(both), 'ocpp2.0.1');
    assert.match(await refusal(url, { protocols: [] }), /^400 .*names no sub-protocol/);
  });
});
