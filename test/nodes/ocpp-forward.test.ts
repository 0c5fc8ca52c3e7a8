/** A charge point node with a second backend: what its form says is what the backend sees. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/shell/clock.ts';
import { SimulatedStation } from '../../src/simulator/ocpp/simulated-station.ts';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, helper, ocppServerNodes, stopRuntime } from '../support/node-red/test-helper.ts';
import { type RpcCsms, startRpcCsms } from '../support/ocpp/rpc-csms.ts';
import { until } from '../support/until.ts';

describe('ems-ocpp with a second backend', () => {
  let userDir: string;
  let backend: RpcCsms;
  let port: number;
  let charger: SimulatedStation | undefined;

  const load = async (more: object, credentials: object): Promise<void> => {
    const station = { id: 'node', type: 'ems-ocpp', server: 'server', site: 'site', device: 'box', identity: 'CP1' };
    const flow = [...ocppServerNodes(port), { ...station, forwardUrl: backend.url, wires: [[], []], ...more }];
    await helper.load(allNodes, flow, { node: credentials });
    const password = (credentials as { password?: string }).password;
    const url = `ws://127.0.0.1:${port}`;
    charger = new SimulatedStation(
      { url, identity: 'CP1', version: '1.6', ...(password && { password }) },
      systemClock,
    );
  };
  const passwords = (): unknown[] => backend.connections.map(({ handshake }) => handshake.password?.toString());

  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
    [port = 0] = await freePorts(1);
    backend = await startRpcCsms({ clock: systemClock });
  });
  afterEach(async () => {
    await charger?.close();
    charger = undefined;
    await stopRuntime();
    await backend.close();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });

  it('is told who is there, with a password of its own', async () => {
    await load({}, { forwardPassword: 'as in the contract' });
    await until(() => backend.of('BootNotification').length === 1, 'the station is known there');
    assert.deepEqual(passwords(), ['as in the contract']);
    assert.equal(backend.connections[0]?.identity, 'CP1');
  });

  it('otherwise with the password of the station', async () => {
    await load({ security: '1' }, { password: 'correct horse battery' });
    await until(() => backend.of('BootNotification').length === 1, 'the station is known there');
    assert.deepEqual(passwords(), ['correct horse battery']);
  });

  it('is left with the node', async () => {
    await load({}, {});
    await until(() => backend.of('BootNotification').length === 1, 'the station is known there');
    const closed = new Promise<void>((resolve) => backend.connections[0]?.on('close', () => resolve()));
    await helper.unload();
    await closed;
  });

  it('an address that is none: said, and nothing runs', async () => {
    await load({ forwardUrl: 'https://csms.example.com' }, {});
    await until(() => helper.logged().some((line) => /begins with ws:\/\/ or wss:\/\//.test(line)), 'it is said');
  });
});
