import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseServer, type Server } from '../../src/model/server-address.ts';
import type { Clock } from '../../src/model/time.ts';
import { BrokerClient } from '../../src/mqtt/client.ts';
import type { ClientOptions } from '../../src/mqtt/client-options.ts';
import { Session } from '../../src/mqtt/session/session.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { authority, certificatePath, identityOf } from '../support/certificates.ts';
import { say } from '../support/editor/catalog.ts';
import { findProgram, type Mosquitto, startMosquitto } from '../support/mqtt/mosquitto.ts';
import { until } from '../support/until.ts';

const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 20, run) };

describe('what mosquitto refuses, in words', () => {
  const clients: BrokerClient[] = [];
  let mosquitto: Mosquitto;

  afterEach(async () => {
    for (const each of clients.splice(0)) await each.close(true);
    await mosquitto.close();
  });

  const open = (address: string, options: Partial<ClientOptions> = {}): BrokerClient => {
    const servers = [parseServer(address) as Server];
    const client = new BrokerClient({ servers, clientId: 'plant7', ...options }, new Session(10), hasty);
    clients.push(client);
    client.open();
    return client;
  };
  const says = async (client: BrokerClient, key: string): Promise<void> => {
    const reason = () => {
      const state = client.state;
      return state.kind === 'waiting' ? state.reason : undefined;
    };
    await until(() => reason()?.key === `refusal.${key}`, key).catch(() => assert.equal(reason()?.key, key));
    const told = reason();
    if (told) say('ems-broker', told);
  };

  describe('over TLS', () => {
    const ca = authority();
    beforeEach(async () => {
      mosquitto = await startMosquitto([
        'allow_anonymous true',
        `cafile ${certificatePath('ca.crt')}`,
        `certfile ${certificatePath('server.crt')}`,
        `keyfile ${certificatePath('server.key')}`,
        'require_certificate true',
        'user root',
      ]);
    });
    const cases: [name: string, protocol: string, tls: object, key: string][] = [
      ['no client certificate', 'mqtts', { ca }, 'clientCertificateRequired'],
      ['that of a stranger', 'mqtts', { ca, ...identityOf('stranger') }, 'clientCertificateRefused'],
      ['one that has expired', 'mqtts', { ca, ...identityOf('expired') }, 'clientCertificateRefused'],
      ['no TLS at all', 'mqtt', {}, 'tlsPort'],
    ];
    for (const [name, protocol, tls, key] of cases)
      it(name, () => says(open(`${protocol}://127.0.0.1:${mosquitto.port}`, { tls: { ...tls } }), key));
  });

  it('TLS where there is none', async () => {
    mosquitto = await startMosquitto();
    await says(open(`mqtts://127.0.0.1:${mosquitto.port}`, { tls: { ca: authority() } }), 'plainPort');
  });

  for (const version of [4, 5] as const)
    it(`a wrong password, MQTT ${version}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ems-passwords-'));
      const passwords = join(folder, 'passwords');
      const program = findProgram('mosquitto_passwd');
      assert.ok(program, 'mosquitto_passwd is missing: apt-get install mosquitto');
      assert.equal(spawnSync(program, ['-c', '-b', passwords, 'gateway', 'right']).status, 0);
      mosquitto = await startMosquitto(['allow_anonymous false', `password_file ${passwords}`, 'user root']);
      const login = { username: 'gateway', password: 'wrong', version };
      await says(open(`mqtt://127.0.0.1:${mosquitto.port}`, login), 'notAuthorized');
      rmSync(folder, { recursive: true, force: true });
    });

  for (const version of [4, 5] as const)
    it(`two with one client id, MQTT ${version}`, async () => {
      mosquitto = await startMosquitto();
      const twins = [1, 2].map(() => open(`mqtt://127.0.0.1:${mosquitto.port}`, { version }));
      // Not every version of mosquitto sends DISCONNECT to the one that is thrown out.
      const keys = ['refusal.twin', ...(version === 5 ? ['refusal.sessionTakenOver'] : [])];
      const isTold = (client: BrokerClient): boolean => {
        const state = client.state;
        return state.kind === 'waiting' && keys.includes(state.reason.key);
      };
      await until(() => twins.some(isTold), 'one of them knows of the other');
    });
});
