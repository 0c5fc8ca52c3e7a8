/** The password with which an unknown station comes is taken over at its approval: trust on first use. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

const password = 'made up by the box itself';

describe('ems-ocpp takes over the password of a station', () => {
  let userDir: string;
  let port: number;
  let errors: string[];

  const load = async (more: object = {}, credentials: object = {}, isBound = false): Promise<void> => {
    const station = { id: 'one', type: 'ems-ocpp', server: 'server', site: 'site', device: 'garage', security: '1' };
    await helper.load(allNodes, [...ocppServerNodes(port), { ...station, ...more, wires: [[], []] }], {
      one: credentials,
    });
    errors = collectErrors('one');
    const statuses = collectStatus('one');
    if (!isBound) await until(() => statuses.at(-1)?.text.endsWith('.open') === true, 'the port is open');
  };
  const url = (): string => `ws://127.0.0.1:${port}/CP1`;
  const approve = (more: object): void =>
    void helper.getNode('one').receive({ topic: 'approve', payload: { identity: 'CP1', ...more } });
  const told = async () =>
    (await helper.request().get('/ems/ocpp/server/stations')).body as { connected: number; pending: unknown[] };
  const comesIn = async (): Promise<void> => {
    let station: RawStation | undefined;
    while (!station) station = await dial(url(), { password }).catch(() => undefined);
    station.close();
    await station.closed;
  };
  const complaint = async (): Promise<string> => {
    await until(() => errors.length > 0, 'it complains');
    return errors.join();
  };

  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
    [port = 0] = await freePorts(1);
  });
  afterEach(async () => {
    await stopRuntime();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });

  it('where somebody says so: it stays connected, and no other password is right, over a restart too', async () => {
    await load();
    const station = await dial(url(), { password });
    approve({ adopt: true });
    while ((await told()).pending.length > 0);
    assert.equal((await told()).connected, 1);
    station.send([2, '1', 'Heartbeat', {}]);
    assert.match(JSON.stringify(await station.answer('1')), /currentTime/);
    station.close();
    await station.closed;
    assert.match(await refusal(url(), { password: 'made up by somebody else' }), /^401 the password is wrong/);
    assert.match(await refusal(url()), /^401 the station sends no password/);
    await comesIn();
    await helper.unload();
    await load({}, {}, true);
    await comesIn();
    assert.match(await refusal(url(), { password: 'made up by somebody else' }), /^401/);
    const kept = readdirSync(join(userDir, 'ems')).map((file) => readFileSync(join(userDir, 'ems', file), 'utf8'));
    assert.ok(
      kept.some((text) => text.includes('scrypt:')),
      'its verifier is kept',
    );
    assert.ok(!kept.join().includes(password) && !helper.logged().join().includes(password));
    assert.deepEqual(errors, []);
  });

  it('a password that is typed in later goes before it', async () => {
    await load();
    const station = await dial(url(), { password });
    approve({ adopt: true });
    while ((await told()).pending.length > 0);
    await helper.unload();
    await station.closed;
    const typed = 'typed in by its owner';
    await load({}, { password: typed }, true);
    let came: RawStation | undefined;
    while (!came) came = await dial(url(), { password: typed }).catch(() => undefined);
    assert.match(await refusal(url(), { password }), /^401/);
    came.close();
    await came.closed;
  });

  const refused: [what: string, more: object, credentials: object, given: string | undefined, wish: object, RegExp][] =
    [
      ['not unasked', {}, {}, password, {}, /"garage" has no password yet: type one in, or take over its own/],
      [
        'not where one is typed in',
        {},
        { password: 'typed in by its owner' },
        password,
        { adopt: true },
        /has one already/,
      ],
      ['not where none is demanded', { security: '0' }, {}, password, { adopt: true }, /demands no password/],
      ['not where there is none', {}, {}, undefined, { adopt: true }, /"CP1" came without a password/],
      ['not where it is short', {}, {}, 'short', { adopt: true }, /of "CP1" is too short/],
    ];
  for (const [what, more, credentials, given, wish, words] of refused)
    it(`${what}, and the station goes on waiting`, async () => {
      await load(more, credentials);
      const station = await dial(url(), given === undefined ? {} : { password: given });
      approve(wish);
      assert.match(await complaint(), words);
      assert.equal((await told()).pending.length, 1);
      station.close();
      await station.closed;
    });

  it('a short one where short ones are allowed', async () => {
    await load({ weak: true });
    const station = await dial(url(), { password: 'short' });
    approve({ adopt: true });
    while ((await told()).pending.length > 0);
    station.close();
    await station.closed;
    assert.match(await refusal(url(), { password }), /^401/);
    assert.deepEqual(errors, []);
  });
});
