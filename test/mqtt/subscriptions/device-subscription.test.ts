import assert from 'node:assert/strict';
import { DeviceSubscription } from '../../../src/mqtt/subscriptions/device-subscription.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `d${n}`);

describe('a subscription to devices that come and go', () => {
  let clock: VirtualClock;
  let devices: string[];
  let others: number;
  let subscription: DeviceSubscription;
  /** What is subscribed to now, and how often somebody subscribed. */
  let held: Set<string[]>;
  let asked: number;
  /** Subscriptions whose owner will not come back. */
  let ended: number;

  const open = (): void => {
    subscription = new DeviceSubscription(
      {
        wanted: () => ({ devices, known: devices.length + others }),
        filtersOf: (device) => [`devices/${device}/#`],
        subscribe(filters) {
          asked++;
          held.add(filters);
          return {
            remove(isFinal = false) {
              if (isFinal) ended++;
              held.delete(filters);
            },
          };
        },
      },
      clock,
    );
  };
  const change = (count: number, foreign: number): void => {
    [devices, others] = [numbered(count), foreign];
    subscription.changed();
    clock.advance(1000);
  };
  const filters = (): string[] => [...held].flat().sort();

  beforeEach(() => {
    clock = createVirtualClock();
    [devices, others, asked, ended] = [[], 0, 0, 0];
    held = new Set();
    open();
  });

  it('has a filter for each of them while they are few', () => {
    change(2, 500);
    assert.deepEqual(filters(), ['devices/d0/#', 'devices/d1/#']);
    change(3, 500);
    assert.deepEqual(filters(), ['devices/d0/#', 'devices/d1/#', 'devices/d2/#']);
    change(0, 500);
    assert.deepEqual(filters(), []);
    assert.ok(ended > 0, 'what nobody wants is held for nobody');
  });

  it('has one for all where they are many, and most of those there are', () => {
    change(101, 100);
    assert.deepEqual([filters(), subscription.filters()], [['devices/+/#'], ['devices/+/#']]);
    assert.deepEqual([subscription.has('d100'), subscription.has('d101')], [true, false]);
    const before = asked;
    change(101, 101);
    assert.equal(asked, before, 'a device of somebody else changes nothing');
    change(102, 101);
    assert.deepEqual(filters(), ['devices/+/#']);
    assert.equal(asked, before + 1, 'what is retained of the new one comes');
  });

  it('has none for all where most devices are those of others', () => {
    change(150, 151);
    assert.equal(filters().length, 150);
  });

  it('does not change its mind with each device that comes or goes', () => {
    change(101, 100);
    for (const [count, foreign] of [
      [100, 102],
      [60, 170],
      [101, 300],
    ] as const) {
      change(count, foreign);
      assert.deepEqual(filters(), ['devices/+/#'], `${count} beside ${foreign}`);
    }
    change(101, 304);
    assert.equal(filters().length, 101);
    change(201, 100);
    assert.deepEqual(filters(), ['devices/+/#']);
    change(50, 100);
    assert.deepEqual(
      filters(),
      numbered(50)
        .map((device) => `devices/${device}/#`)
        .sort(),
    );
  });
});
