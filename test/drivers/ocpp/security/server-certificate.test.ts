import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type CertificateNotice, ServerCertificate } from '../../../../src/drivers/ocpp/security/server-certificate.ts';
import { faultSentences, readServerKeys, type ServerKeys } from '../../../../src/drivers/ocpp/security/server-keys.ts';
import { authority, identityOf } from '../../../support/certificates.ts';
import { root } from '../../../support/house-rules.ts';
import { dial } from '../../../support/ocpp/raw-station.ts';
import { createRecorder, openSettings, startTestCsms, type TestCsms } from '../../../support/ocpp/test-csms.ts';
import { until } from '../../../support/until.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

const dayMs = 86_400_000;
const { cert, key } = identityOf('server');
const other = identityOf('stranger');
const half = (pem: Buffer): Buffer => pem.subarray(0, pem.length / 2);

describe('OCPP certificate: what lies in its files', () => {
  const said = (keys: ServerKeys): unknown => {
    const read = readServerKeys(keys);
    return 'code' in read ? read.code : read.subject;
  };

  it('fits, or says why it does not', () => {
    assert.equal(said({ cert, key, ca: authority() }), 'Test broker');
    assert.equal(said({ cert, key: other.key }), 'no_pair');
    assert.equal(said({ cert: half(cert), key }), 'no_certificate');
    assert.equal(said({ cert: '', key }), 'no_certificate');
    assert.equal(said({ cert, key: half(key) }), 'no_key');
    assert.equal(said({ cert, key: cert }), 'no_key');
    assert.equal(said({ cert: Buffer.concat([cert, authority()]), key, ca: [authority(), cert] }), 'Test broker');
    assert.equal(said({ cert: Buffer.concat([cert, half(authority())]), key }), 'no_certificate');
    for (const ca of ['', half(authority()), [authority(), half(cert)]])
      assert.equal(said({ cert, key, ca }), 'no_authority');
  });

  it('each fault has a text in every language', () => {
    for (const language of ['en-US', 'de']) {
      const catalog = JSON.parse(readFileSync(join(root, `locales/${language}/ems-ocpp-server.json`), 'utf8'));
      const texts: Record<string, string> = catalog['ems-ocpp-server'].certificate.fault;
      assert.deepEqual(Object.keys(texts).sort(), Object.keys(faultSentences).sort(), language);
      if (language === 'en-US') assert.deepEqual(texts, faultSentences);
    }
  });
});

describe('OCPP certificate: over its life', () => {
  let clock: VirtualClock;
  let files: ServerKeys | Error;
  let shown: ServerKeys[];
  let notices: CertificateNotice[];
  let renewal: ServerCertificate;
  const start = async (): Promise<void> => {
    const read = async (): Promise<ServerKeys> => {
      if (files instanceof Error) throw files;
      return files;
    };
    const listener = {
      onRenewed: (keys: ServerKeys) => void shown.push(keys),
      onNotice: (notice: CertificateNotice) => void notices.push(notice),
    };
    renewal = await ServerCertificate.start(read, listener, clock);
  };
  const reads = (count: number): Promise<void> => clock.advanceAsync(count * 2000);
  const kinds = (): string[] => notices.map(({ kind }) => kind);
  beforeEach(async () => {
    clock = createVirtualClock();
    files = { cert, key };
    [shown, notices] = [[], []];
    await start();
  });
  afterEach(() => renewal.close());

  it('nothing is told while nothing changes', async () => {
    await reads(10);
    assert.deepEqual([shown, notices, renewal.state().subject], [[], [], 'Test broker']);
  });

  it('another pair is taken', async () => {
    files = other;
    await reads(1);
    assert.deepEqual([shown, kinds(), renewal.state().subject], [[other], ['renewed'], 'Stranger']);
    assert.match(
      notices[0]?.sentence ?? '',
      /^the certificate Stranger of this server is new, and valid until 21\d\d-/,
    );
  });

  it('one that is being written is waited for, and nobody is alarmed', async () => {
    files = { cert: half(other.cert), key };
    await reads(1);
    files = { cert: other.cert, key };
    await reads(1);
    files = other;
    await reads(1);
    assert.deepEqual([shown, kinds()], [[other], ['renewed']]);
  });

  it('a pair that does not fit is told of once and not taken, until one fits', async () => {
    files = { cert: other.cert, key };
    await reads(10);
    assert.deepEqual([shown, kinds(), renewal.state().fault], [[], ['refused'], { code: 'no_pair' }]);
    assert.match(notices[0]?.sentence ?? '', /Test broker .* stays in use.*not taken: certificate and private key/);
    files = new Error('ENOENT: no such file');
    await reads(10);
    assert.deepEqual([kinds(), renewal.state().fault?.code], [['refused', 'refused'], 'unreadable']);
    files = other;
    await reads(1);
    assert.deepEqual([shown, renewal.state().fault], [[other], undefined]);
  });

  it('the old one back in its place is right again', async () => {
    files = { cert: other.cert, key };
    await reads(3);
    files = { cert, key };
    await reads(1);
    assert.deepEqual([shown, kinds(), renewal.state().fault], [[], ['refused', 'renewed'], undefined]);
  });

  it('its end is told of 30 days before, again and again, and when it has come', async () => {
    const { expiresAt } = renewal.state();
    const at = async (days: number): Promise<unknown> => {
      clock.jump(expiresAt - days * dayMs - clock.now());
      await reads(2);
      return notices.at(-1)?.sentence.replace(/\d{4}-\d\d-\d\d/, 'DAY');
    };
    assert.equal(await at(31.5), undefined);
    const expires = (days: number): string =>
      `the certificate Test broker of this server expires on DAY (days left: ${days}): renew it`;
    assert.equal(await at(30.5), expires(30));
    assert.equal(await at(20), expires(30));
    assert.equal(await at(2.5), expires(2));
    assert.match(String(await at(-1)), /has expired on DAY: stations do not trust it any more/);
    await at(-5);
    assert.deepEqual(kinds(), ['expiring', 'expiring', 'expired']);
    files = other;
    await reads(1);
    assert.equal(kinds().at(-2), 'renewed');
  });

  it('without one to begin with nothing is opened, and it says why', async () => {
    files = { cert, key: other.key };
    await assert.rejects(start(), /the certificate of this server: certificate and private key do not belong together/);
  });
});

describe('OCPP certificate: at an open port', () => {
  let csms: TestCsms;
  let clock: VirtualClock;
  let files: ServerKeys;
  let notices: CertificateNotice[];
  /** Whose certificate a new connection is shown. */
  const shown = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port: csms.ports[0] ?? 0, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  beforeEach(async () => {
    clock = createVirtualClock();
    files = { cert, key };
    notices = [];
    const onCertificate = (notice: CertificateNotice): void => void notices.push(notice);
    const listeners = [{ host: '127.0.0.1', port: 0, tls: { read: async () => files } }];
    csms = await startTestCsms({ listeners, onCertificate }, clock);
  });
  afterEach(() => csms.close());

  it('is renewed for new connections, and the stations that are there stay', async () => {
    const handler = createRecorder();
    csms.register('CP1', openSettings, handler);
    const station = await dial(csms.url(), { ca: authority() });
    await until(() => handler.links.length === 1, 'connected');
    assert.equal(await shown(), 'Test broker');
    files = { cert: other.cert, key };
    await clock.advanceAsync(6000);
    assert.equal(await shown(), 'Test broker');
    assert.deepEqual(csms.certificates()[0]?.fault, { code: 'no_pair' });
    files = other;
    await clock.advanceAsync(2000);
    assert.equal(await shown(), 'Stranger');
    assert.deepEqual(
      notices.map(({ kind }) => kind),
      ['refused', 'renewed'],
    );
    station.send([2, '1', 'Heartbeat', {}]);
    await station.answer('1');
    assert.deepEqual([handler.links.length, handler.ends], [1, []]);
    station.close();
  });
});
