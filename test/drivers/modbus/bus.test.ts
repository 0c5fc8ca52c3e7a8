import assert from 'node:assert/strict';
import { type Bus, createBus } from '../../../src/drivers/modbus/bus.ts';
import { createTcpLink } from '../../../src/drivers/modbus/tcp-link.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { until } from '../../support/events.ts';
import { type Asked, type FaultServer, frameOf, startFaultServer } from '../../support/fault-server.ts';

const limits = { timeoutMs: 300, maxInFlight: 1, interRequestMs: 0 };
const sick = 10;
const intervalMs = 200;

const count = (counts: number[], unit: number): void => {
  counts[unit] = (counts[unit] ?? 0) + 1;
};

/** How the tenth unit behaves; a good answer of any unit takes some milliseconds, as a serial line behind does. */
type Sickness = (asked: Asked) => void;
const answerSoon = (asked: Asked): void => {
  setTimeout(() => asked.socket.destroyed || asked.socket.write(frameOf(asked)), 4);
};

const sicknesses: Record<string, Sickness> = {
  dead: () => {},
  slow: (asked) => {
    setTimeout(() => asked.socket.destroyed || asked.socket.write(frameOf(asked)), 450);
  },
  mad: (asked) => {
    asked.socket.write(frameOf(asked, { unit: 77, functionCode: 9 }));
  },
};

describe('ten units on one connection', () => {
  let server: FaultServer;
  let bus: Bus;
  let behave: Sickness;
  let timers: NodeJS.Timeout[];

  beforeEach(async () => {
    behave = answerSoon;
    timers = [];
    server = await startFaultServer((asked) => (asked.unit === sick ? behave(asked) : answerSoon(asked)));
    bus = createBus(createTcpLink({ host: '127.0.0.1', port: server.port, maxInFlight: 1 }, systemClock), systemClock);
    for (let unit = 1; unit <= sick; unit++) bus.attach(unit, limits);
    await until(() => bus.linkState().kind === 'open', 'the link opens');
  });
  afterEach(async () => {
    for (const timer of timers) clearInterval(timer);
    await bus.close();
    await server.close();
  });

  /** Polls every unit at its interval; counts what came back. */
  const poll = (): { good: number[]; bad: number[] } => {
    const counts = { good: new Array<number>(sick + 1).fill(0), bad: new Array<number>(sick + 1).fill(0) };
    for (let unit = 1; unit <= sick; unit++) {
      let isBusy = false;
      timers.push(
        setInterval(() => {
          if (isBusy) return;
          isBusy = true;
          bus
            .read({ unit, table: 'holding', address: unit, count: 1 })
            .then(
              () => count(counts.good, unit),
              () => count(counts.bad, unit),
            )
            .finally(() => {
              isBusy = false;
            });
        }, intervalMs),
      );
    }
    return counts;
  };

  for (const [name, sickness] of Object.entries(sicknesses))
    it(`one of them goes ${name}: the other nine keep their interval`, async function () {
      this.timeout(20_000);
      behave = sickness;
      const counts = poll();
      // First it has to be found out; then it must cost at most its budget.
      await until(() => bus.health(sick).isDead, 'the sick unit is known');
      const before = [...counts.good];
      const askedBefore = server.asked.filter(({ unit }) => unit === sick).length;
      const rounds = 20;
      await new Promise((resolve) => setTimeout(resolve, rounds * intervalMs));
      for (let unit = 1; unit < sick; unit++) {
        const polls = (counts.good[unit] ?? 0) - (before[unit] ?? 0);
        assert.ok(polls >= rounds * 0.9, `unit ${unit}: ${polls} of ${rounds} polls`);
        assert.equal(counts.bad[unit], 0, `unit ${unit} failed`);
      }
      const probes = server.asked.filter(({ unit }) => unit === sick).length - askedBefore;
      const spentMs = probes * (name === 'mad' ? 1 : limits.timeoutMs);
      assert.ok(spentMs <= rounds * intervalMs * 0.05 + limits.timeoutMs, `${probes} probes`);
      assert.equal(server.connections(), 1, 'the others paid with their connection');

      behave = answerSoon;
      const goodBefore = counts.good[sick] ?? 0;
      await until(() => (counts.good[sick] ?? 0) > goodBefore + 3, 'the unit is back', 10_000);
    });

  it('serves each unit in turn, however much one of them asks', async () => {
    const order: number[] = [];
    const read = (unit: number): Promise<void> =>
      bus.read({ unit, table: 'holding', address: 0, count: 1 }).then(() => void order.push(unit));
    const greedy = Array.from({ length: 20 }, () => read(1));
    await Promise.all([...greedy, read(2), read(3)]);
    assert.ok(order.indexOf(2) < 6 && order.indexOf(3) < 6, order.join());
  });

  it('settles what waits when it is closed', async () => {
    behave = sicknesses.dead as Sickness;
    const outcomes = Promise.allSettled(
      [1, 2, 3].map((address) => bus.read({ unit: sick, table: 'holding', address, count: 1 })),
    );
    await bus.close();
    assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
  });
});
