import assert from 'node:assert/strict';
import { ActiveLimits } from '../../../src/mqtt/embedded-broker/active-limits.ts';
import { type BrokerEvent, BrokerEvents } from '../../../src/mqtt/embedded-broker/broker-events.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

describe('what the embedded broker tells', () => {
  const refusal = (address: string) => ({
    kind: 'refused' as const,
    client: 'x',
    address,
    reason: 'wrong',
  });

  it('the first of a kind at once, the others every ten seconds in one event, and then nothing', () => {
    const clock = createVirtualClock();
    const told: BrokerEvent[] = [];
    const events = new BrokerEvents(clock, (event) => told.push(event));
    for (let port = 1; port <= 100; port++) events.tellLimited(refusal(`10.0.0.1:${port}`));
    events.tellLimited(refusal('10.0.0.2:1'));
    assert.deepEqual(told, [refusal('10.0.0.1:1'), refusal('10.0.0.2:1')]);
    clock.advance(10_000);
    assert.deepEqual(told.slice(2), [{ ...refusal('10.0.0.1:100'), count: 99 }]);
    events.tellLimited(refusal('10.0.0.1:200'));
    clock.advance(10_000);
    assert.deepEqual(told.slice(3), [{ ...refusal('10.0.0.1:200'), count: 1 }]);
    clock.advance(20_000);
    events.tellLimited(refusal('10.0.0.1:300'));
    assert.deepEqual(told.slice(4), [refusal('10.0.0.1:300')]);
  });

  it('no more than a thousand kinds at a time, whatever addresses there are', () => {
    const clock = createVirtualClock();
    const told: BrokerEvent[] = [];
    const events = new BrokerEvents(clock, (event) => told.push(event));
    for (let n = 0; n < 5000; n++) events.tellLimited(refusal(`10.0.${n >> 8}.${n & 255}:1`));
    assert.equal(told.length, 1001);
    events.close();
    clock.advance(60_000);
    assert.equal(told.length, 1001);
  });

  it('to the log once for each limit and client, until it was quiet for a minute', () => {
    const clock = createVirtualClock();
    const said: string[] = [];
    let ended = 0;
    const limits = new ActiveLimits(clock, { began: (sentence) => said.push(sentence), ended: () => ended++ });
    const event = (client?: string): BrokerEvent => ({
      kind: 'limited',
      limit: 'connections',
      ...(client && { client }),
      address: '10.0.0.1:5',
      reason: 'it is full',
    });
    for (let i = 0; i < 30; i++) {
      limits.note(event());
      limits.note(event('meter'));
      clock.advance(10_000);
    }
    assert.deepEqual(said, ['10.0.0.1:5: it is full', 'client "meter" at 10.0.0.1:5: it is full']);
    assert.deepEqual([limits.any(), ended], [true, 0]);
    clock.advance(60_000);
    assert.deepEqual([limits.any(), ended], [false, 1]);
    for (let i = 0; i < 1000; i++) limits.note(event(`stranger ${i}`));
    assert.equal(said.length, 2 + 101);
    limits.close();
    clock.advance(120_000);
    assert.equal(ended, 1);
  });
});
