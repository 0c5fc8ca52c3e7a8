/** A station that was refused by hand stays out, over a restart, until somebody takes it back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/free-ports.ts';
import {
  allNodes,
  collectErrors,
  collectStatus,
  helper,
  ocppServerNodes,
  stopRuntime,
} from '../support/node-red/test-helper.ts';
import { dial, type RawStation, refusal } from '../support/ocpp/raw-station.ts';
import { until } from '../support/until.ts';

interface Told {
  pending: { identity: string; vendor?: string }[];
  rejected: { identity: string; vendor?: string }[];
  refusals: { identity?: string; code: string }[];
}

const bootFrame = [2, 'boot', 'BootNotification', { chargePointVendor: 'Acme', chargePointModel: 'M1' }];

describe('ems-ocpp-server keeps out whom somebody refused', () => {
  let userDir: string;
  let port: number;

  const load = async (identity = ''): Promise<void> => {
    await helper.load(allNodes, [
      ...ocppServerNodes(port),
      { id: 'one', type: 'ems-ocpp', server: 'server', site: 'site', device: 'garage', identity, wires: [[], []] },
    ]);
    const statuses = collectStatus('one');
    if (identity === '') await until(() => statuses.at(-1)?.text.endsWith('.open') === true, 'the port is open');
  };
  const told = async (): Promise<Told> => (await helper.request().get('/ems/ocpp/server/stations')).body as Told;
  const tell = (topic: string, payload: object): void => void helper.getNode('one').receive({ topic, payload });
  const url = (): string => `ws://127.0.0.1:${port}/CP1`;
  const frame = (station: RawStation, action: string): unknown[] | undefined =>
    station.frames.find((each) => each[2] === action);

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
    [port = 0] = await freePorts(1);
    await load();
  });
  after(async () => {
    await stopRuntime();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });

  it('tells it at its boot, and shows it out', async () => {
    const station = await dial(url());
    station.send(bootFrame);
    assert.match(JSON.stringify(await station.answer('boot')), /"status":"Pending"/);
    tell('reject', { identity: 'CP1' });
    await until(() => frame(station, 'TriggerMessage') !== undefined, 'it is asked to boot');
    const [, id, , asked] = frame(station, 'TriggerMessage') ?? [];
    assert.deepEqual(asked, { requestedMessage: 'BootNotification' });
    station.send([3, id, { status: 'Accepted' }]);
    station.send([2, 'again', ...bootFrame.slice(2)]);
    assert.match(JSON.stringify(await station.answer('again')), /"status":"Rejected"/);
    assert.match((await station.closed).reason, /^refused by hand/);
    const { pending, rejected } = await told();
    assert.deepEqual([pending, rejected.map(({ identity, vendor }) => [identity, vendor])], [[], [['CP1', 'Acme']]]);
  });

  it('refuses it from then on, and says why', async () => {
    assert.match(await refusal(url()), /^403 refused by hand/);
    const [{ identity, code } = {}] = (await told()).refusals;
    assert.deepEqual([identity, code], ['CP1', 'by_hand']);
  });

  it('still does after a restart', async () => {
    await helper.unload();
    await load();
    assert.match(await refusal(url()), /^403 refused by hand/);
    assert.equal((await told()).rejected.length, 1);
  });

  it('takes it back, and it waits again', async () => {
    const errors = collectErrors('one');
    tell('take_back', { identity: 'CP1' });
    tell('take_back', { identity: 'CP1' });
    await until(() => errors.length === 1, 'once is enough');
    assert.match(errors[0] ?? '', /the station "CP1" was not refused by hand/);
    const station = await dial(url());
    assert.deepEqual(
      (await told()).pending.map(({ identity }) => identity),
      ['CP1'],
    );
    station.close();
    await station.closed;
  });

  it('is overruled by a node that names the station', async () => {
    tell('reject', { identity: 'CP1' });
    assert.match(await refusal(url()), /^403 refused by hand/);
    await helper.unload();
    await load('CP1');
    let station: RawStation | undefined;
    while (!station) station = await dial(url()).catch(() => undefined);
    assert.deepEqual((await told()).rejected, []);
    station.close();
    await station.closed;
  });
});
