import assert from 'node:assert/strict';
import { type Bus, createBus } from '../../../src/drivers/modbus/bus.ts';
import { createTcpLink } from '../../../src/drivers/modbus/tcp-link.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { until } from '../../support/events.ts';
import { type Asked, exceptionFrame, type FaultServer, frameOf, startFaultServer } from '../../support/fault-server.ts';
import { failureOf, request } from '../../support/modbus-requests.ts';

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
    it(`one of them goes ${name}: the other nine go on`, async function () {
      this.timeout(60_000);
      behave = sickness;
      const counts = poll();
      await until(() => bus.health(sick).isDead, 'the sick unit is known');
      const before = [...counts.good];
      const rounds = 10;
      const polls = (unit: number): number => (counts.good[unit] ?? 0) - (before[unit] ?? 0);
      await until(() => polls(1) >= rounds, 'some rounds');
      for (let unit = 1; unit < sick; unit++) {
        assert.ok(polls(unit) >= rounds - 2, `unit ${unit}: ${polls(unit)} polls where unit 1 had ${rounds}`);
        assert.equal(counts.bad[unit], 0, `unit ${unit} failed`);
      }
      assert.equal(server.connections(), 1, 'the others paid with their connection');

      behave = answerSoon;
      const goodBefore = counts.good[sick] ?? 0;
      await until(() => (counts.good[sick] ?? 0) > goodBefore + 3, 'the unit is back');
    });

  it('serves each unit in turn, however much one of them asks', async () => {
    const order: number[] = [];
    const read = (unit: number): Promise<void> =>
      bus.read({ unit, table: 'holding', address: 0, count: 1 }).then(() => void order.push(unit));
    const greedy = Array.from({ length: 20 }, () => read(1));
    await Promise.all([...greedy, read(2), read(3)]);
    assert.ok(order.indexOf(2) < 6 && order.indexOf(3) < 6, order.join());
  });

  const readSick = (address = 0): Promise<Buffer> => bus.read(request(address, 1, sick));
  const refuse =
    (code: number): Sickness =>
    (asked) =>
      void asked.socket.write(exceptionFrame(asked, code));
  const askedOf = (unit: number): Asked[] => server.asked.filter((asked) => asked.unit === unit);

  for (const [code, name] of [
    [5, 'still working'],
    [6, 'busy'],
  ] as const)
    it(`a unit that is ${name} (exception ${code}) is asked again after a pause, and the others go on`, async () => {
      const times: number[] = [];
      behave = (asked) => {
        times.push(performance.now());
        if (times.length <= 2) refuse(code)(asked);
        else answerSoon(asked);
      };
      const reading = readSick(7);
      let others = 0;
      while (times.length < 3) {
        await bus.read(request(1, 1, 1));
        others++;
      }
      assert.equal((await reading).readUInt16BE(0), 7);
      const [first = 0, second = 0, third = 0] = times;
      assert.ok(second - first >= 95 && third - second >= 190, times.join());
      assert.ok(others > 2, `${others} reads of another unit`);
      assert.equal(bus.health(sick).isDead, false);
    });

  it('a unit that stays busy is not dead: the read fails in words, after its tries', async () => {
    behave = refuse(6);
    const failure = await failureOf(readSick());
    assert.deepEqual([failure.kind, failure.code], ['exception', 6]);
    assert.match(failure.message, /server device busy/);
    assert.equal(askedOf(sick).length, 4);
    assert.equal(bus.health(sick).isDead, false);
  });

  it('a write is not repeated, however busy the unit is', async () => {
    behave = refuse(6);
    const failure = await failureOf(
      bus.write({ unit: sick, fc: 6, address: 1, values: [1] }).then(() => Buffer.alloc(0)),
    );
    assert.equal(failure.code, 6);
    assert.equal(askedOf(sick).length, 1);
  });

  for (const [code, words] of [
    [10, /gateway path unavailable/],
    [11, /gateway target device failed to respond/],
  ] as const)
    it(`exception ${code} of a gateway takes off the unit behind it, not the connection`, async () => {
      behave = refuse(code);
      for (let i = 0; i < 3; i++) assert.equal((await failureOf(readSick())).code, code);
      const failure = await failureOf(readSick());
      assert.equal(failure.kind, 'unreachable');
      assert.match(failure.message, words);
      assert.equal((await bus.read(request(3, 1, 1))).readUInt16BE(0), 3);
      assert.equal(server.connections(), 1);
      behave = answerSoon;
      await until(() => !bus.health(sick).isDead, 'the unit is back');
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
