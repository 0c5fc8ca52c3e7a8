import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseServer, type Server } from '../../../src/model/server-address.ts';
import type { Clock } from '../../../src/model/time.ts';
import { BrokerClient } from '../../../src/mqtt/client.ts';
import type { ClientEvent } from '../../../src/mqtt/client-events.ts';
import type { ClientOptions } from '../../../src/mqtt/client-options.ts';
import { explainFailure } from '../../../src/mqtt/connection/connection-failure.ts';
import type { ConnectionState } from '../../../src/mqtt/connection/connection-state.ts';
import { testConnection } from '../../../src/mqtt/connection/connection-test.ts';
import { ConnectionTrace } from '../../../src/mqtt/connection/connection-trace.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { authority, identityOf } from '../../support/certificates.ts';
import { keysOf, say } from '../../support/editor/catalog.ts';
import { filesIn, root } from '../../support/house-rules.ts';
import { startStrictBroker } from '../../support/mqtt/strict-broker.ts';
import { startBroker } from '../../support/mqtt/test-broker.ts';
import { until } from '../../support/until.ts';

/** After a failed attempt the pauses are long. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 100, run) };

describe('why there is no connection, in words', () => {
  const closers: (() => Promise<unknown>)[] = [];
  let events: ClientEvent[];
  let client: BrokerClient;

  beforeEach(() => {
    events = [];
  });
  afterEach(async () => {
    await client?.close(true);
    for (const close of closers.splice(0)) await close();
  });

  const at = (address: string): Server => parseServer(address) as Server;
  const open = (address: string, options: Partial<ClientOptions> = {}, clock: Clock = hasty): BrokerClient => {
    const wanted = { servers: [at(address)], clientId: 'plant7', ...options };
    client = new BrokerClient(wanted, new Session(10), clock);
    client.onEvent((event) => events.push(event));
    client.open();
    return client;
  };
  const reasonOf = (state: ConnectionState): string | undefined =>
    state.kind === 'waiting' ? state.reason.key : undefined;
  /** Waits until the client says it, and checks that it is said well: in each language, and only once however often it is tried. */
  const says = async (key: string, ...words: string[]): Promise<void> => {
    await until(() => reasonOf(client.state) === `refusal.${key}`, key).catch(() =>
      assert.equal(reasonOf(client.state), `refusal.${key}`),
    );
    const state = client.state;
    const sentences = state.kind === 'waiting' ? say('ems-broker', state.reason) : [];
    for (const sentence of sentences) {
      assert.ok(!/error:0|undefined|\(\)/.test(sentence), sentence);
      assert.ok(sentence.length <= 190, `${sentence.length}: ${sentence}`);
      for (const word of words) assert.ok(sentence.includes(word), `"${word}" in "${sentence}"`);
    }
    let attempts = 0;
    const counting = client.onState(() => {
      if (client.state.kind === 'connecting') attempts++;
    });
    await until(() => attempts >= 3, 'three more attempts');
    counting.remove();
    const told = () =>
      events.filter(({ name, phrase }) => name === 'broker_offline' && phrase.key === `refusal.${key}`);
    await until(() => told().length > 0, 'the event');
    assert.equal(told().length, 1);
  };

  const tls = async (
    more: object = {},
    owner: 'server' | 'early' | 'outdated' | 'stranger' = 'server',
  ): Promise<number> => {
    const broker = await startBroker({ tls: { ...identityOf(owner), ...more } });
    closers.push(() => broker.close());
    return broker.port;
  };
  const asking = { ca: authority(), requestCert: true, rejectUnauthorized: true };
  const listenOn = async (server: NetServer): Promise<number> => {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  const plain = async (): Promise<number> => {
    const broker = await startBroker();
    closers.push(() => broker.close());
    return broker.port;
  };

  describe('TLS', () => {
    const ca = authority();
    it('a client certificate is asked for', async () => {
      open(`mqtts://127.0.0.1:${await tls(asking)}`, { tls: { ca } });
      await says('clientCertificateRequired');
    });
    it('a client certificate is asked for, by a server that speaks TLS 1.2', async () => {
      open(`mqtts://127.0.0.1:${await tls({ ...asking, maxVersion: 'TLSv1.2' })}`, { tls: { ca } });
      await says('handshakeFailure');
    });
    it('a client certificate is not accepted', async () => {
      open(`mqtts://127.0.0.1:${await tls(asking)}`, { tls: { ca, ...identityOf('stranger') } });
      await says('hangUpAfterCertificate');
    });
    it('the authority is not known', async () => {
      open(`mqtts://127.0.0.1:${await tls()}`);
      await says('serverCertificateUnknown');
    });
    it('the server vouches for itself', async () => {
      open(`mqtts://127.0.0.1:${await tls({}, 'stranger')}`);
      await says('serverCertificateUnknown');
    });
    it('the certificate is for another name', async () => {
      open(`mqtts://127.0.0.1:${await tls()}`, { tls: { ca, servername: 'broker.example' } });
      await says('serverNameMismatch', 'DNS:localhost');
    });
    it('the certificate has expired', async () => {
      open(`mqtts://127.0.0.1:${await tls({}, 'outdated')}`, { tls: { ca: identityOf('outdated').cert } });
      await says('serverCertificateExpired');
    });
    it('the certificate is not valid yet', async () => {
      open(`mqtts://127.0.0.1:${await tls({}, 'early')}`, { tls: { ca: identityOf('early').cert } });
      await says('serverCertificateNotYetValid');
    });
    it('no version in common', async () => {
      open(`mqtts://127.0.0.1:${await tls({ minVersion: 'TLSv1.3' })}`, { tls: { ca, maxVersion: 'TLSv1.2' } });
      await says('tlsVersion');
    });
    it('the key does not belong to the certificate', async () => {
      const mixed = { ca, cert: identityOf('client').cert, key: identityOf('stranger').key };
      open(`mqtts://127.0.0.1:${await tls(asking)}`, { tls: mixed });
      await says('keyUnreadable');
    });
    it('without TLS to a port with TLS', async () => {
      open(`mqtt://127.0.0.1:${await tls()}`);
      await says('tlsPort', 'mqtts://');
    });
    it('without TLS to a port with TLS that asks for a certificate', async () => {
      open(`mqtt://127.0.0.1:${await tls(asking)}`);
      await says('tlsPort', 'mqtts://');
    });
    it('a websocket without TLS to a port with TLS', async () => {
      open(`ws://127.0.0.1:${await tls()}/mqtt`);
      await says('tlsPort', 'wss://');
    });
    for (const protocol of ['mqtts', 'wss'])
      it(`${protocol} to a port without`, async () => {
        open(`${protocol}://127.0.0.1:${await plain()}`, { tls: { ca } });
        await says('plainPort');
      });
    it('to a web server', async () => {
      open(`mqtts://127.0.0.1:${await listenOn(createHttpServer())}`, { tls: { ca } });
      await says('plainPort');
    });

    it('is a warning for as long as the certificate is not looked at', async () => {
      open(`mqtts://127.0.0.1:${await tls()}`, { tls: { rejectUnauthorized: false } });
      await until(() => client.state.kind === 'online', 'online');
      const state = client.state;
      assert.ok(state.kind === 'online' && state.isUnverified);
      const [event] = events;
      assert.deepEqual([event?.name, event?.phrase.key], ['certificate_unverified', 'notice.unverified']);
      if (event) say('ems-broker', event.phrase);
    });
    it('is no warning where there is none to look at', async () => {
      open(`mqtt://127.0.0.1:${await plain()}`, { tls: { rejectUnauthorized: false } });
      await until(() => client.state.kind === 'online', 'online');
      const state = client.state;
      assert.ok(state.kind === 'online' && !state.isUnverified);
    });
  });

  describe('the network', () => {
    it('nobody listens', async () => {
      const port = await listenOn(createServer());
      await closers.pop()?.();
      open(`mqtt://localhost:${port}`);
      await says('connectionRefused', `localhost:${port}`);
    });
    it('nobody listens yet: nothing is told of a broker that starts together with the gateway', async () => {
      const first = await startBroker();
      const { port } = first;
      await first.close();
      // Three seconds that last until the broker is there, however slow the machine is.
      const patient: Clock = { ...hasty, after: (ms, run) => (ms === 3000 ? systemClock : hasty).after(20 * ms, run) };
      const opened = open(`mqtt://127.0.0.1:${port}`, {}, patient);
      await until(() => reasonOf(opened.state) === 'refusal.connectionRefused', 'a refusal');
      const broker = await startBroker({ port });
      closers.push(() => broker.close());
      await until(() => opened.state.kind === 'online', 'online');
      assert.deepEqual(events, []);
    });
    it('the name is not known', async () => {
      open('mqtt://broker.invalid');
      await says('unknownHost', 'broker.invalid');
    });
    it('the port says nothing', async () => {
      open(`mqtt://127.0.0.1:${await listenOn(createServer())}`, { connectTimeoutMs: 300 });
      await says('silent');
    });
    it('the port hangs up', async () => {
      open(`mqtt://127.0.0.1:${await listenOn(createServer((socket) => socket.destroy()))}`);
      await says('hangUp');
    });
    it('the port hangs up on TLS', async () => {
      open(`mqtts://127.0.0.1:${await listenOn(createServer((socket) => socket.destroy()))}`);
      await says('hangUpTls');
    });
    it('the port belongs to something else', async () => {
      open(`mqtt://127.0.0.1:${await listenOn(createServer((socket) => socket.write('SSH-2.0-OpenSSH\r\n')))}`);
      await says('notMqtt');
    });
    it('there is no websocket on this path', async () => {
      const server = createHttpServer((_, response) => response.writeHead(404).end());
      open(`ws://127.0.0.1:${await listenOn(server)}/elsewhere`);
      await says('webSocket', '404');
    });
    const codes: [code: string, key: string][] = [
      ['EHOSTUNREACH', 'unreachable'],
      ['ENETUNREACH', 'unreachable'],
      ['ETIMEDOUT', 'timeout'],
      ['EAI_AGAIN', 'unknownHost'],
    ];
    for (const [code, key] of codes)
      it(`${code}, which no server on this machine can bring about`, () => {
        const trace = new ConnectionTrace();
        trace.onError(Object.assign(new Error(`connect ${code}`), { code }));
        const server = at('mqtt://broker.example');
        const { phrase } = explainFailure(trace, { server, clientId: 'a', user: '', hasCertificate: false });
        assert.equal(phrase.key, `refusal.${key}`);
        say('ems-broker', phrase);
      });
  });

  describe('the login', () => {
    it('a password without a user is not allowed in 3.1.1', async () => {
      open(`mqtt://127.0.0.1:${await plain()}`, { password: 'token', version: 4 });
      await says('passwordWithoutUser');
    });
    it('a password without a user is said too where 3.1.1 is all that the broker speaks', async () => {
      open(`mqtt://127.0.0.1:${await plain()}`, { password: 'token' });
      await says('passwordWithoutUser');
    });
    it('a password without a user is sent in MQTT 5', async () => {
      const broker = await startStrictBroker({ version: 5 });
      closers.push(() => broker.close());
      open(`mqtt://127.0.0.1:${broker.port}`, { password: 'token' });
      await until(() => client.state.kind === 'online', 'online');
      assert.deepEqual(
        broker.connects.map(({ username, password }) => [username, String(password)]),
        [['', 'token']],
      );
    });
    it('none, where one is wanted', async () => {
      const broker = await startBroker({ username: 'ems', password: 'right' });
      closers.push(() => broker.close());
      open(`mqtt://127.0.0.1:${broker.port}`);
      await says('userMissing', 'plant7');
    });
    it('a wrong password, with the user', async () => {
      const broker = await startBroker({ username: 'ems', password: 'right' });
      closers.push(() => broker.close());
      open(`mqtt://127.0.0.1:${broker.port}`, { username: 'ems', password: 'wrong' });
      await says('badUserNameOrPassword', 'ems');
    });
  });

  describe('the codes', () => {
    /** MQTT 5 Table 3-1; 0x84, 0x9a and 0x9b lead to another way to connect. */
    const connack = [
      0x80, 0x81, 0x82, 0x83, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d,
      0x9f,
    ];
    /** MQTT 5 Table 3-13 */
    const disconnect = [
      0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
      0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
    ];
    const seen = new Map<number, string>();
    const told = async (code: number): Promise<string> => {
      await until(() => events.some(({ name }) => name === 'broker_offline'), 'the refusal');
      const { phrase } = events.find(({ name }) => name === 'broker_offline') as ClientEvent;
      for (const sentence of say('ems-broker', phrase)) assert.match(sentence, /: said by the broker$/);
      assert.ok(!/unspecifiedError/.test(phrase.key) || code === 0x80, phrase.key);
      seen.set(code, phrase.key);
      return phrase.key;
    };
    for (const code of connack)
      it(`CONNACK 0x${code.toString(16)}`, async () => {
        const properties = { reasonString: 'said by the broker', serverReference: 'other.example' };
        const broker = await startStrictBroker({ version: 5, admit: () => code, properties });
        closers.push(() => broker.close());
        open(`mqtt://127.0.0.1:${broker.port}`);
        await told(code);
      });
    for (const code of disconnect)
      it(`DISCONNECT 0x${code.toString(16)}`, async () => {
        const broker = await startStrictBroker({ version: 5 });
        closers.push(() => broker.close());
        open(`mqtt://127.0.0.1:${broker.port}`);
        await until(() => client.state.kind === 'online', 'online');
        broker.cut(code, { reasonString: 'said by the broker' });
        const inConnack = seen.get(code);
        const key = await told(code);
        if (inConnack) assert.equal(key, inConnack, 'the same code says the same in CONNACK');
      });
    for (const [code, key] of [
      [2, 'clientIdentifierNotValid'],
      [3, 'serverUnavailable'],
      [4, 'badUserNameOrPassword'],
      [5, 'notAuthorized'],
    ] as const)
      it(`return code ${code} of MQTT 3.1.1`, async () => {
        const broker = await startStrictBroker({ version: 4, admit: () => code });
        closers.push(() => broker.close());
        open(`mqtt://127.0.0.1:${broker.port}`, { username: 'ems', password: 'right' });
        await says(key);
      });
    it('the version, where none is left', async () => {
      const broker = await startStrictBroker({ version: 4 });
      closers.push(() => broker.close());
      open(`mqtt://127.0.0.1:${broker.port}`, { version: 5 });
      await says('unsupportedProtocolVersion');
    });
  });

  describe('a twin with the same client id', () => {
    for (const [version, key] of [
      [5, 'sessionTakenOver'],
      [4, 'twin'],
    ] as const)
      it(`in MQTT ${version}`, async () => {
        const broker = await startStrictBroker({ version });
        closers.push(() => broker.close());
        open(`mqtt://127.0.0.1:${broker.port}`);
        // The twin comes back as soon as it is thrown out, and so do we.
        const fight = client.onState(() => {
          if (client.state.kind === 'online') setImmediate(() => broker.cut(0x8e));
        });
        await says(key, 'plant7');
        fight.remove();
      });
  });

  it('there is no sentence that nobody says, and each one says only what is known', () => {
    const sources = filesIn('src/mqtt', '.ts').map((file) => readFileSync(join(root, file), 'utf8'));
    const refusals = keysOf('ems-broker', 'refusal');
    for (const key of refusals)
      assert.ok(
        sources.some((text) => text.includes(`'${key}'`)),
        key,
      );
    const trace = new ConnectionTrace();
    const asked = { server: at('mqtt://a'), clientId: 'a', user: '', hasCertificate: false };
    for (const key of refusals) say('ems-broker', explainFailure(trace, asked, key).phrase);
  });

  it('an end without a reason, and the return', async () => {
    const broker = await startStrictBroker({ version: 5 });
    closers.push(() => broker.close());
    open(`mqtt://127.0.0.1:${broker.port}`);
    await until(() => client.state.kind === 'online', 'online');
    broker.cut();
    await until(() => events.some(({ name }) => name === 'broker_online'), 'it is back, and stays');
    assert.deepEqual(
      events.map(({ name, phrase }) => [name, phrase.key]),
      [
        ['broker_offline', 'refusal.lost'],
        ['broker_online', 'notice.online'],
      ],
    );
    for (const { phrase } of events) say('ems-broker', phrase);
  });

  it('a broker that does not answer any more', async () => {
    const broker = await startStrictBroker({ version: 5, ignoresPings: true });
    closers.push(() => broker.close());
    open(`mqtt://127.0.0.1:${broker.port}`, { keepaliveS: 1 });
    await until(() => events.some(({ phrase }) => phrase.key === 'refusal.keepAlive'), 'the keep alive');
  });

  it('the Test button says it of each server', async () => {
    const [withTls, without, nobody] = [await tls(), await plain(), await listenOn(createServer())];
    await closers.pop()?.();
    const options = { clientId: 'test', connectTimeoutMs: 1000 };
    const addresses = [`mqtt://127.0.0.1:${withTls}`, `mqtts://127.0.0.1:${without}`, `mqtt://127.0.0.1:${nobody}`];
    const failed = await testConnection({ servers: addresses.map(at), ...options }, systemClock);
    assert.deepEqual(failed.kind === 'failed' && failed.reasons.map(({ key, params }) => [key, params.server]), [
      ['refusal.tlsPort', addresses[0]],
      ['refusal.plainPort', addresses[1]],
      ['refusal.connectionRefused', addresses[2]],
    ]);
    const online = await testConnection({ servers: [at(`mqtt://127.0.0.1:${without}`)], ...options }, systemClock);
    assert.equal(online.kind, 'online');
  });
});
