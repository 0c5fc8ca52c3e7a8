/** Line time that sick units cost the others: the sums of an hour, on virtual time. */
import assert from 'node:assert/strict';
import { ModbusFailure } from '../../../../../src/drivers/modbus/failures.ts';
import { describeRequest } from '../../../../../src/drivers/modbus/messages.ts';
import type { Bus } from '../../../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import type { LinkState, ModbusLink } from '../../../../../src/drivers/modbus/transport/modbus-link.ts';
import { createVirtualClock, type VirtualClock } from '../../../../support/virtual-clock.ts';

const limits = { timeoutMs: 300, maxInFlight: 1, interRequestMs: 0 };
const units = 10;
const intervalMs = 200;
const usualMs = 4;
const minutes = 15;

/** How long the line was taken by each unit's requests, ms, one after another. */
type Line = ModbusLink & { takenMs: Map<number, number[]> };

/** @param answerMs a request that would take longer than its timeout fails */
const createLine = (clock: VirtualClock, answerMs: (unit: number) => number): Line => {
  const takenMs = new Map<number, number[]>();
  const open: LinkState = { kind: 'open' };
  return {
    takenMs,
    maxInFlight: 1,
    open() {},
    close: async () => {},
    reconnectSoon() {},
    state: () => open,
    onState() {},
    onNotice() {},
    send: (request, timeoutMs) =>
      new Promise((resolve, reject) => {
        const ms = Math.min(timeoutMs, answerMs(request.unit));
        const taken = takenMs.get(request.unit) ?? [];
        taken.push(ms);
        takenMs.set(request.unit, taken);
        clock.after(ms, () => {
          if (ms < timeoutMs) resolve(Buffer.alloc(2));
          else reject(new ModbusFailure('timeout', `${describeRequest(request)}: no answer`));
        });
      }),
  };
};

describe('the budget of sick units', () => {
  let clock: VirtualClock;
  let line: Line;
  let bus: Bus;
  let good: number[];

  /** Polls every unit at its interval for some minutes. */
  const poll = async (answerMs: (unit: number) => number): Promise<void> => {
    clock = createVirtualClock();
    line = createLine(clock, answerMs);
    bus = createBus(line, clock);
    good = [];
    for (let unit = 1; unit <= units; unit++) {
      bus.attach(unit, limits);
      let isBusy = false;
      clock.every(intervalMs, () => {
        if (isBusy) return;
        isBusy = true;
        bus
          .read({ unit, table: 'holding', address: unit, count: 1 })
          .then(
            () => {
              good[unit] = (good[unit] ?? 0) + 1;
            },
            () => {},
          )
          .finally(() => {
            isBusy = false;
          });
      });
    }
    await clock.advanceAsync(minutes * 60_000);
  };
  const shareOf = (sick: number[]): number =>
    sick.flatMap((unit) => line.takenMs.get(unit) ?? []).reduce((sum, ms) => sum + ms, 0) / (minutes * 60_000);
  const rounds = (minutes * 60_000) / intervalMs;

  for (const [name, sick, ms] of [
    ['one that is dead', [10], Number.POSITIVE_INFINITY],
    ['one that answers too late', [10], 450],
    ['half of them dead', [6, 7, 8, 9, 10], Number.POSITIVE_INFINITY],
  ] as const)
    it(`${name} takes at most 5 % of the line, and the others miss next to none of their polls`, async () => {
      await poll((unit) => ((sick as readonly number[]).includes(unit) ? ms : usualMs));
      assert.ok(shareOf([...sick]) <= 0.05, `${shareOf([...sick])} of the line`);
      assert.ok(shareOf([...sick]) > 0, 'never probed');
      // A probe with the whole timeout is longer than the interval.
      for (let unit = 1; unit <= units - sick.length; unit++)
        assert.ok((good[unit] ?? 0) >= rounds * 0.98, `unit ${unit}: ${good[unit]} of ${rounds}`);
    });

  it('one that has never answered is probed no longer than the others usually take, but for every fourth time', async () => {
    await poll((unit) => (unit === units ? Number.POSITIVE_INFINITY : usualMs));
    const probes = (line.takenMs.get(units) ?? []).slice(3);
    assert.deepEqual([...new Set(probes)].sort(), [100, limits.timeoutMs]);
    assert.equal(probes.filter((ms) => ms === limits.timeoutMs).length, Math.floor(probes.length / 4));
  });
});
