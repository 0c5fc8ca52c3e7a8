/** The certificate of ems-ocpp-server: its files change while stations are connected. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { authority, certificatePath, identityOf } from '../support/certificates.ts';
import { freePorts } from '../support/free-ports.ts';
import {
  allNodes,
  collect,
  collectStatus,
  helper,
  objectsOf,
  type Sent,
  stopRuntime,
  tlsConfig,
} from '../support/node-red/test-helper.ts';
import { dial } from '../support/ocpp/raw-station.ts';
import { until } from '../support/until.ts';

interface Told {
  connected: number;
  certificate: { subject: string; daysLeft: number; fault?: { code: string } };
}

describe('ems-ocpp-server takes a new certificate', () => {
  let userDir: string;
  let port: number;
  let sent: Sent[];
  let statuses: { fill: string; text: string }[];
  const file = (name: string): string => join(userDir, name);
  const told = async (): Promise<Told> => (await helper.request().get('/ems/ocpp/server/stations')).body as Told;
  const event = (name: string) => objectsOf(sent).find((each) => each.name === name);
  const shown = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    for (const [from, to] of [
      ['server.crt', 'tls.crt'],
      ['server.key', 'tls.key'],
    ] as const)
      copyFileSync(certificatePath(from), file(to));
    process.env.EMS_TEST_KEY = file('tls.key');
    helper.settings({ userDir });
    await helper.startServer();
    [port = 0] = await freePorts(1);
    const point = { type: 'ems-ocpp', server: 'server', site: 'site', wires: [[], ['events']] };
    await helper.load(
      [...allNodes, tlsConfig],
      [
        {
          id: 'tls',
          type: 'tls-config',
          cert: file('tls.crt'),
          key: `${'$'}{EMS_TEST_KEY}`,
          ca: '',
          verifyservercert: true,
        },
        { id: 'site', type: 'ems-site', site: 'home' },
        { id: 'server', type: 'ems-ocpp-server', host: '127.0.0.1', tlsPort: port, tls: 'tls' },
        { id: 'one', ...point, device: 'north', identity: 'CP1' },
        { id: 'two', ...point, device: 'south' },
        { id: 'events', type: 'helper' },
      ],
    );
    sent = collect('events');
    statuses = collectStatus('two');
    await until(() => statuses.at(-1)?.text.endsWith('.open') === true, 'the port is open');
  });
  after(async () => {
    await stopRuntime();
    helper.settings({});
    delete process.env.EMS_TEST_KEY;
    rmSync(userDir, { recursive: true, force: true });
  });

  it('stays with the old one while the files do not fit, and says so', async () => {
    const station = await dial(`wss://127.0.0.1:${port}/CP1`, { ca: authority() });
    writeFileSync(file('tls.crt'), identityOf('stranger').cert);
    await until(() => event('certificate_refused') !== undefined, 'the event');
    const { code, severity, message } = event('certificate_refused') as Record<string, string>;
    assert.deepEqual([code, severity], ['no_pair', 'warning']);
    assert.match(message ?? '', /Test broker .*not taken: certificate and private key do not belong together/);
    assert.ok(helper.logged().includes(message ?? ''), 'in the log');
    await until(() => statuses.at(-1)?.text.endsWith('.certificate') === true, 'the status');
    const { connected, certificate } = await told();
    assert.deepEqual([connected, certificate.subject, certificate.fault?.code], [1, 'Test broker', 'no_pair']);
    assert.equal(await shown(), 'Test broker');
    station.close();
    await station.closed;
  });

  it('shows the new one once they fit, and drops nobody', async () => {
    const station = await dial(`wss://127.0.0.1:${port}/CP1`, { ca: authority() });
    writeFileSync(file('tls.key'), identityOf('stranger').key);
    await until(() => event('certificate_renewed') !== undefined, 'the event');
    assert.equal(await shown(), 'Stranger');
    const { connected, certificate } = await told();
    assert.deepEqual([connected, certificate.subject, certificate.fault], [1, 'Stranger', undefined]);
    await until(() => statuses.at(-1)?.text.endsWith('.open') === true, 'the status');
    station.close();
    await station.closed;
    (await dial(`wss://127.0.0.1:${port}/CP1`, { rejectUnauthorized: false })).close();
  });
});
