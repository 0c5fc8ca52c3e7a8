import assert from 'node:assert/strict';
import { connect as connectTls } from 'node:tls';
import type { StationSettings } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import type { ListenerOptions } from '../../../../src/drivers/ocpp/security/listener.ts';
import { Passwords } from '../../../../src/drivers/ocpp/security/passwords.ts';
import { readOrigin, TrustedProxies } from '../../../../src/drivers/ocpp/security/proxy-headers.ts';
import type { Clock } from '../../../../src/model/time.ts';
import { authority, identityOf } from '../../../support/certificates.ts';
import { type Dial, dial, refusal, sendRaw, upgradeText } from '../../../support/ocpp/raw-station.ts';
import {
  createRecorder,
  openSettings,
  passwords,
  type Recorder,
  startTestCsms,
  type TestCsms,
} from '../../../support/ocpp/test-csms.ts';
import { until } from '../../../support/until.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const password = '0123456789abcdef';
const verifierOf = async (text: string): Promise<string> => (await passwords.protect(text, 'chosen')) ?? '';

describe('OCPP security: passwords (profile 1)', () => {
  let csms: TestCsms;
  let handler: Recorder;
  let settings: StationSettings;
  before(async () => {
    settings = { ...openSettings, security: 1, passwords: [await verifierOf(password)] };
  });
  beforeEach(async () => {
    csms = await startTestCsms();
    handler = createRecorder();
  });
  afterEach(() => csms.close());

  it('the right password comes in', async () => {
    csms.register('CP1', settings, handler);
    (await dial(csms.url(), { password })).close();
    await until(() => handler.links.length === 1, 'connected');
    assert.deepEqual(handler.links[0]?.peer, {
      address: '127.0.0.1',
      isSecure: false,
      hasPassword: true,
      isPasswordNewest: true,
      provenPassword: settings.passwords?.[0],
    });
  });

  it('none, a wrong one, that of another user and another scheme are refused, each with its reason', async () => {
    csms.register('CP1', settings, handler);
    const refused: [Dial, RegExp][] = [
      [{}, /^401 the station sends no password/],
      [{ password: 'fedcba9876543210' }, /^401 the password is wrong/],
      [{ password: '' }, /^401 the password is wrong/],
      [{ password, user: 'CP2' }, /^401 .*another user name/],
      [{ headers: { authorization: `Bearer ${password}` } }, /^401 .*something else than basic/],
    ];
    for (const [options, reason] of refused) assert.match(await refusal(csms.url(), options), reason);
    assert.equal(handler.links.length, 0);
    assert.ok(!JSON.stringify(csms.rejections()).includes('fedcba'), 'no password in the log');
  });

  it('a key of hex digits is taken as text and as bytes', async () => {
    const key = '00112233445566778899AABBCCDDEEFF';
    csms.register('CP1', { ...settings, passwords: [await verifierOf(key)] }, handler);
    for (const given of [key, key.toLowerCase(), Buffer.from(key, 'hex')])
      (await dial(csms.url(), { password: given })).close();
  });

  it('while its password is being worked on a station is told to come again, and is no stranger', async () => {
    await csms.close();
    const holder = createRecorder();
    csms = await startTestCsms({ unknown: () => holder });
    const { passwords: made, ...rest } = settings;
    const preparing = csms.register('CP1', { ...rest, isPreparing: true }, handler);
    assert.match(await refusal(csms.url(), { password }), /^503 the password of the station is being worked on/);
    const answer = await sendRaw(csms.ports[0] ?? 0, upgradeText('/CP1'));
    assert.match(answer, /^HTTP\/1\.1 503 .*\r\nRetry-After: 10\r\n/s);
    preparing.remove();
    csms.register('CP1', { ...rest, passwords: made ?? [] }, handler);
    (await dial(csms.url(), { password })).close();
    assert.deepEqual(holder.links, []);
  });

  it('of two passwords both are right until the station comes with the new one', async () => {
    let taken = 0;
    const onNewestProved = (): void => void taken++;
    const rotated: StationSettings = {
      onNewestProved,
      ...settings,
      passwords: [await verifierOf('a new password..'), ...(settings.passwords ?? [])],
    };
    const registration = csms.register('CP1', settings, handler);
    const station = await dial(csms.url(), { password });
    registration.remove();
    csms.register('CP1', rotated, handler);
    assert.equal(csms.connected(), 1, 'it may stay with the old one');
    assert.equal(handler.links.at(-1)?.peer.isPasswordNewest, false);
    station.close();
    (await dial(csms.url(), { password })).close();
    await until(() => handler.links.at(-1)?.peer.isPasswordNewest === false, 'with the old one');
    (await dial(csms.url(), { password: 'a new password..' })).close();
    await until(() => handler.links.at(-1)?.peer.isPasswordNewest === true, 'with the new one');
    assert.equal(taken, 1);
    assert.match(await refusal(csms.url(), { password }), /^401/);
    (await dial(csms.url(), { password: 'a new password..' })).close();
  });

  it('wrong passwords are limited by address and identity; no other station feels it', async () => {
    await csms.close();
    csms = await startTestCsms({ limits: { wrongRate: { perS: 0.001, burst: 2 } } });
    csms.register('CP1', settings, handler);
    csms.register('CP2', settings, createRecorder());
    for (let i = 0; i < 5; i++) (await dial(csms.url(), { password })).close();
    for (let i = 0; i < 2; i++) assert.match(await refusal(csms.url(), { password: `guess ${i}` }), /^401/);
    assert.match(await refusal(csms.url(), { password: 'guess 3' }), /^429/);
    (await dial(csms.url('CP2'), { password })).close();
  });

  it('who tries on and on is told late that he does not get in; who may come in does not wait', async () => {
    await csms.close();
    const clock = createVirtualClock();
    let waiting = 0;
    const after: Clock['after'] = (ms, run) => {
      if (ms === 300) waiting++;
      return clock.after(ms, run);
    };
    csms = await startTestCsms({ limits: { refusalMs: 300 } }, { ...clock, after });
    csms.register('CP1', settings, handler);
    const told: string[] = [];
    const tries = [refusal(csms.url('NOBODY')), refusal(csms.url(), { password: 'wrong' })];
    for (const each of tries) void each.then((text) => told.push(text.slice(0, 3)));
    (await dial(csms.url(), { password })).close();
    await until(() => waiting === 2, 'both are being told');
    assert.deepEqual(told, []);
    await clock.advanceAsync(300);
    await Promise.all(tries);
    assert.deepEqual(told.sort(), ['401', '404']);
  });

  it('an unknown identity costs what a wrong password costs: one check of the same kind', async () => {
    await csms.close();
    const checks: string[] = [];
    class CountingPasswords extends Passwords {
      override verify(verifier: string, given: Buffer): Promise<boolean | undefined> {
        checks.push(verifier.split(':')[0] ?? '');
        return passwords.verify(verifier, given);
      }
    }
    csms = await startTestCsms({ passwords: new CountingPasswords(Buffer.alloc(32)) });
    const fast = (await passwords.protect(password, 'generated')) ?? '';
    csms.register('CP1', { ...settings, passwords: [fast] }, handler);
    assert.match(await refusal(csms.url('CP9'), { password: 'wrong' }), /^404/);
    assert.match(await refusal(csms.url('CP1'), { password: 'wrong' }), /^401/);
    csms.register('CP2', settings, createRecorder());
    assert.match(await refusal(csms.url('CP9'), { password: 'wrong' }), /^404/);
    assert.match(await refusal(csms.url('CP2'), { password: 'wrong' }), /^401/);
    assert.deepEqual(checks, ['hmac-sha256', 'hmac-sha256', 'scrypt', 'scrypt']);
  });

  const names: [header: string, name: string][] = [
    ['CP1', 'CP1'],
    ['CN=CP1,O=Acme,C=DE', 'CP1'],
    ['/C=DE/O=Acme/CN=CP1', 'CP1'],
    ['C = DE, O = Acme, CN = CP1', 'CP1'],
    ['Subject%3D%22C%3DDE%2CCN%3DCP1%22', 'CP1'],
    ['O=CN Acme,CN=CP1+serialNumber=7', 'CP1'],
    ['100%', '100%'],
    // Whoever has a certificate of his own does not get in as another by what else stands in it.
    ['O=x\\, CN=CP1,CN=EVIL', 'O=x\\, CN=CP1,CN=EVIL'],
    ['/O=x/CN=CP1/CN=EVIL', '/O=x/CN=CP1/CN=EVIL'],
    ['O=x\\, CN=CP1', 'O=x\\, CN=CP1'],
    ['EVIL, CN=CP1', 'EVIL, CN=CP1'],
  ];
  for (const [header, name] of names)
    it(`the name of a certificate, as a proxy tells it: ${header}`, () => {
      const direct = { address: '127.0.0.1', isSecure: false };
      const headers = { 'x-forwarded-for': '203.0.113.9', 'x-cn': header };
      const certificateHeader = 'x-cn';
      const known = new TrustedProxies({ addresses: ['127.0.0.1'], certificateHeader });
      const unknown = new TrustedProxies({ addresses: [], certificateHeader });
      assert.equal(readOrigin(direct, headers, known).certificate, name);
      assert.equal(readOrigin(direct, headers, unknown).certificate, undefined);
    });

  it('the headers of a proxy count only from a proxy that is known', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9, 10.1.2.3', 'x-forwarded-proto': 'https', 'x-cn': 'CP1' };
    const withCertificate = { ...openSettings, security: 3 as const };
    csms.register('CP1', withCertificate, handler);
    assert.match(await refusal(csms.url(), { headers }), /^403 TLS is demanded/);
    assert.equal(csms.rejections()[0]?.address, '127.0.0.1');
    await csms.close();
    csms = await startTestCsms({ proxies: { addresses: ['127.0.0.1', '10.0.0.0/8'], certificateHeader: 'x-cn' } });
    csms.register('CP1', withCertificate, handler);
    (await dial(csms.url(), { headers })).close();
    await until(() => handler.links.length === 1, 'connected');
    assert.deepEqual(handler.links[0]?.peer, {
      address: '203.0.113.9',
      isSecure: true,
      hasPassword: false,
      certificate: 'CP1',
    });
    assert.match(await refusal(csms.url(), { headers: { ...headers, 'x-cn': 'CP2' } }), /^403 .*that of CP2/);
    assert.match(await refusal(csms.url(), { headers: {} }), /^403 TLS is demanded/);
  });
});

describe('OCPP security: TLS (profiles 2 and 3)', () => {
  let csms: TestCsms;
  let handler: Recorder;
  const plain: ListenerOptions = { host: '127.0.0.1', port: 0 };
  const secure: ListenerOptions = {
    ...plain,
    tls: { read: async () => ({ ...identityOf('server'), ca: authority() }), asksClients: true },
  };
  const trust: Dial = { ca: authority() };
  const plainUrl = (identity = 'CP1'): string => `ws://127.0.0.1:${csms.ports[1]}/${identity}`;
  beforeEach(async () => {
    csms = await startTestCsms({ listeners: [secure, plain] });
    handler = createRecorder();
  });
  afterEach(() => csms.close());
  /** @returns the reason in the log */
  const logged = async (reason: RegExp): Promise<void> => {
    await until(() => csms.rejections().some((entry) => reason.test(entry.sentence)), `${reason} in the log`);
  };

  it('profile 2: wss and password', async () => {
    const settings: StationSettings = { ...openSettings, security: 2, passwords: [await verifierOf(password)] };
    csms.register('CP1', settings, handler);
    (await dial(csms.url(), { ...trust, password })).close();
    assert.match(await refusal(csms.url(), trust), /^401 .*no password/);
    assert.match(await refusal(csms.url(), { ...trust, password: 'wrong' }), /^401 the password is wrong/);
    assert.match(await refusal(plainUrl(), { password }), /^403 TLS is demanded of this station.*wss:/);
    assert.equal(handler.links.length, 1);
    assert.equal(handler.links[0]?.peer.isSecure, true);
  });

  it('a box that speaks nothing newer than TLS 1.2 comes in', async () => {
    csms.register('CP1', { ...openSettings, security: 3, certificateNames: ['Test gateway'] }, handler);
    const station = await dial(csms.url(), { ...trust, ...identityOf('client'), maxVersion: 'TLSv1.2' });
    await until(() => handler.links.length === 1, 'connected');
    station.close();
  });

  it('profile 3: the certificate says who it is', async () => {
    csms.register('Test gateway', { ...openSettings, security: 3 }, handler);
    (await dial(csms.url('Test%20gateway'), { ...trust, ...identityOf('client') })).close();
    await until(() => handler.links.length === 1, 'connected');
    assert.equal(handler.links[0]?.peer.certificate, 'Test gateway');
  });

  it('profile 3: or the serial number that is bound to the station', async () => {
    csms.register('CP1', { ...openSettings, security: 3, certificateNames: ['SN1', 'Test gateway'] }, handler);
    (await dial(csms.url(), { ...trust, ...identityOf('client') })).close();
    await until(() => handler.links.length === 1, 'connected');
  });

  it('profile 3: no certificate, that of another, of another authority and an expired one are refused in words', async () => {
    csms.register('CP1', { ...openSettings, security: 3 }, handler);
    const refused: [Dial, RegExp][] = [
      [{}, /^403 .*client certificate, and it showed none/],
      [identityOf('client'), /^403 the certificate of the station is that of Test gateway, not of CP1/],
      [identityOf('stranger'), /^403 .*authority \(CA\) that this server does not know/],
      [identityOf('expired'), /^403 the certificate of the station has expired/],
    ];
    for (const [options, reason] of refused) assert.match(await refusal(csms.url(), { ...trust, ...options }), reason);
    assert.match(await refusal(plainUrl()), /^403 TLS is demanded/);
    assert.equal(csms.rejections().filter(({ identity }) => identity === 'CP1').length, 5);
    assert.equal(handler.links.length, 0);
  });

  it('a certificate that does not count hurts no station that needs none', async () => {
    csms.register('CP1', { ...openSettings, security: 0 }, handler);
    (await dial(csms.url(), { ...trust, ...identityOf('stranger') })).close();
    await until(() => handler.links.length === 1, 'connected');
    assert.equal(handler.links[0]?.peer.certificate, undefined);
  });

  it('what fails before a handshake is logged in words', async () => {
    await assert.rejects(dial(csms.url(), {}), /certificate/);
    await logged(/does not trust the certificate of this server/);
    await assert.rejects(dial(`ws://127.0.0.1:${csms.ports[0]}/CP1`));
    await logged(/ws:\/\/ was spoken at a port for wss/);
    await assert.rejects(dial(`wss://127.0.0.1:${csms.ports[1]}/CP1`, trust));
    await logged(/wss:\/\/ was spoken at a port for ws/);
    await new Promise((resolve) => {
      const options = {
        port: csms.ports[0] ?? 0,
        host: '127.0.0.1',
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
      } as const;
      connectTls({ ...options, ciphers: 'ALL:@SECLEVEL=0', ca: authority() })
        .on('error', () => {})
        .on('close', resolve);
    });
    await logged(/old version of TLS/);
    await sendRaw(csms.ports[0] ?? 0, 'nonsense that is no TLS at all\r\n\r\n');
    await logged(/something else than TLS/);
    assert.ok(csms.rejections().every(({ address }) => address === '127.0.0.1'));
  });

  it('stations of a plain and of a secure port stand side by side', async () => {
    csms.register('CP1', openSettings, handler);
    const other = createRecorder();
    csms.register('CP2', openSettings, other);
    const [one, two] = [await dial(csms.url('CP1'), trust), await dial(plainUrl('CP2'))];
    await until(() => handler.links.length + other.links.length === 2, 'both');
    assert.deepEqual([handler.links[0]?.peer.isSecure, other.links[0]?.peer.isSecure], [true, false]);
    one.close();
    two.close();
    assert.match(await sendRaw(csms.ports[1] ?? 0, upgradeText('/CP9')), /404/);
  });
});
