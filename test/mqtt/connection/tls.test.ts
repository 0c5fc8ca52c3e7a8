import assert from 'node:assert/strict';
import type { Clock } from '../../../src/model/time.ts';
import { BrokerClient } from '../../../src/mqtt/client.ts';
import type { ConnectionState } from '../../../src/mqtt/connection/connection-state.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { authority, identityOf } from '../../support/certificates.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { until } from '../../support/until.ts';

/** After a failed attempt the pauses are long. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 20, run) };

describe('MQTT client over TLS', () => {
  let broker: TestBroker;
  let client: BrokerClient | undefined;

  const startTls = async (asksClients = false): Promise<void> => {
    const tls = { ...identityOf('server'), ca: authority(), requestCert: asksClients, rejectUnauthorized: asksClients };
    broker = await startBroker({ tls });
  };
  const open = (tls: Record<string, unknown>): ConnectionState[] => {
    const states: ConnectionState[] = [];
    const server = { protocol: 'mqtts' as const, host: '127.0.0.1', port: broker.port };
    const opened = new BrokerClient({ servers: [server], clientId: 'tested', tls }, new Session(10), hasty);
    client = opened;
    opened.onState(() => states.push(opened.state));
    opened.open();
    return states;
  };
  const accepted = (tls: Record<string, unknown>): Promise<void> => {
    const states = open(tls);
    return until(() => states.some(({ kind }) => kind === 'online'), 'online');
  };
  /** @returns what the client says about it */
  const refused = async (tls: Record<string, unknown>): Promise<string> => {
    const states = open(tls);
    const waits = () => states.filter(({ kind }) => kind === 'waiting');
    await until(() => waits().length >= 2, 'a second attempt');
    assert.ok(!states.some(({ kind }) => kind === 'online'));
    const [last] = waits().slice(-1);
    return last?.kind === 'waiting' ? last.reason.key : '';
  };
  afterEach(async () => {
    await client?.close(true);
    await broker.close();
  });

  it('trusts a server of the given authority', async () => {
    await startTls();
    await accepted({ ca: authority() });
  });

  it('refuses a server of an authority it does not know, and says so', async () => {
    await startTls();
    assert.equal(await refused({}), 'refusal.serverCertificateUnknown');
  });

  it('refuses a server with another name', async () => {
    await startTls();
    assert.equal(await refused({ ca: authority(), servername: 'broker.example' }), 'refusal.serverNameMismatch');
  });

  it('takes any server where rejectUnauthorized is off', async () => {
    await startTls();
    await accepted({ rejectUnauthorized: false });
  });

  it('shows its own certificate where the server asks for one', async () => {
    await startTls(true);
    await accepted({ ca: authority(), ...identityOf('client') });
  });

  it('does not get in without a certificate, or with that of a stranger', async () => {
    await startTls(true);
    assert.notEqual(await refused({ ca: authority() }), '');
    await client?.close(true);
    assert.notEqual(await refused({ ca: authority(), ...identityOf('stranger') }), '');
    assert.ok(!broker.events.some(({ kind }) => kind === 'connected'));
  });

  it('says that a key cannot be read, and goes on', async () => {
    await startTls(true);
    assert.equal(await refused({ ca: authority(), ...identityOf('client'), key: 'no key' }), 'refusal.keyUnreadable');
  });
});
