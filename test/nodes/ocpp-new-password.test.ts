/** A password that is changed in the form: told to the station, and both are right until it has come with the new one. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../src/common/pause.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { freePorts } from '../support/free-ports.ts';
import {
  allNodes,
  collect,
  helper,
  objectsOf,
  ocppServerNodes,
  type Sent,
  stopRuntime,
} from '../support/node-red/test-helper.ts';
import { dial, type RawStation, refusal } from '../support/ocpp/raw-station.ts';
import { until } from '../support/until.ts';

const first = 'the first password';
const second = 'the second one 12345';

type Told = Record<string, unknown>;

/** In the words of each version: the setting, what is told of the second password, and the answer. */
const versions = {
  '1.6': {
    name: 'AuthorizationKey',
    value: Buffer.from(second).toString('hex'),
    action: 'ChangeConfiguration',
    read: ({ key, value }: Told) => [key, value],
    answer: (status: string): object => ({ status }),
  },
  '2.0.1': {
    name: 'BasicAuthPassword',
    value: second,
    action: 'SetVariables',
    read: ({ setVariableData }: Told) => {
      const [each = {}] = setVariableData as Told[];
      return [(each.variable as Told).name, each.attributeValue];
    },
    answer: (attributeStatus: string, { setVariableData }: Told): object => {
      const [{ component, variable } = {}] = setVariableData as Told[];
      return { setVariableResult: [{ attributeStatus, component, variable }] };
    },
  },
};

for (const version of ['1.6', '2.0.1'] as const)
  describe(`ems-ocpp tells a station its new password in OCPP ${version}`, () => {
    const { name, value, action, read, answer } = versions[version];
    let userDir: string;
    let port: number;
    let sent: Sent[];

    const deploy = async (password: string, more: object = {}): Promise<void> => {
      await helper.unload();
      const station = { id: 'one', type: 'ems-ocpp', server: 'server', site: 'site', device: 'garage', ...more };
      await helper.load(
        allNodes,
        [
          ...ocppServerNodes(port),
          { identity: 'CP1', ...station, security: '1', wires: [[], ['events']] },
          { id: 'events', type: 'helper' },
        ],
        { one: { password } },
      );
      sent = collect('events');
    };
    const url = (identity = 'CP1'): string => `ws://127.0.0.1:${port}/${identity}`;
    /** As a box: one attempt after the other, while the server opens its port and works on the password. */
    const come = async (password: string, identity = 'CP1', attempts = 100): Promise<RawStation> => {
      let refused = '';
      for (let left = attempts; left > 0; ) {
        const came = await dial(url(identity), { password, protocols: [`ocpp${version}`] }).catch(
          (error: Error) => error,
        );
        if (!(came instanceof Error)) return came;
        refused = came.message;
        // While a password is worked on, nobody is judged.
        if (!/ECONNREFUSED|503/.test(refused)) left--;
        await pause(30, systemClock);
      }
      throw new Error(refused);
    };
    /** @returns the passwords that it is told, as they come */
    const listen = (station: RawStation, status: string): unknown[][] => {
      const passwords: unknown[][] = [];
      station.socket.on('message', (data) => {
        const [type, id, asked, payload] = JSON.parse(String(data)) as [number, string, string, Told];
        if (type !== 2) return;
        if (asked !== action) {
          station.send([4, id, 'NotImplemented', '', {}]);
          return;
        }
        const [key] = read(payload);
        if (key === name) passwords.push(read(payload));
        station.send([3, id, answer(key === name ? status : 'Accepted', payload)]);
      });
      return passwords;
    };
    const boot = async (station: RawStation): Promise<void> => {
      const payload =
        version === '1.6'
          ? { chargePointVendor: 'Acme', chargePointModel: 'Box' }
          : { reason: 'PowerUp', chargingStation: { vendorName: 'Acme', model: 'Box' } };
      station.send([2, 'boot', 'BootNotification', payload]);
      await station.answer('boot');
    };
    const leave = async (station: RawStation): Promise<void> => {
      station.close();
      await station.closed;
    };
    const eventOf = async (wanted: string): Promise<string> => {
      const find = (): Told | undefined =>
        objectsOf(sent).find(
          ({ topic }) => String(topic).endsWith(`/event/${wanted}`) || String(topic).endsWith(wanted),
        );
      await until(() => find() !== undefined, wanted);
      return JSON.stringify(find());
    };
    const kept = (): string =>
      readdirSync(join(userDir, 'ems'))
        .map((file) => readFileSync(join(userDir, 'ems', file), 'utf8'))
        .join();

    beforeEach(async () => {
      userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
      helper.settings({ userDir });
      await helper.startServer();
      [port = 0] = await freePorts(1);
      await deploy(first);
      await leave(await come(first));
    });
    afterEach(async () => {
      await stopRuntime();
      helper.settings({});
      rmSync(userDir, { recursive: true, force: true });
    });

    it('both are right until it comes with the new one; then the old one is not, over a restart too', async () => {
      await deploy(second);
      const station = await come(first);
      const passwords = listen(station, 'Accepted');
      await boot(station);
      await until(() => passwords.length > 0, 'it is told');
      assert.deepEqual(passwords, [[name, value]]);
      await eventOf('password_changed');
      await leave(station);
      // It was told, and may come with the old one all the same.
      await leave(await come(first));
      const back = await come(second);
      const again = listen(back, 'Accepted');
      await boot(back);
      await leave(back);
      assert.match(await refusal(url(), { password: first }), /^401 the password is wrong/);
      await deploy(second);
      await leave(await come(second));
      assert.match(await refusal(url(), { password: first }), /^401 the password is wrong/);
      assert.deepEqual(again, []);
      assert.ok(!`${kept()}${helper.logged().join()}${JSON.stringify(sent)}`.includes(second));
    });

    it('one that refuses it keeps the old one, and people are told', async () => {
      await deploy(second);
      const station = await come(first);
      const passwords = listen(station, 'Rejected');
      await boot(station);
      assert.match(await eventOf('password_refused'), /stays right: it says Rejected/);
      assert.equal(passwords.length, 1);
      await leave(station);
      await leave(await come(first));
    });

    it('one that cannot be told such a password is not, and people are told', async () => {
      const long = 'more than any station of any version can be told in its settings, whichever';
      await deploy(long);
      const station = await come(first);
      const passwords = listen(station, 'Accepted');
      await boot(station);
      assert.match(await eventOf('password_refused'), /can be told one of 16 to/);
      assert.deepEqual(passwords, []);
      await leave(station);
      await leave(await come(long));
      assert.match(await refusal(url(), { password: first }), /^401 the password is wrong/);
    });

    it('a node that is given another station takes no password of the one before', async () => {
      await deploy(second, { identity: 'CP2' });
      await assert.rejects(come(first, 'CP2', 8), /401 the password is wrong/);
    });

    /** While the new one is worked on, nobody knows that it is another; then whoever has come is shown out. */
    const isShutOut = async (password: string): Promise<void> => {
      for (let left = 8; left > 0; left--) {
        const came = await come(password, 'CP1', 8).catch((error: Error) => error);
        if (came instanceof Error) {
          assert.match(came.message, /^401 the password is wrong/);
          return;
        }
        assert.match((await came.closed).reason, /with its password/);
      }
      assert.fail('it comes in again and again');
    };

    it('shut out, the old one is not right from the deploy on', async () => {
      await deploy(second, { shutOut: true });
      await isShutOut(first);
    });

    it('shut out later, it is not right from then on', async () => {
      await deploy(second);
      await leave(await come(first));
      await deploy(second, { shutOut: true });
      await isShutOut(first);
    });
  });
