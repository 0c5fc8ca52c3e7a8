import assert from 'node:assert/strict';
import { chooseVersion, readHandshake } from '../../../../src/drivers/ocpp/security/handshake.ts';
import { sentenceOf } from '../../../../src/drivers/ocpp/security/rejection-reasons.ts';
import { dial, refusal, sendRaw, upgradeText } from '../../../support/ocpp/raw-station.ts';
import {
  createRecorder,
  openSettings,
  type Recorder,
  startTestCsms,
  type TestCsms,
} from '../../../support/ocpp/test-csms.ts';
import { until } from '../../../support/until.ts';

const websocket = {
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

describe('OCPP handshake: what is read', () => {
  const identityOf = (url: string): string => {
    const result = readHandshake({ method: 'GET', url, headers: websocket });
    return result.ok ? result.handshake.identity : `${result.status} ${sentenceOf(result.reason)}`;
  };

  const cases: [url: string, identity: string | RegExp][] = [
    ['/CP1', 'CP1'],
    ['/ocpp/CP1', 'CP1'],
    ['/ocpp/CP1/', 'CP1'],
    ['//ocpp//CP1//', 'CP1'],
    ['/ocpp/CP1?token=a/b', 'CP1'],
    ['/ocpp/CP%201', 'CP 1'],
    ['/a%2Fb', /^400 .*not allowed/],
    ['/a%00', /^400 .*not allowed/],
    ['/%E0%A4%A', /^400 .*percent encoding/],
    ['http://station.example/ocpp/CP1', 'CP1'],
    ['/', /^404 .*identity/],
    ['', /^404 /],
    [`/${'x'.repeat(49)}`, /^400 .*49 characters/],
    ['/RDAM%7C123', 'RDAM|123'],
  ];
  for (const [url, expected] of cases)
    it(`${url.slice(0, 40) || '(nothing)'}`, () => {
      if (typeof expected === 'string') assert.equal(identityOf(url), expected);
      else assert.match(identityOf(url), expected);
    });

  const credentialsOf = (authorization: string) => {
    const result = readHandshake({ method: 'GET', url: '/CP:1', headers: { ...websocket, authorization } });
    return result.ok ? result.handshake.credentials : undefined;
  };
  const encode = (text: string | Buffer): string => `Basic ${Buffer.from(text as string).toString('base64')}`;

  it('reads a password behind an identity with a colon, of any bytes', () => {
    const bytes = Buffer.from([0, 255, 58, 10]);
    const credentials = credentialsOf(encode(Buffer.concat([Buffer.from('CP:1:'), bytes])));
    assert.deepEqual(credentials, { kind: 'password', password: bytes });
  });
  it('takes no password of another user', () => {
    assert.deepEqual(credentialsOf(encode('CP:2:secret')), { kind: 'other_user' });
    assert.deepEqual(credentialsOf(encode('CP:1')), { kind: 'other_user' });
  });
  it('takes nothing but basic authentication', () => {
    for (const header of ['', 'Basic', 'Bearer abc', 'Basic ***'])
      assert.deepEqual(credentialsOf(header), { kind: 'unreadable' }, header);
  });

  const versionOf = (offered: string[], isAssumed = false, allowed = openSettings.versions): unknown => {
    const choice = chooseVersion(offered, allowed, isAssumed);
    return choice.ok ? choice.version : sentenceOf(choice.reason);
  };
  it('chooses the newest version that both speak', () => {
    assert.equal(versionOf(['ocpp1.6', 'ocpp2.0.1']), '2.0.1');
    assert.equal(versionOf(['ocpp2.1', 'ocpp1.6'], false, ['1.6']), '1.6');
    assert.equal(versionOf(['OCPP1.6']), '1.6');
    assert.match(String(versionOf(['ocpp2.0'])), /offers ocpp2\.0, allowed here: ocpp2\.1, ocpp2\.0\.1, ocpp1\.6/);
  });
  it('assumes 1.6 only where it is told to', () => {
    assert.equal(versionOf([], true), '1.6');
    assert.match(String(versionOf([])), /names no sub-protocol/);
    assert.match(String(versionOf(['soap'], true)), /offers soap/);
  });
});

describe('OCPP handshake: over the wire', () => {
  let csms: TestCsms;
  let handler: Recorder;
  beforeEach(async () => {
    csms = await startTestCsms();
    handler = createRecorder();
    csms.register('CP1', { ...openSettings, versions: ['2.0.1', '1.6'] }, handler);
  });
  afterEach(() => csms.close());
  const port = (): number => csms.ports[0] ?? 0;

  it('survives a URL with a broken percent encoding, and says so', async () => {
    assert.match(await sendRaw(port(), upgradeText('/ocpp/%E0%A4%A')), /^HTTP\/1\.1 400 .*percent encoding/s);
    const [last] = csms.rejections();
    assert.deepEqual([last?.code, last?.sentence], ['broken_encoding', 'the URL has a broken percent encoding']);
    (await dial(csms.url())).close();
  });

  it('survives a URL that is none', async () => {
    for (const path of ['http://[', '*', '//', 'http://a:b:c/%', '/\u00ff'])
      assert.match(await sendRaw(port(), upgradeText(path)), /^HTTP\/1\.1 40\d /, path);
  });

  it('knows an identity behind double and trailing slashes', async () => {
    const station = await dial(`ws://127.0.0.1:${port()}//ocpp//CP1/`);
    await until(() => handler.links.length === 1, 'connected');
    station.close();
    assert.equal(handler.links[0]?.identity, 'CP1');
  });

  it('refuses an identity that nobody has set up', async () => {
    assert.match(await refusal(csms.url('CP9')), /^404 no station CP9/);
  });

  it('speaks the newest version that is allowed', async () => {
    const station = await dial(csms.url(), { protocols: ['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'] });
    assert.equal(station.socket.protocol, 'ocpp2.0.1');
    await until(() => handler.links.length === 1, 'connected');
    assert.equal(handler.links[0]?.version, '2.0.1');
    station.close();
  });

  it('answers with the sub-protocol as the station writes it', async () => {
    const answer = sendRaw(port(), upgradeText('/CP1', ['Sec-WebSocket-Protocol: soap,, OCPP1.6 ,OCPP1.6']));
    await until(() => handler.links.length === 1, 'connected');
    handler.links[0]?.close(1000, 'seen');
    assert.match(await answer, /^HTTP\/1\.1 101 .*sec-websocket-protocol: OCPP1\.6\r/is);
  });

  it('refuses a version that is not allowed, an unknown and a missing sub-protocol', async () => {
    assert.match(await refusal(csms.url(), { protocols: ['ocpp2.1'] }), /^400 .*offers ocpp2\.1/);
    assert.match(await refusal(csms.url(), { protocols: ['soap'] }), /^400 .*offers soap/);
    assert.match(await refusal(csms.url(), { protocols: [] }), /^400 .*names no sub-protocol/);
    assert.equal(handler.links.length, 0);
  });

  it('takes a missing sub-protocol for 1.6 where the station is known for it', async () => {
    const old = createRecorder();
    csms.register('OLD', { ...openSettings, isVersionAssumed: true }, old);
    const station = await dial(csms.url('OLD'), { protocols: [] });
    station.send([2, '1', 'Heartbeat', {}]);
    assert.deepEqual(await station.answer('1'), [3, '1', { action: 'Heartbeat' }]);
    assert.equal(old.links[0]?.version, '1.6');
    station.close();
  });

  it('refuses what is no WebSocket', async () => {
    assert.match(await sendRaw(port(), 'GET /CP1 HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 426/);
    assert.match(await sendRaw(port(), upgradeText('/CP1').replace('websocket', 'h2c')), /^HTTP\/1\.1 400/);
    assert.match(await sendRaw(port(), upgradeText('/CP1').replace('GET', 'PUT')), /^HTTP\/1\.1 405/);
    assert.match(await sendRaw(port(), upgradeText('/CP1').replace('Version: 13', 'Version: 7')), /^HTTP\/1\.1 426/);
    assert.match(await sendRaw(port(), upgradeText('/CP1').replace(/Key: .*/, 'Key: a')), /^HTTP\/1\.1 400/);
    assert.match(await sendRaw(port(), 'hello\r\n\r\n'), /^HTTP\/1\.1 400/);
    assert.match(csms.rejections().at(0)?.sentence ?? '', /something else than HTTP/);
  });

  it('keeps the last refusals, the newest first, the same ones counted, and plain', async () => {
    await refusal(csms.url('A'));
    for (let i = 0; i < 3; i++) await refusal(csms.url('B'));
    const [last, before] = csms.rejections();
    assert.deepEqual([last?.identity, last?.count, last?.address], ['B', 3, '127.0.0.1']);
    assert.deepEqual([before?.identity, before?.count], ['A', 1]);
  });

  it('limits strangers by their address, and nobody else', async () => {
    await csms.close();
    csms = await startTestCsms({ limits: { unknownRate: { perS: 0.001, burst: 3 } } });
    csms.register('CP1', openSettings, handler);
    for (let i = 0; i < 3; i++) assert.match(await refusal(csms.url(`X${i}`)), /^404/);
    assert.match(await refusal(csms.url('X4')), /^429/);
    (await dial(csms.url())).close();
  });
});
