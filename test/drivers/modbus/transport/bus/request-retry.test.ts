/** Retries of a bus, its patience with a slow unit, and that no request is left waiting for ever. */
import assert from 'node:assert/strict';
import { ModbusFailure, timeoutFailure } from '../../../../../src/drivers/modbus/failures.ts';
import type { ReadRequest } from '../../../../../src/drivers/modbus/messages.ts';
import type { Bus } from '../../../../../src/drivers/modbus/transport/bus/bus.ts';
import type { BusNotice } from '../../../../../src/drivers/modbus/transport/bus/bus-notices.ts';
import { createBus } from '../../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { modbusFailureOf, request } from '../../../../support/modbus/read-requests.ts';
import { createScriptedLink, type ScriptedLink } from '../../../../support/modbus/scripted-link.ts';
import { createVirtualClock, type VirtualClock } from '../../../../support/virtual-clock.ts';

const limits = { timeoutMs: 1000, maxInFlight: 1, interRequestMs: 0 };

describe('a read that failed', () => {
  let clock: VirtualClock;
  let link: ScriptedLink;
  let bus: Bus;
  let notices: BusNotice[];
  /** @returns after how long it answers, ms; longer than its timeout: not at all */
  let delayMs: (asked: ReadRequest) => number;
  let owedMs: number;

  const answer = (asked: ReadRequest, timeoutMs: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const ms = delayMs(asked);
      if (ms <= timeoutMs) clock.after(ms, () => resolve(Buffer.alloc(asked.count * 2)));
      else clock.after(timeoutMs, () => reject(timeoutFailure(asked, timeoutMs)));
    });
  const silentFirst = (): number => (link.asked.length === 1 ? Number.POSITIVE_INFINITY : 10);

  beforeEach(() => {
    clock = createVirtualClock();
    notices = [];
    owedMs = 0;
    delayMs = () => 10;
    link = createScriptedLink(answer, () => owedMs);
    bus = createBus(link, clock);
    bus.onNotice((notice) => notices.push(notice));
  });
  afterEach(() => bus.close());

  it('is asked once more where the time allows, and that is told', async () => {
    bus.attach(1, limits);
    delayMs = silentFirst;
    const asked = request(5);
    const reading = bus.read(asked, 2000);
    await clock.advanceAsync(3000);
    assert.equal((await reading).length, 2);
    assert.deepEqual(notices, [
      { kind: 'repeated', request: asked, reason: 'unit 1, holding 5: no answer within 1000 ms' },
    ]);
  });

  it('is not asked again where a late answer is waited for until there is no time left', async () => {
    bus.attach(1, limits);
    delayMs = silentFirst;
    owedMs = 500;
    const reading = modbusFailureOf(bus.read(request(5), 2000));
    await clock.advanceAsync(5000);
    assert.equal((await reading).kind, 'timeout');
    assert.equal(link.asked.length, 1);
  });

  it('is not left waiting where its device left meanwhile, and another came to the same unit', async () => {
    const leave = bus.attach(1, limits);
    delayMs = () => Number.POSITIVE_INFINITY;
    let isSettled = false;
    const reading = modbusFailureOf(bus.read(request(5), 60_000)).finally(() => {
      isSettled = true;
    });
    await clock.advanceAsync(500);
    leave();
    bus.attach(1, limits);
    await clock.advanceAsync(10_000);
    assert.ok(isSettled, 'the read of the device that left');
    await reading;
  });

  for (const [name, states] of [
    ['comes back', ['waiting', 'open']],
    ['stays away', ['waiting', 'connecting', 'waiting']],
  ] as const)
    it(`is not left waiting where the connection ends during the second attempt and ${name}`, async () => {
      bus.attach(1, limits);
      let end = (): void => {};
      const pending = createScriptedLink((asked) => {
        if (pending.asked.length === 1) return Promise.reject(timeoutFailure(asked, 1));
        return new Promise((_, reject) => {
          end = () => reject(new ModbusFailure('disconnected', 'gone'));
        });
      });
      const other = createBus(pending, clock);
      other.attach(1, limits);
      const reading = modbusFailureOf(other.read(request(5), 60_000));
      await clock.advanceAsync(10);
      assert.equal(pending.asked.length, 2);
      end();
      for (const kind of states) {
        pending.enter(kind === 'waiting' ? { kind, reason: 'gone', retryMs: 100 } : { kind });
        await clock.advanceAsync(100);
      }
      await clock.advanceAsync(5000);
      assert.equal((await reading).kind, 'disconnected');
      await other.close();
    });

  const askFor = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      bus.read(request(i % 100)).catch(() => {});
      await clock.advanceAsync(20);
    }
  };

  it('is given the time that a slow unit needs, until it has answered in time for long', async () => {
    bus.attach(1, limits);
    link.notice({ kind: 'late', request: request(5), tookMs: 3000 });
    await askFor(100);
    assert.equal(link.asked.at(-1)?.timeoutMs, 4500);
    await askFor(500);
    assert.equal(link.asked.at(-1)?.timeoutMs, 1000);
    link.notice({ kind: 'late', request: request(5), tookMs: 3000 });
    await askFor(1);
    assert.equal(link.asked.at(-1)?.timeoutMs, 4500);
    assert.equal(notices.filter(({ kind }) => kind === 'slow').length, 1, 'told once');
  });

  it('keeps the time of a slow unit that goes on needing it now and then', async () => {
    bus.attach(1, limits);
    link.notice({ kind: 'late', request: request(5), tookMs: 3000 });
    for (let i = 0; i < 3; i++) {
      await askFor(400);
      delayMs = () => 3000;
      bus.read(request(5)).catch(() => {});
      await clock.advanceAsync(3100);
      delayMs = () => 10;
    }
    assert.equal(link.asked.at(-1)?.timeoutMs, 4500);
  });

  it('says what to do about a unit that is slower than the timeout that was entered', async () => {
    bus = createBus(link, clock, { timeoutMs: 1000 });
    bus.attach(1, limits);
    delayMs = () => Number.POSITIVE_INFINITY;
    link.notice({ kind: 'late', request: request(5), tookMs: 1300 });
    for (let i = 0; i < 3; i++) {
      bus.read(request(5)).catch(() => {});
      await clock.advanceAsync(1100);
    }
    await clock.advanceAsync(5000);
    const reason = async (): Promise<string> => (await modbusFailureOf(bus.read(request(5)))).message;
    assert.match(
      await reason(),
      /the unit is not answering \(.* after 1300 ms, .* enter a timeout of 2000 ms in the connection\)/,
    );
    // It recovers, and dies of something else.
    delayMs = () => 10;
    await clock.advanceAsync(20_000);
    delayMs = () => Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      bus.read(request(5)).catch(() => {});
      await clock.advanceAsync(1100);
    }
    assert.match(await reason(), /the unit is not answering \(unit 1, holding 5: no answer within 1000 ms\)/);
  });
});
