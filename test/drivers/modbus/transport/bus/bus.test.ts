import assert from 'node:assert/strict';
import type { Bus } from '../../../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { createTcpLink } from '../../../../../src/drivers/modbus/transport/tcp-link.ts';
import type { Clock } from '../../../../../src/model/time.ts';
import { modbusFailureOf, request } from '../../../../support/modbus/read-requests.ts';
import {
  type AskedRequest,
  exceptionFrame,
  frameOf,
  reply,
  type ScriptedServer,
  startScriptedServer,
} from '../../../../support/modbus/scripted-server.ts';
import { createVirtualTimeLink, type VirtualTimeLink } from '../../../../support/modbus/virtual-time-link.ts';

const limits = { timeoutMs: 300, maxInFlight: 1, interRequestMs: 0 };
const sick = 10;
const intervalMs = 200;

const count = (counts: number[], unit: number): void => {
  counts[unit] = (counts[unit] ?? 0) + 1;
};

/** How the tenth unit behaves. */
type Sickness = (asked: AskedRequest, clock: Clock) => void;
/** A good answer of any unit takes some milliseconds, as a serial line behind does. */
const answerSoon: Sickness = (asked, clock) => void clock.after(4, () => reply(asked, frameOf(asked)));

const sicknesses: Record<string, Sickness> = {
  dead: () => {},
  slow: (asked, clock) => void clock.after(450, () => reply(asked, frameOf(asked))),
  // No answer to anything that was asked.
  mad: (asked) => void asked.socket.write(frameOf(asked, { unit: 77, functionCode: 9 })),
};

describe('ten units on one connection', () => {
  let server: ScriptedServer;
  let bus: Bus;
  let behave: Sickness;
  let line: VirtualTimeLink;

  beforeEach(async () => {
    behave = answerSoon;
    line = createVirtualTimeLink(() => server);
    const { clock } = line;
    server = await startScriptedServer((asked) => (asked.unit === sick ? behave : answerSoon)(asked, clock));
    const link = createTcpLink({ host: '127.0.0.1', port: server.port, maxInFlight: 1 }, clock);
    bus = createBus(line.watch(link), clock);
    for (let unit = 1; unit <= sick; unit++) bus.attach(unit, limits);
    await line.until(() => bus.linkState().kind === 'open', 'the link opens');
  });
  afterEach(async () => {
    await line.pass(bus.close());
    await server.close();
  });

  /** Polls every unit at its interval; counts what came back. */
  const poll = (): { good: number[]; bad: number[] } => {
    const counts = { good: new Array<number>(sick + 1).fill(0), bad: new Array<number>(sick + 1).fill(0) };
    for (let unit = 1; unit <= sick; unit++) {
      let isBusy = false;
      line.clock.every(intervalMs, () => {
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
      });
    }
    return counts;
  };

  for (const [name, sickness] of Object.entries(sicknesses))
    it(`one of them goes ${name}: the other nine go on`, async () => {
      behave = sickness;
      const counts = poll();
      await line.until(() => bus.health(sick).isDead, 'the sick unit is known');
      const before = [...counts.good];
      const rounds = 10;
      const polls = (unit: number): number => (counts.good[unit] ?? 0) - (before[unit] ?? 0);
      const from = line.clock.monotonic();
      await line.until(() => polls(1) >= rounds, 'some rounds');
      const took = line.clock.monotonic() - from;
      // A probe of the sick unit takes the line for up to its timeout, now and then.
      assert.ok(took <= (rounds + 3) * intervalMs, `${rounds} rounds took ${took} ms`);
      for (let unit = 1; unit < sick; unit++) {
        assert.ok(polls(unit) >= rounds - 2, `unit ${unit}: ${polls(unit)} polls where unit 1 had ${rounds}`);
        assert.equal(counts.bad[unit], 0, `unit ${unit} failed`);
      }
      assert.equal(server.connections(), 1, 'the others paid with their connection');

      behave = answerSoon;
      const goodBefore = counts.good[sick] ?? 0;
      await line.until(() => (counts.good[sick] ?? 0) > goodBefore + 3, 'the unit is back');
    });

  it('serves each unit in turn, however much one of them asks', async () => {
    const order: number[] = [];
    const read = (unit: number): Promise<void> =>
      bus.read({ unit, table: 'holding', address: 0, count: 1 }).then(() => void order.push(unit));
    const greedy = Array.from({ length: 20 }, () => read(1));
    await line.pass(Promise.all([...greedy, read(2), read(3)]));
    assert.ok(order.indexOf(2) < 6 && order.indexOf(3) < 6, order.join());
  });

  const readSick = (address = 0): Promise<Buffer> => line.pass(bus.read(request(address, 1, sick)));
  const refuse =
    (code: number): Sickness =>
    (asked) =>
      reply(asked, exceptionFrame(asked, code));
  const askedOf = (unit: number): AskedRequest[] => server.asked.filter((asked) => asked.unit === unit);

  for (const [code, name] of [
    [5, 'still working'],
    [6, 'busy'],
  ] as const)
    it(`a unit that is ${name} (exception ${code}) is asked again after a pause, and the others go on`, async () => {
      const times: number[] = [];
      behave = (asked, clock) => {
        times.push(clock.monotonic());
        if (times.length <= 2) refuse(code)(asked, clock);
        else answerSoon(asked, clock);
      };
      const reading = bus.read(request(7, 1, sick));
      let others = 0;
      while (times.length < 3) {
        await line.pass(bus.read(request(1, 1, 1)));
        others++;
      }
      assert.equal((await line.pass(reading)).readUInt16BE(0), 7);
      const [first = 0, second = 0, third = 0] = times;
      assert.ok(second - first >= 95 && third - second >= 190, times.join());
      assert.ok(others > 2, `${others} reads of another unit`);
      assert.equal(bus.health(sick).isDead, false);
    });

  it('a unit that stays busy is not dead: the read fails in words, after its tries', async () => {
    behave = refuse(6);
    const failure = await modbusFailureOf(readSick());
    assert.deepEqual([failure.kind, failure.code], ['exception', 6]);
    assert.match(failure.message, /server device busy/);
    assert.equal(askedOf(sick).length, 4);
    assert.equal(bus.health(sick).isDead, false);
  });

  it('a write is not repeated, however busy the unit is', async () => {
    behave = refuse(6);
    const writing = bus.write({ unit: sick, functionCode: 6, address: 1, values: [1] });
    const failure = await modbusFailureOf(line.pass(writing.then(() => Buffer.alloc(0))));
    assert.equal(failure.code, 6);
    assert.equal(askedOf(sick).length, 1);
  });

  for (const [code, words] of [
    [10, /gateway path unavailable/],
    [11, /gateway target device failed to respond/],
  ] as const)
    it(`exception ${code} of a gateway takes off the unit behind it, not the connection`, async () => {
      behave = refuse(code);
      for (let i = 0; i < 3; i++) assert.equal((await modbusFailureOf(readSick())).code, code);
      const failure = await modbusFailureOf(readSick());
      assert.equal(failure.kind, 'unreachable');
      assert.match(failure.message, words);
      assert.equal((await line.pass(bus.read(request(3, 1, 1)))).readUInt16BE(0), 3);
      assert.equal(server.connections(), 1);
      behave = answerSoon;
      await line.until(() => !bus.health(sick).isDead, 'the unit is back');
    });

  it('settles what waits when it is closed', async () => {
    behave = sicknesses.dead as Sickness;
    const outcomes = Promise.allSettled(
      [1, 2, 3].map((address) => bus.read({ unit: sick, table: 'holding', address, count: 1 })),
    );
    await line.pass(bus.close());
    assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
  });
});
