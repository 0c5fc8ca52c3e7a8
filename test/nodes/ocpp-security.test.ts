/** Admission at the ports of ems-ocpp-server, and what its integrator reads of stations that are refused. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority, certificatePath, identityOf } from '../support/certificates.ts';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, helper, stopRuntime, tlsConfig } from '../support/node-red/test-helper.ts';
import { type Dial, dial, refusal } from '../support/ocpp/raw-station.ts';

interface Stations {
  connected: number;
  pending: unknown[];
  refusals: { identity?: string; code: string; sentence: string }[];
}

const password = 'correct horse battery';

describe('ems-ocpp-server lets in who brings what is demanded', () => {
  let userDir: string;
  let urls: { plain: string; secure: string };

  const stations = async (): Promise<Stations> =>
    (await helper.request().get('/ems/ocpp/server/stations')).body as Stations;
  /** @returns once the form would show it */
  const isLogged = async (identity: string | undefined, reason: RegExp): Promise<void> => {
    const isIt = (each: Stations['refusals'][number]): boolean =>
      each.identity === identity && reason.test(each.sentence);
    let shown = await stations();
    for (let left = 50; left > 0 && !shown.refusals.some(isIt); left--) shown = await stations();
    assert.ok(shown.refusals.some(isIt), `${reason} is not in ${JSON.stringify(shown.refusals)}`);
  };
  const comesIn = async (url: string, options: Dial): Promise<void> => {
    const { connected } = await stations();
    const station = await dial(url, options);
    const now = await stations();
    assert.deepEqual([now.connected, now.pending], [connected + 1, []]);
    station.close();
    await station.closed;
  };

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
    const [port = 0, tlsPort = 0] = await freePorts(2);
    urls = { plain: `ws://127.0.0.1:${port}/ocpp`, secure: `wss://127.0.0.1:${tlsPort}/ocpp` };
    const station = (identity: string, security: string, more: object = {}) => ({
      id: `node-${identity}`,
      type: 'ems-ocpp',
      server: 'server',
      site: 'site',
      device: identity.toLowerCase(),
      identity,
      security,
      wires: [[], []],
      ...more,
    });
    const files = {
      cert: certificatePath('server.crt'),
      key: certificatePath('server.key'),
      ca: certificatePath('ca.crt'),
    };
    const flow = [
      { id: 'tls', type: 'tls-config', ...files, verifyservercert: true },
      { id: 'site', type: 'ems-site', site: 'home' },
      {
        id: 'server',
        type: 'ems-ocpp-server',
        host: '127.0.0.1',
        port,
        tlsPort,
        tls: 'tls',
        clientCertificates: true,
        proxies: '127.0.0.1',
        certificateHeader: 'X-SSL-Client-S-DN',
      },
      station('OPEN', '0'),
      station('BASIC', '1'),
      station('SECURE', '2'),
      station('CERTIFIED', '3', { certificateNames: 'SN1, Test gateway' }),
      station('OTHER', '3'),
    ];
    await helper.load([...allNodes, tlsConfig], flow, {
      'node-BASIC': { password },
      'node-SECURE': { password },
    });
    // Their passwords take a moment to protect: until then they are told to come again.
    for (const url of [`${urls.plain}/BASIC`, `${urls.secure}/SECURE`])
      while (!/^401/.test(await refusal(url, { ca: authority() }).catch(() => ''))) await stations();
  });
  after(async () => {
    await stopRuntime();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });

  it('profiles 0 to 3, each with what it needs', async () => {
    const trust = { ca: authority() };
    await comesIn(`${urls.plain}/OPEN`, {});
    await comesIn(`${urls.secure}/OPEN`, trust);
    await comesIn(`${urls.plain}/BASIC`, { password });
    await comesIn(`${urls.secure}/SECURE`, { ...trust, password });
    await comesIn(`${urls.secure}/CERTIFIED`, { ...trust, ...identityOf('client') });
  });

  it('profile 3 behind a proxy that checks certificates, and says whose it was', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' };
    await comesIn(`${urls.plain}/CERTIFIED`, { headers: { ...headers, 'x-ssl-client-s-dn': 'CN=SN1,O=Acme' } });
    const other = { headers: { ...headers, 'x-ssl-client-s-dn': 'CN=SN2,O=Acme' } };
    assert.match(await refusal(`${urls.plain}/CERTIFIED`, other), /is that of SN2, not of CERTIFIED/);
    assert.match(await refusal(`${urls.plain}/CERTIFIED`, { headers }), /has to show a client certificate/);
  });

  const refused: [what: string, port: 'plain' | 'secure', identity: string, options: Dial, reason: RegExp][] = [
    ['a wrong password', 'secure', 'SECURE', { password: 'wrong horse battery' }, /the password is wrong/],
    ['no password', 'secure', 'SECURE', {}, /no password/],
    ['a wrong password over plain ws', 'plain', 'BASIC', { password: 'wrong' }, /the password is wrong/],
    [
      'the right password over plain ws where TLS is demanded',
      'plain',
      'SECURE',
      { password },
      /TLS is demanded of this station: it has to dial wss:\/\//,
    ],
    ['no certificate', 'secure', 'CERTIFIED', {}, /has to show a client certificate/],
    [
      'a certificate of an authority nobody knows',
      'secure',
      'CERTIFIED',
      identityOf('stranger'),
      /signed by an authority \(CA\) that this server does not know/,
    ],
    ['an expired certificate', 'secure', 'CERTIFIED', identityOf('expired'), /certificate of the station has expired/],
    ['the certificate of another', 'secure', 'OTHER', identityOf('client'), /is that of Test gateway, not of OTHER/],
    ['a certificate in place of TLS', 'plain', 'CERTIFIED', {}, /TLS is demanded/],
  ];
  for (const [what, port, identity, options, reason] of refused)
    it(`not with ${what}, and says why`, async () => {
      assert.match(await refusal(`${urls[port]}/${identity}`, { ca: authority(), ...options }), reason);
      await isLogged(identity, reason);
      assert.equal((await stations()).connected, 0);
    });

  it('a station that does not trust the server is told of in words', async () => {
    await assert.rejects(dial(`${urls.secure}/SECURE`, { password }), /certificate/);
    await isLogged(undefined, /does not trust the certificate of this server/);
  });

  it('the log says it in words, with the code', () => {
    const logged = helper.logged();
    const line = logged.find((each) => each.includes('(wrong_password)'));
    assert.match(line ?? logged.join('\n'), /^127\.0\.0\.1, \w+: refused, the password is wrong \(wrong_password\)$/);
  });

  it('no password is in what is told', async () => {
    const told = JSON.stringify(await stations()) + helper.logged().join();
    for (const secret of [password, 'wrong horse']) assert.ok(!told.includes(secret));
  });
});
