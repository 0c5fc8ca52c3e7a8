/** The first deploy with more passwords than are worked on at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../src/common/pause.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, collectErrors, helper, ocppServerNodes, stopRuntime } from '../support/node-red/test-helper.ts';
import { dial, type RawStation } from '../support/ocpp/raw-station.ts';

const count = 100;
const names = Array.from({ length: count }, (_, i) => `CP${i}`);
const passwordOf = (name: string): string => `a password that was chosen for ${name}`;
const idOf = (name: string): string => `node-${name}`;

describe(`ems-ocpp-server with ${count} stations, each with a chosen password`, () => {
  let userDir: string;
  let port: number;
  let errors: string[][];

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
    [port = 0] = await freePorts(1);
    const station = { type: 'ems-ocpp', server: 'server', site: 'site', security: '1', wires: [[], []] };
    await helper.load(
      allNodes,
      [
        ...ocppServerNodes(port),
        ...names.map((name) => ({ id: idOf(name), ...station, identity: name, device: name.toLowerCase() })),
      ],
      Object.fromEntries(names.map((name) => [idOf(name), { password: passwordOf(name) }])),
    );
    errors = names.map((name) => collectErrors(idOf(name)));
  });
  after(async () => {
    await stopRuntime();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });

  it('one deploy is enough: whoever dials meanwhile is told to come again, and gets in', async () => {
    const refusals = new Set<string>();
    /** As a box: one attempt after the other. */
    const comeIn = async (name: string): Promise<RawStation> => {
      for (;;) {
        const came = await dial(`ws://127.0.0.1:${port}/${name}`, { password: passwordOf(name) }).catch(
          (error: Error) => error.message,
        );
        if (typeof came !== 'string') return came;
        if (!came.includes('ECONNREFUSED')) refusals.add(came);
        await pause(100, systemClock);
      }
    };
    const last = names.slice(-5);
    const stations = await Promise.all(last.map(comeIn));
    for (const each of refusals)
      assert.match(each, /^503 (the password of the station is being worked on|the settings)/);
    assert.ok(refusals.size > 0, 'some came too early');
    const { body } = await helper.request().get('/ems/ocpp/server/stations');
    assert.deepEqual((body as { pending: unknown[] }).pending, [], 'nobody was taken for a stranger');
    for (const station of stations) station.close();
  });

  it('none of them is left out', async () => {
    for (const name of names) {
      let station: RawStation | undefined;
      while (!station)
        station = await dial(`ws://127.0.0.1:${port}/${name}`, { password: passwordOf(name) }).catch(() => undefined);
      station.close();
    }
    assert.deepEqual(errors.flat(), []);
    assert.ok(!helper.logged().some((line) => line.includes('deploy again')));
  });
});
