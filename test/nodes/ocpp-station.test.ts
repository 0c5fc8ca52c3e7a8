/** The endpoint that the form of a charge point asks about its station. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StationSummary } from '../../src/drivers/ocpp/station/station-summary.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { SimulatedStation } from '../../src/simulator/ocpp/simulated-station.ts';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, helper, ocppServerNodes, stopRuntime } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('ems-ocpp: the station in its form', () => {
  let userDir: string;
  let charger: SimulatedStation | undefined;
  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
  });
  afterEach(async () => {
    await charger?.close();
    charger = undefined;
    await stopRuntime();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });

  const ask = (id: string) => helper.request().get(`/ems/ocpp/station/${id}`);

  /** @returns when the station has said what it can */
  const known = async (id: string): Promise<StationSummary> => {
    let sheet: Partial<StationSummary> = {};
    await until(async () => {
      sheet = (await ask(id)).body as Partial<StationSummary>;
      return sheet.settings?.units !== undefined;
    }, 'the station has said what it can');
    return sheet as StationSummary;
  };

  it('is told as soon as it is known; without a station there is nothing to tell', async () => {
    const [port = 0] = await freePorts(1);
    await helper.load(allNodes, [
      ...ocppServerNodes(port),
      {
        id: 'node',
        type: 'ems-ocpp',
        server: 'server',
        site: 'site',
        device: 'box',
        identity: 'CP1',
        factorPower: '1000',
        factorEnergy: '0.001',
        factorCurrent: '',
        wires: [[], []],
      },
      { id: 'unbound', type: 'ems-ocpp', server: 'server', site: 'site', device: 'next', wires: [[], []] },
    ]);
    charger = new SimulatedStation({ url: `ws://127.0.0.1:${port}`, identity: 'CP1', version: '2.0.1' }, systemClock);
    const sheet = await known('node');
    assert.deepEqual(
      [sheet.identity, sheet.isConnected, sheet.version, sheet.fallback],
      ['CP1', true, '2.0.1', { why: 'preset', afterS: 300 }],
    );
    assert.deepEqual(sheet.quirks.factors, { power: 1000, energy: 0.001 });
    for (const id of ['unbound', 'nobody'])
      assert.deepEqual([(await ask(id)).status, (await ask(id)).body], [200, { isDeployed: false }]);
  });
});
