import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Message } from '../../../src/model/message.ts';
import { isoTime } from '../../../src/model/time.ts';
import { DuplicateDetection } from '../../../src/mqtt/messages/duplicate-detection.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const ts = isoTime(Date.UTC(2026, 10, 23));
const reading = (seq: number, boot = 'boot1', topic = 'devices/101/battery/soc'): Message<'reading/1'> => ({
  topic,
  schema: 'reading/1',
  value: 50,
  unit: '%',
  ts,
  quality: 'good',
  seq,
  boot,
});
const event = (id: string, state?: 'active' | 'cleared'): Message<'event/1'> => ({
  topic: 'devices/101/event/over_temperature',
  schema: 'event/1',
  id,
  name: 'over_temperature',
  severity: 'alarm',
  ts,
  ...(state && { state }),
});
const response = (id: string, status: 'accepted' | 'completed'): Message<'response/1'> => ({
  topic: 'devices/101/battery/response/charge',
  schema: 'response/1',
  id,
  command: 'charge',
  status,
  ts,
});

describe('copies of messages', () => {
  let clock: VirtualClock;
  let duplicates: DuplicateDetection;
  beforeEach(() => {
    clock = createVirtualClock();
    duplicates = new DuplicateDetection(clock.monotonic);
  });
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const copiesAmong = (messages: Message[]): number =>
    messages.filter((message) => duplicates.isDuplicate(message)).length;

  it('are known by boot and number, in whatever order (fast-check)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 300 }), (given) => {
        const own = new DuplicateDetection(clock.monotonic);
        const seen = new Set<number>();
        for (const seq of given) {
          assert.equal(own.isDuplicate(reading(seq)), seen.has(seq), `${seq} in ${given}`);
          seen.add(seq);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are known in a backlog of any length that comes again', () => {
    const backlog = numbers(0, 100_000).map((seq) => reading(seq));
    assert.equal(copiesAmong(backlog), 0);
    assert.equal(copiesAmong(backlog), 100_000);
  });

  it('are not what fills a gap, however late it comes', () => {
    assert.equal(copiesAmong(numbers(0, 100).map((seq) => reading(seq))), 0);
    assert.equal(copiesAmong(numbers(5000, 9000).map((seq) => reading(seq))), 0);
    assert.equal(copiesAmong(numbers(100, 5000).map((seq) => reading(seq))), 0);
    assert.equal(copiesAmong(numbers(0, 9000).map((seq) => reading(seq))), 9000);
  });

  it('are known on both sides of 31 gaps; with more, the oldest numbers are forgotten, and no gap is closed', () => {
    const even = numbers(0, 32).map((n) => reading(2 * n));
    assert.equal(copiesAmong(even), 0);
    assert.equal(copiesAmong(even), 32);
    assert.equal(copiesAmong([reading(64)]), 0);
    assert.equal(copiesAmong([reading(1)]), 0, 'it was never there');
    assert.equal(copiesAmong(even.slice(2)), 30);
  });

  it('are known of a publisher that has begun anew, and of those before', () => {
    assert.equal(copiesAmong([reading(1, 'aaaa'), reading(1, 'bbbb'), reading(2, 'aaaa'), reading(1, 'cccc')]), 0);
    assert.equal(copiesAmong([reading(2, 'aaaa'), reading(1, 'bbbb'), reading(1, 'cccc'), reading(1, 'aaaa')]), 4);
    assert.equal(copiesAmong([reading(1, 'aaaa', 'devices/102/battery/soc')]), 0);
  });

  it('are known of four publishers on one topic', () => {
    const boots = ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee'];
    assert.equal(copiesAmong(boots.map((boot) => reading(1, boot))), 0);
    assert.equal(copiesAmong([reading(1, 'eeee'), reading(1, 'bbbb')]), 2);
    assert.equal(copiesAmong([reading(1, 'aaaa')]), 0);
  });

  it('of events are known by their id; an alarm that is cleared is none of one that was raised', () => {
    assert.equal(copiesAmong([event('1'), event('2'), event('3', 'active'), event('3', 'cleared')]), 0);
    assert.equal(copiesAmong([event('3', 'cleared'), event('1'), event('3', 'active'), event('2')]), 4);
  });

  it('of responses are known by id and status, for some minutes', () => {
    const both = [response('c-1', 'accepted'), response('c-1', 'completed')];
    assert.equal(copiesAmong(both), 0);
    clock.advance(4 * 60_000);
    assert.equal(copiesAmong(both), 2);
    clock.advance(20 * 60_000);
    duplicates.isDuplicate(response('c-2', 'accepted'));
    clock.advance(20 * 60_000);
    assert.equal(copiesAmong([response('c-3', 'accepted'), ...both]), 0);
  });

  it('are remembered for 10,000 events at least', () => {
    const events = numbers(0, 10_000).map((n) => event(String(n)));
    assert.equal(copiesAmong(events), 0);
    assert.equal(copiesAmong(events), 10_000);
  });

  it('of what has neither number nor id are not known', () => {
    const { seq: _, boot: __, ...bare } = reading(1);
    assert.equal(copiesAmong([bare, bare]), 0);
  });
});
