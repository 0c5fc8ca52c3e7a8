import assert from 'node:assert/strict';
import type { Node, NodeAPI } from 'node-red';
import { type Status, StatusDot } from '../../src/shell/status.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

describe('a status dot', () => {
  let clock: VirtualClock;
  let dot: StatusDot;
  let texts: string[];
  let published: [topic: string, data: unknown][];

  beforeEach(() => {
    clock = createVirtualClock();
    [texts, published] = [[], []];
    const RED = {
      _: (key: string, params: object) => `${key} ${Object.values(params).join(' ')}`.trim(),
      comms: { publish: (topic: string, data: unknown) => published.push([topic, data]) },
    } as unknown as NodeAPI;
    const node = {
      id: 'n1',
      type: 'ems-x',
      status: ({ text }: { text: string }) => texts.push(text),
    } as unknown as Node;
    dot = new StatusDot(RED, node, clock);
  });
  afterEach(() => dot.close());

  const live = (points: number): Status => ({ fill: 'green', shape: 'dot', key: 'live', params: { points } });
  const offline: Status = { fill: 'red', shape: 'ring', key: 'offline' };

  it('says it in the language of the server, and gives browsers the words to say it in theirs', () => {
    dot.show(live(3));
    assert.deepEqual(texts, ['ems-x.status.live 3']);
    assert.deepEqual(published, [['ems/status/n1', { key: 'ems-x.status.live', params: { points: 3 } }]]);
  });

  it('says a sentence of another catalog within its own, and leaves its translation to the browser', () => {
    const refused = (server: string): Status => ({
      ...offline,
      params: { reason: { key: 'ns:ems-y.refusal.a', params: { server } } },
    });
    dot.show(refused('one'));
    dot.show(refused('one'));
    clock.advance(1000);
    dot.show(refused('two'));
    assert.deepEqual(texts, [
      'ems-x.status.offline ns:ems-y.refusal.a one',
      'ems-x.status.offline ns:ems-y.refusal.a two',
    ]);
    assert.deepEqual(published[0], [
      'ems/status/n1',
      { key: 'ems-x.status.offline', params: { reason: { key: 'ns:ems-y.refusal.a', params: { server: 'one' } } } },
    ]);
  });

  it('changes its numbers once per second, and ends with the last', () => {
    for (let points = 0; points < 50; points++) {
      dot.show(live(points));
      clock.advance(100);
    }
    assert.ok(texts.length >= 5 && texts.length <= 7, texts.join());
    clock.advance(1000);
    assert.equal(texts.at(-1), 'ems-x.status.live 49');
  });

  it('changes its words at once', () => {
    dot.show(live(3));
    dot.show(offline);
    dot.show(live(4));
    assert.deepEqual(texts, ['ems-x.status.live 3', 'ems-x.status.offline', 'ems-x.status.live 4']);
  });

  it('does not bring back numbers that were overtaken by other words', () => {
    dot.show(live(3));
    dot.show(live(4));
    dot.show(offline);
    clock.advance(5000);
    assert.deepEqual(texts, ['ems-x.status.live 3', 'ems-x.status.offline']);
  });

  it('does not repeat itself', () => {
    for (let i = 0; i < 5; i++) {
      dot.show(live(3));
      clock.advance(2000);
    }
    assert.equal(texts.length, 1);
  });
});
