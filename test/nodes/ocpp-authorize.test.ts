/** Authorization by a flow, wired as the help says: readings and events to publish, questions to the flow. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/shell/clock.ts';
import { SimulatedStation } from '../../src/simulator/ocpp/simulated-station.ts';
import { freePorts } from '../support/free-ports.ts';
import { listen } from '../support/mqtt/observer.ts';
import {
  allNodes,
  collect,
  collectErrors,
  helper,
  objectsOf,
  type Sent,
  stopRuntime,
} from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('ems-ocpp asks a flow who may charge', () => {
  let userDir: string;
  let charger: SimulatedStation;
  let questions: Sent[];
  let events: Sent[];
  let errors: string[];
  let brokerPort: number;

  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-ocpp-'));
    helper.settings({ userDir });
    await helper.startServer();
    const [port = 0, local = 0] = await freePorts(2);
    brokerPort = local;
    const point = { id: 'point', type: 'ems-ocpp', server: 'server', site: 'site', device: 'box', identity: 'CP1' };
    await helper.load(allNodes, [
      { id: 'site', type: 'ems-site', site: 'home' },
      { id: 'local', type: 'ems-local-broker', host: '127.0.0.1', port: local, wires: [[]] },
      { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${local}`] },
      { id: 'server', type: 'ems-ocpp-server', host: '127.0.0.1', port },
      { ...point, authorise: 'ask', wires: [['publish'], ['publish', 'events'], ['questions']] },
      { id: 'publish', type: 'ems-publish', broker: 'broker', wires: [] },
      { id: 'events', type: 'helper' },
      { id: 'questions', type: 'helper' },
    ]);
    [questions, events, errors] = [collect('questions'), collect('events'), collectErrors('publish')];
    charger = new SimulatedStation({ url: `ws://127.0.0.1:${port}`, identity: 'CP1', version: '1.6' }, systemClock);
    charger.powerOn();
    await until(() => objectsOf(events).some(({ name }) => name === 'bridge_online'), 'it is online');
  });
  afterEach(async () => {
    await charger.close();
    await stopRuntime();
    helper.settings({});
    rmSync(userDir, { recursive: true, force: true });
  });

  it('at an output of its own, and the answer at the input counts', async () => {
    const swiped = charger.presentToken(1, '04A2B3C4');
    await until(() => questions.length === 1, 'the question');
    const [question] = questions;
    assert.deepEqual([question?.topic, question?.payload], ['authorize', { device: 'box', tag: '04A2B3C4' }]);
    const answer = { ...(question?.payload as object), status: 'accepted' };
    helper.getNode('point').receive({ topic: 'authorize', payload: answer });
    assert.equal(await swiped, true);
  });

  it('a tag that the flow blocks does not charge', async () => {
    const swiped = charger.presentToken(1, '04A2B3C4');
    await until(() => questions.length === 1, 'the question');
    helper.getNode('point').receive({ topic: 'authorize', payload: { tag: '04A2B3C4', status: 'blocked' } });
    assert.equal(await swiped, false);
  });

  it('publish takes all that the other outputs say, and no tag leaves in clear', async () => {
    const observer = await listen(brokerPort);
    const swiped = charger.presentToken(1, '04A2B3C4');
    await until(() => questions.length === 1, 'the question');
    helper.getNode('point').receive({ topic: 'authorize', payload: { tag: '04A2B3C4', status: 'blocked' } });
    await swiped;
    const told = 'devices/box/event/authorized';
    await until(() => observer.heard.some(({ topic }) => topic === told), 'the event');
    assert.deepEqual(errors, []);
    assert.ok(!observer.heard.some(({ payload }) => payload.includes('04A2B3C4')));
    await observer.close();
  });
});
