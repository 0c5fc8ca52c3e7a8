import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { RejectedCommands } from '../../../src/mqtt/messages/rejected-commands.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('refusals', () => {
  let clock: VirtualClock;
  let refusals: RejectedCommands;
  let told: Message<'event/1'>[];

  beforeEach(() => {
    clock = createVirtualClock();
    told = [];
    refusals = new RejectedCommands('gw', clock, (event) => told.push(event));
  });
  const refuse = (topic: string, bytes = 2): void =>
    refusals.add({ topic, payload: Buffer.alloc(bytes), qos: 1, retain: false }, ['not JSON']);

  it('are told at once, and then once per second with how many there were', () => {
    refuse('devices/b/battery/command/a');
    assert.equal(told.length, 1);
    for (let n = 0; n < 1000; n++) refuse(`devices/b/battery/command/b${n}`, 7);
    assert.equal(told.length, 1);
    clock.advance(1000);
    assert.deepEqual(
      told.map(({ data }) => data),
      [
        { topic: 'devices/b/battery/command/a', reasons: ['not JSON'], bytes: 2, count: 1 },
        { topic: 'devices/b/battery/command/b999', reasons: ['not JSON'], bytes: 7, count: 1000 },
      ],
    );
    const { topic, name, severity } = told[0] ?? {};
    assert.deepEqual([topic, name, severity], ['system/event/gw/command_rejected', 'command_rejected', 'warning']);
  });

  it('after a quiet second are told at once again', () => {
    refuse('a');
    clock.advance(2500);
    refuse('b');
    assert.equal(told.length, 2);
  });

  it('say no more of a topic than anybody can read', () => {
    refuse('x'.repeat(60_000));
    assert.equal(String(told[0]?.data?.topic).length, 256);
  });

  it('say nothing when it is closed', () => {
    refuse('a');
    refuse('b');
    refusals.close();
    clock.advance(5000);
    assert.equal(told.length, 1);
  });
});
