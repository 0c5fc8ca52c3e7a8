import assert from 'node:assert/strict';
import type { Node, NodeAPI } from 'node-red';
import { systemClock } from '../../src/shell/clock.ts';
import { createRedeployDelivery } from '../../src/shell/redeploy-delivery.ts';
import { collect, helper, type Sent } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

describe('what a node sends', () => {
  let api: NodeAPI;
  let sender: Node;
  let sent: Sent[];
  let deliver: ReturnType<typeof createRedeployDelivery>;

  /** Ends the node that takes its time to stop. */
  let stop: (() => void) | undefined;

  const letStop = (): void => {
    stop?.();
    stop = undefined;
  };
  const slowNode = (RED: NodeAPI): void => {
    RED.nodes.registerType('test-slow', function construct(this: Node, config): void {
      RED.nodes.createNode(this, config);
      this.on('input', (message) => sent.push(message as Sent));
      this.on('close', (done: () => void) => {
        stop = done;
      });
    });
  };
  const senderNode = (RED: NodeAPI): void => {
    RED.nodes.registerType('test-sender', function construct(this: Node, config): void {
      RED.nodes.createNode(this, config);
      api = RED;
      sender = this;
      deliver = createRedeployDelivery(RED, this, systemClock);
    });
  };

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(async () => {
    stop = undefined;
    await helper.load([senderNode, slowNode], flow({}));
    sent = collect('one');
  });
  afterEach(async () => {
    const unloaded = helper.unload();
    letStop();
    await unloaded;
  });

  const flow = (slow: object, sender: object = {}): object[] => [
    { id: 'tab', type: 'tab' },
    { id: 'sender', z: 'tab', type: 'test-sender', wires: [['one'], ['two', 'slow']], ...sender },
    { id: 'one', z: 'tab', type: 'helper' },
    { id: 'two', z: 'tab', type: 'helper' },
    { id: 'slow', z: 'tab', type: 'test-slow', wires: [], ...slow },
  ];
  const send = (payload: string): Promise<boolean> => deliver(() => sender.send([null, { payload }]));
  const payloads = (): unknown[] => sent.map(({ payload }) => payload);

  it('has arrived when it is told so', async () => {
    assert.equal(await deliver(() => sender.send({ payload: 1 })), true);
    assert.deepEqual(
      sent.map(({ payload }) => payload),
      [1],
    );
  });

  it('has not where the next node was stopped before', async () => {
    const stopped = deliver(() => sender.send({ payload: 1 }));
    const unloaded = helper.unload();
    letStop();
    assert.equal(await stopped, false);
    await unloaded;
    assert.deepEqual(sent, []);
  });

  it('waits for the end of a deploy in which only the next node is stopped, and loses nothing', async () => {
    assert.equal(await send('before'), true);
    const onItsWay = send('on its way');
    const deployed = helper.setFlows(flow({ name: 'changed' }), 'nodes');
    await until(() => stop !== undefined, 'the next node is asked to stop');
    const meanwhile = send('meanwhile');
    letStop();
    await deployed;
    assert.deepEqual(await Promise.all([onItsWay, meanwhile]), [true, true]);
    // What was on its way may have reached the node that was about to stop.
    assert.deepEqual([...new Set(payloads())], ['before', 'on its way', 'meanwhile']);
  });

  it('has not arrived, nor does it later, where the node itself is stopped in that deploy', async () => {
    const before = sender;
    const deployed = helper.setFlows(flow({ name: 'changed' }), 'nodes');
    await until(() => stop !== undefined, 'the next node is asked to stop');
    const meanwhile = send('meanwhile');
    letStop();
    await deployed;
    await meanwhile;
    const again = helper.setFlows(flow({ name: 'changed again' }, { name: 'changed' }), 'nodes');
    await until(() => stop !== undefined, 'both are asked to stop');
    const closed = createRedeployDelivery(
      api,
      before,
      systemClock,
    )(() => before.send([null, { payload: 'of a closed node' }]));
    letStop();
    await again;
    assert.equal(await closed, false);
    assert.deepEqual(payloads(), ['meanwhile']);
  });

  it('does not wait for ever: a deploy that never ends is one of which nothing comes', async () => {
    const clock = createVirtualClock();
    const deliverLater = createRedeployDelivery(api, sender, clock);
    const sendAfter = (payload: string): Promise<boolean> => deliverLater(() => sender.send([{ payload }, null]));
    assert.equal(await sendAfter('before'), true);
    api.events.emit('flows:stopping', {});
    const waiting = sendAfter('meanwhile');
    clock.advance(20_000);
    assert.equal(await waiting, true);
    assert.equal(await sendAfter('after'), true);
    assert.deepEqual(payloads(), ['before', 'meanwhile', 'after']);
  });
});
