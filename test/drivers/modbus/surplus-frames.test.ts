/** A meter behind a gateway that sends more than it was asked for: no foreign register may be told as good. */

import assert from 'node:assert/strict';
import type { Driver, DriverEvent, Sample } from '../../../src/drivers/driver.ts';
import { createModbusDriver } from '../../../src/drivers/modbus/driver.ts';
import type { Bus } from '../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { createSerialLink } from '../../../src/drivers/modbus/transport/serial/serial-link.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { sinkOf } from '../../support/driver-sink.ts';
import {
  type AskedRequest,
  rtuExceptionFrame,
  rtuFrameOf,
  type ScriptedServer,
  startScriptedServer,
  withCheckSum,
} from '../../support/modbus/scripted-server.ts';
import { resolvedOf } from '../../support/modbus/test-profiles.ts';
import { until } from '../../support/until.ts';

const profile = {
  schema: 'profile/1',
  id: 'three-registers',
  title: 'Three registers of one length',
  class: 'meter',
  connection: { timeoutMs: 80 },
  points: [
    { name: 'power', quantity: 'meter/power', addr: 100, type: 'uint16', unit: 'W' },
    { name: 'voltage', quantity: 'meter/voltage/l1', addr: 110, type: 'uint16', scale: 0.1, unit: 'V' },
    { name: 'frequency', quantity: 'meter/frequency', addr: 120, type: 'uint16', scale: 0.01, unit: 'Hz' },
  ],
};
const words: Record<number, number> = { 100: 1234, 110: 2301, 120: 5001 };
const right = [1234, 230.1, 50.01];
const intervalMs = 300;
const silentMs = 20;

describe('a device on RTU over TCP that sends more than it was asked for', () => {
  let server: ScriptedServer;
  let bus: Bus;
  let driver: Driver;
  let answer: (asked: AskedRequest) => void;
  let samples: Sample[];
  let events: DriverEvent[];
  let timers: NodeJS.Timeout[];

  const frame = (asked: AskedRequest): Buffer => rtuFrameOf(asked, {}, [words[asked.address] as number]);
  const send = (asked: AskedRequest, bytes: Buffer): void => void (asked.socket.destroyed || asked.socket.write(bytes));
  const sendLater = (asked: AskedRequest, bytes: Buffer, ms: number): void =>
    void timers.push(setTimeout(() => send(asked, bytes), ms));
  const echo = ({ unit, functionCode, address, count }: AskedRequest): Buffer => {
    const bytes = Buffer.from([unit, functionCode, 0, 0, 0, 0]);
    bytes.writeUInt16BE(address, 2);
    bytes.writeUInt16BE(count, 4);
    return withCheckSum(bytes);
  };

  beforeEach(async () => {
    [samples, events, timers] = [[], [], []];
    server = await startScriptedServer((asked) => answer(asked), 0, 'rtu');
    const place = { host: '127.0.0.1', port: server.port };
    bus = createBus(createSerialLink(place, systemClock, { framing: 'rtu', silentMs }), systemClock);
    const resolved = resolvedOf(profile);
    driver = createModbusDriver({ resolved, bus, unit: 1, intervalMs, name: 'm' }, systemClock);
  });
  afterEach(async () => {
    for (const timer of timers) clearTimeout(timer);
    await driver.close();
    await bus.close();
    await server.close();
  });

  /** Polls until so many values of each register were told. */
  const poll = async (count: number): Promise<void> => {
    driver.start(sinkOf({ cycle: (cycle) => samples.push(...cycle.samples), event: (event) => events.push(event) }));
    await until(
      () =>
        right.every(
          (value, channel) => samples.filter((s) => s.channel === channel && s.value === value).length >= count,
        ),
      'the values of every register',
    );
  };
  /** Values that belong to another register. */
  const foreign = (): Sample[] => samples.filter(({ channel, value }) => value !== null && value !== right[channel]);
  /** Those that were told again as null, before anything else was told of their register. */
  const isTakenBack = (wrong: Sample): boolean =>
    samples.slice(samples.indexOf(wrong) + 1).find(({ channel }) => channel === wrong.channel)?.value === null;

  const often = (asked: AskedRequest, every: number): boolean => server.asked.indexOf(asked) % every === every - 1;
  const cases: [name: string, behave: (asked: AskedRequest) => void][] = [
    [
      'every answer twice, the second at once',
      (asked) => {
        send(asked, frame(asked));
        sendLater(asked, frame(asked), silentMs * 0.9);
      },
    ],
    [
      'every third answer twice, the second much later',
      (asked) => {
        send(asked, frame(asked));
        if (often(asked, 3)) sendLater(asked, frame(asked), intervalMs - 30);
      },
    ],
    ['an echo of each request', (asked) => send(asked, Buffer.concat([echo(asked), frame(asked)]))],
    [
      'a frame with a wrong check sum before every third answer',
      (asked) => {
        const broken = frame(asked);
        broken[3] = 0xff;
        if (often(asked, 3)) send(asked, broken);
        send(asked, frame(asked));
      },
    ],
    [
      'an exception before every fourth answer',
      (asked) => {
        if (often(asked, 4)) send(asked, rtuExceptionFrame(asked, 4));
        send(asked, frame(asked));
      },
    ],
    [
      'frames that nobody asked for while the line is idle',
      (asked) => {
        send(asked, frame(asked));
        if (often(asked, 10)) sendLater(asked, rtuFrameOf(asked, {}, [777]), intervalMs - 60);
      },
    ],
  ];
  for (const [name, behave] of cases)
    it(`tells no foreign register as good: ${name}`, async () => {
      answer = behave;
      await poll(5);
      assert.deepEqual(
        foreign().filter((wrong) => !isTakenBack(wrong)),
        [],
      );
    });

  it('takes back what turns out to be foreign, and says so', async () => {
    // A copy of another answer comes into an open request, its own answer when the line has been silent for long enough, and what
    // is asked then is answered after that.
    let busyUntil = 0;
    answer = (asked) => {
      const isFirst = server.asked.filter(({ address }) => address === 110).length === 3 && asked.address === 110;
      if (isFirst) {
        send(asked, rtuFrameOf(asked, {}, [words[100] as number]));
        busyUntil = performance.now() + silentMs * 3;
      }
      const waitMs = busyUntil - performance.now();
      if (waitMs > 0) sendLater(asked, frame(asked), waitMs);
      else send(asked, frame(asked));
    };
    await poll(5);
    await until(() => events.some(({ name }) => name === 'reading_withdrawn'), 'the event');
    assert.deepEqual(
      foreign().filter((wrong) => !isTakenBack(wrong)),
      [],
    );
    assert.match(events.find(({ name }) => name === 'surplus_frames')?.message ?? '', /silent for \d+ ms/);
  });
});
