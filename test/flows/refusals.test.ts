import assert from 'node:assert/strict';
import { authority, identityOf } from '../support/certificates.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { until } from '../support/until.ts';

describe('a broker that does not let Node-RED in', () => {
  let broker: TestBroker;
  let red: NodeRed;
  /** As a user enters it. */
  const fromEnvironment = (name: string): string => ['$', `{${name}}`].join('');

  before(async () => {
    broker = await startBroker({
      tls: { ...identityOf('server'), ca: authority(), requestCert: true, rejectUnauthorized: true },
    });
    const credentials = { user: 'ems', password: fromEnvironment('TESTED_PASSWORD') };
    // Without a place, Node-RED takes a node for a configuration.
    const place = { x: 100, y: 100 };
    const debug = {
      type: 'debug',
      z: 'tab',
      ...place,
      console: true,
      tosidebar: false,
      targetType: 'full',
      complete: 'true',
    };
    const nodes: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'refused' },
      { id: 'tls', type: 'tls-config', verifyservercert: false },
      { id: 'broker', type: 'ems-broker', servers: [`mqtts://127.0.0.1:${broker.port}`], tls: 'tls', credentials },
      { id: 'heart', z: 'tab', ...place, type: 'ems-heartbeat', broker: 'broker', wires: [['events']] },
      { ...debug, id: 'events', name: 'events', wires: [] },
      { id: 'status', z: 'tab', ...place, type: 'status', scope: null, wires: [['dots']] },
      { ...debug, id: 'dots', name: 'dots', wires: [] },
    ];
    red = await startNodeRed([], { LANG: 'en_US.UTF-8', TESTED_PASSWORD: 'right' });
    // Credentials come with a deploy, never with the file of the flows.
    await red.deploy(nodes);
  });
  after(async () => {
    await red?.remove();
    await broker?.close();
  });

  it('is told as a sentence at the dot, in the log and as an event', async () => {
    const sentence = `mqtts://127.0.0.1:${broker.port} asks for a client certificate: choose a TLS configuration with certificate and key`;
    const blocks = (): string[] => red.log().split(/\n(?=\d+ \w+ \d)/);
    const has = (...words: string[]) => blocks().some((block) => words.every((word) => block.includes(word)));
    await until(() => has('[warn] [ems-broker:', sentence), 'the log');
    await until(() => has('[debug:dots]', `text: 'offline: ${sentence}'`), 'the dot');
    await until(() => has('[debug:events]', "name: 'broker_offline'", `message: '${sentence}'`), 'the event');
    assert.ok(!/error:0A/.test(red.log()));
  });

  it('is tried by the Test button with what is in the environment, and with the password that is stored', async () => {
    const open = await startBroker({ username: 'ems', password: 'right' });
    const test = async (password: string): Promise<unknown> => {
      const body = { id: 'broker', servers: [`mqtt://127.0.0.1:${open.port}`], user: 'ems', password };
      const response = await fetch(`http://127.0.0.1:${red.port}/ems/broker/test`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return response.json();
    };
    const kindOf = async (password: string) => ((await test(password)) as { kind?: string }).kind;
    assert.equal(await kindOf(fromEnvironment('TESTED_PASSWORD')), 'online');
    assert.equal(await kindOf('__PWRD__'), 'online');
    assert.equal(await kindOf('wrong'), 'failed');
    assert.deepEqual(await test(fromEnvironment('TESTED_ABSENT')), {
      error: 'password: the environment variable TESTED_ABSENT is not set',
    });
    await open.close();
  });
});
