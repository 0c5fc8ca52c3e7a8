/** Devices that refuse, are late or start slowly for a while: nothing lasting is concluded from it. */

import assert from 'node:assert/strict';
import type { Cycle, DeviceState, Driver, DriverEvent, Sample } from '../../../src/drivers/driver.ts';
import { testBus } from '../../../src/drivers/modbus/commissioning/device-test.ts';
import { dumpRegisters } from '../../../src/drivers/modbus/commissioning/register-dump.ts';
import { createModbusDriver } from '../../../src/drivers/modbus/driver.ts';
import type { Bus } from '../../../src/drivers/modbus/transport/bus/bus.ts';
import type { UnitLimits } from '../../../src/drivers/modbus/transport/bus/bus-unit.ts';
import { createBus } from '../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { createTcpLink } from '../../../src/drivers/modbus/transport/tcp-link.ts';
import { sinkOf } from '../../support/driver-sink.ts';
import {
  type AskedRequest,
  exceptionFrame,
  frameOf,
  reply,
  type ScriptedServer,
  startScriptedServer,
} from '../../support/modbus/scripted-server.ts';
import { resolvedOf } from '../../support/modbus/test-profiles.ts';
import { createVirtualTimeLink, type VirtualTimeLink } from '../../support/modbus/virtual-time-link.ts';

const profile = {
  schema: 'profile/1',
  id: 'moods',
  title: 'Four blocks',
  class: 'meter',
  points: [10, 11, 20, 30, 40].map((addr) => ({
    name: `p${addr}`,
    quantity: `meter/x_p${addr}`,
    addr,
    type: 'uint16',
    unit: 'W',
  })),
};
const values = [10, 11, 20, 30, 40];

describe('a device with moods', () => {
  let server: ScriptedServer;
  let bus: Bus;
  let driver: Driver;
  let answer: (asked: AskedRequest) => void;
  let cycles: Cycle[];
  let states: DeviceState[];
  let events: DriverEvent[];
  let line: VirtualTimeLink;

  /** No device answers in no time: what was said first and what later is told apart by it. */
  const soon = (asked: AskedRequest, frame: Buffer): void => void line.clock.after(2, () => reply(asked, frame));
  const good = (asked: AskedRequest): void => soon(asked, frameOf(asked));
  const refuse = (code: number) => (asked: AskedRequest) => soon(asked, exceptionFrame(asked, code));
  const later = (asked: AskedRequest, ms: number): void =>
    void line.clock.after(ms, () => reply(asked, frameOf(asked)));
  const until: VirtualTimeLink['until'] = (...words) => line.until(...words);

  beforeEach(async () => {
    [cycles, states, events] = [[], [], []];
    answer = good;
    server = await startScriptedServer((asked) => answer(asked));
    line = createVirtualTimeLink(() => server);
  });
  afterEach(async () => {
    await line.pass(driver.close());
    await line.pass(bus.close());
    await server.close();
  });

  const start = ({ intervalMs = 300, timeoutMs = 80, fixed = {} as Partial<UnitLimits>, count = 5 } = {}): void => {
    const { clock } = line;
    const resolved = resolvedOf({ ...profile, points: profile.points.slice(0, count), connection: { timeoutMs } });
    bus = createBus(line.watch(createTcpLink({ host: '127.0.0.1', port: server.port }, clock)), clock, fixed);
    driver = createModbusDriver({ resolved, bus, unit: 1, intervalMs, name: 'm' }, clock);
    driver.start(
      sinkOf({
        state: (state) => states.push(state),
        cycle: (cycle) => cycles.push(cycle),
        event: (event) => events.push(event),
      }),
    );
  };
  const samples = (): Sample[] => cycles.flatMap((cycle) => cycle.samples);
  const isWhole = (): boolean => {
    const last = cycles.at(-1)?.samples ?? [];
    return values.every((value, channel) =>
      last.some((sample) => sample.channel === channel && sample.value === value),
    );
  };
  const isAt = (kind: DeviceState['kind']) => (): boolean => states.at(-1)?.kind === kind;
  const reasons = (): string[] => states.flatMap((state) => ('reason' in state ? state.reason : []));

  for (const code of [1, 2, 3, 4])
    it(`has all its points again at once after it refused everything for a while (exception ${code})`, async () => {
      start({ intervalMs: 500, timeoutMs: 400 });
      await until(isWhole, 'all values');
      answer = refuse(code);
      const refused = server.asked.length;
      await until(isAt('degraded'), 'degraded');
      await until(() => server.asked.length > refused + 8, 'some refusals');
      answer = good;
      await until(isWhole, 'all values again');
      await until(isAt('online'), 'online');
      assert.ok(!reasons().some((reason) => /refuses p/.test(reason)), reasons().join());
    });

  it('has all its points again wherever in a poll it stops refusing everything', async () => {
    start({ intervalMs: 100, timeoutMs: 80 });
    for (let count = 1; count <= 16; count++) {
      // A poll that is under way still finds out what the refusals before meant.
      const polled = cycles.length + 1;
      await until(() => cycles.length > polled && isWhole(), 'all values');
      await until(isAt('online'), 'online');
      let left = count;
      answer = (asked) => (left-- > 0 ? refuse(2)(asked) : good(asked));
      await until(() => left < 0, `${count} refusals`);
    }
    assert.ok(!reasons().some((reason) => /refuses p/.test(reason)), reasons().join());
  });

  it('is asked less and less often while it reports its own failure, and is not called unreachable', async () => {
    answer = refuse(4);
    start({ intervalMs: 100, timeoutMs: 80 });
    await until(() => cycles.length > 200, 'polls');
    assert.ok(server.asked.length < 200, `${server.asked.length} requests in ${cycles.length} polls`);
    assert.equal(states.at(-1)?.kind, 'degraded');
    assert.match(reasons().at(-1) ?? '', /exception 4/);
    assert.ok(!states.some(({ kind }) => kind === 'offline'));
  });

  it('is asked again after seconds for a point that it refused alone', async () => {
    answer = (asked) => {
      const isLacking = asked.address <= 20 && asked.address + asked.count > 20;
      if (isLacking && !reasons().some((reason) => /refuses p20/.test(reason))) refuse(2)(asked);
      else good(asked);
    };
    start({ intervalMs: 500, timeoutMs: 400 });
    const { clock } = line;
    await until(() => reasons().some((reason) => /refuses p20/.test(reason)), 'the refused point is named');
    const since = clock.monotonic();
    await until(isWhole, 'all values');
    assert.ok(clock.monotonic() - since < 12_000, 'it was not asked for within seconds');
    await until(isAt('online'), 'online');
  });

  it('is asked for everything again after a new connection', async () => {
    let isOld = true;
    answer = (asked) => {
      if (isOld && asked.address === 20) refuse(2)(asked);
      else good(asked);
    };
    start({ intervalMs: 100, timeoutMs: 80 });
    await until(() => reasons().some((reason) => /refuses p20/.test(reason)), 'the refused point is named');
    isOld = false;
    server.reset();
    await until(isWhole, 'all values');
  });

  it('is offline when it dies, whatever it refused before', async () => {
    answer = refuse(2);
    start({ intervalMs: 1000, timeoutMs: 800 });
    await until(isAt('degraded'), 'degraded');
    await until(() => server.asked.length > 20, 'some refusals');
    answer = () => {};
    await until(isAt('offline'), 'offline');
  });

  it('is asked once more within the poll where an answer was late, and nothing becomes null', async () => {
    answer = (asked) => (server.asked.length % 7 === 0 ? later(asked, 400) : good(asked));
    start({ intervalMs: 1000, timeoutMs: 300, fixed: { timeoutMs: 300 } });
    await until(() => cycles.length >= 4, 'polls');
    assert.deepEqual(
      samples().filter(({ value }) => value === null),
      [],
    );
    assert.deepEqual([...new Set(states.map(({ kind }) => kind))], ['connecting', 'online']);
    const errors = cycles.flatMap((cycle) => cycle.errors);
    assert.ok(errors.length > 0);
    for (const error of errors) assert.match(error, /no answer within 300 ms; answered at the second attempt$/);
  });

  it('does not change its state with every poll where every second answer is missing', async () => {
    answer = (asked) => (server.asked.length % 2 === 0 ? undefined : good(asked));
    start({ intervalMs: 60, timeoutMs: 50, count: 2 });
    await until(() => cycles.length >= 30, 'polls');
    const changes = states.filter(({ kind }, i) => i > 0 && kind !== states[i - 1]?.kind).length;
    assert.ok(changes <= 3, `${changes} changes: ${states.map(({ kind }) => kind).join(' ')}`);
  });

  it('is slow and not dead where its answers come after its timeout, and is given the time it needs', async () => {
    answer = (asked) => later(asked, 130);
    start({ intervalMs: 500, timeoutMs: 100, count: 2 });
    await until(() => samples().some(({ value }) => value === 10), 'a value');
    const event = events.find(({ name }) => name === 'device_slow');
    assert.match(
      event?.message ?? '',
      /answers after \d+ ms, later than the timeout of 100 ms: the timeout is \d+ ms from now on/,
    );
  });

  it('is told what timeout it needs where the integrator entered another', async () => {
    answer = (asked) => later(asked, 130);
    start({ intervalMs: 500, timeoutMs: 1000, fixed: { timeoutMs: 100 }, count: 2 });
    await until(() => events.some(({ name }) => name === 'device_slow'), 'the event');
    assert.match(events[0]?.message ?? '', /enter a timeout of \d+ ms in the connection/);
    assert.equal(samples().filter(({ value }) => value !== null).length, 0);
  });

  it('gives values behind a gateway that is silent for five seconds after each connection', async () => {
    const { clock } = line;
    const openedAt = new Map<unknown, number>();
    answer = (asked) => {
      const since = openedAt.get(asked.socket) ?? clock.monotonic();
      openedAt.set(asked.socket, since);
      if (clock.monotonic() - since > 5000) good(asked);
    };
    start({ intervalMs: 1000, timeoutMs: 1000 });
    await until(isWhole, 'values');
    assert.ok(server.connections() <= 3, `${server.connections()} connections`);
    await until(() => events.some(({ name }) => name === 'connection_slow'), 'the event');
  });

  it('says that an answer had a foreign transaction id', async () => {
    answer = (asked) => void asked.socket.write(frameOf(asked, { id: 0x7777 }));
    start({ count: 2 });
    await until(() => reasons().some((reason) => /foreign transaction id, 30583/.test(reason)), 'the reason');
  });

  it('is tested through the connection that is there already', async () => {
    start({ count: 2 });
    await until(isAt('online'), 'online');
    const connections = server.connections();
    assert.equal((await line.pass(testBus(bus, line.clock))).kind, 'answers');
    assert.equal(server.connections(), connections);
  });

  it('is not asked much more than once for each of a thousand registers that are sparse', async () => {
    const isThere = (address: number): boolean => address % 50 === 7;
    answer = (asked) => {
      const all = Array.from({ length: asked.count }, (_, i) => asked.address + i);
      if (all.every(isThere)) good(asked);
      else refuse(2)(asked);
    };
    start({ count: 2, intervalMs: 60_000 });
    await until(() => server.asked.length > 0, 'a poll');
    const before = server.asked.length;
    const { words } = await line.pass(dumpRegisters(bus, { unit: 1, table: 'holding', from: 0, to: 999 }));
    assert.deepEqual(Object.keys(words).map(Number), Array.from({ length: 1000 }, (_, i) => i).filter(isThere));
    const requests = server.asked.length - before;
    assert.ok(requests < 1100, `${requests} requests`);
  });
});
