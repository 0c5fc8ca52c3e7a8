import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { isoTime } from '../../../src/model/time.ts';
import { Presence } from '../../../src/mqtt/messages/presence.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('who else is alive', () => {
  let clock: VirtualClock;
  let presence: Presence;
  let told: Message<'event/1'>[];

  beforeEach(() => {
    clock = createVirtualClock();
    told = [];
    presence = new Presence({ own: 'me', boot: 'b1', missed: 3 }, clock, (event) => told.push(event));
  });

  const beat = (node: string, boot = 'b9', at = clock.now()): void =>
    presence.take({
      topic: `system/heartbeat/${node}`,
      schema: 'heartbeat/1',
      role: 'active',
      period_s: 10,
      uptime_s: 1,
      ts: isoTime(at),
      boot,
      seq: 1,
    });
  const passSeconds = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1000);
      presence.tick();
    }
  };
  const names = (): string[] => told.map(({ name, data }) => `${name} ${data?.node}`);

  it('tells once who has been silent for too long, and that they are back', () => {
    beat('other');
    passSeconds(30);
    assert.deepEqual(names(), []);
    passSeconds(60);
    assert.deepEqual(names(), ['component_lost other']);
    assert.deepEqual(presence.summary(), { present: 0, lost: ['other'], isNameTaken: false });
    beat('other');
    assert.deepEqual(names(), ['component_lost other', 'component_returned other']);
    assert.equal(presence.summary().present, 1);
  });

  it('believes a last will at once', () => {
    beat('other');
    presence.take({ topic: 'system/status/other', schema: 'availability/1', state: 'offline', reason: 'lwt' });
    assert.deepEqual([names(), told[0]?.data?.reason], [['component_lost other'], 'lwt']);
  });

  it('does not miss somebody it has never heard', () => {
    presence.take({ topic: 'system/status/other', schema: 'availability/1', state: 'offline' });
    passSeconds(100);
    assert.deepEqual(names(), []);
  });

  it('notices another one under its own name, but not its own past', () => {
    beat('me', 'b1');
    beat('me', 'b0', clock.now() - 5000);
    assert.deepEqual(names(), []);
    clock.advance(1000);
    beat('me', 'b2');
    beat('me', 'b2');
    assert.deepEqual([names(), presence.summary().isNameTaken], [['name_taken me'], true]);
  });
});
