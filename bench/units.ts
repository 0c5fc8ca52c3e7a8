/**
 * Ten units on one connection that takes one request at a time, as a serial line behind a gateway does, and one of
 * them goes dead, slow or mad: what is left of the interval of the other nine. Beside it the loop that people write
 * with modbus-serial.
 */

import modbusSerial from 'modbus-serial';
import { createModbusDriver } from '../src/drivers/modbus/driver.ts';
import { createBus } from '../src/drivers/modbus/transport/bus/link-bus.ts';
import { createTcpLink } from '../src/drivers/modbus/transport/tcp-link.ts';
import { systemClock } from '../src/shell/clock.ts';
import { sinkOf } from '../test/support/driver-sink.ts';
import { type AskedRequest, frameOf, startScriptedServer } from '../test/support/modbus/scripted-server.ts';
import { resolvedPoints } from '../test/support/modbus/test-profiles.ts';
import { until } from '../test/support/until.ts';
import { percentile, printShare, printTable } from './parts/measure.ts';

const units = 10;
const sick = 10;
const intervalMs = 200;
const timeoutMs = 300;
const answerMs = 4;

const answer = (asked: AskedRequest, ms: number, frame = frameOf(asked)): void => {
  setTimeout(() => asked.socket.destroyed || asked.socket.write(frame), ms);
};
const sicknesses: Record<string, (asked: AskedRequest) => void> = {
  dead: () => {},
  slow: (asked) => answer(asked, 1.5 * timeoutMs),
  mad: (asked) => void asked.socket.write(frameOf(asked, { unit: 77, functionCode: 9, length: 200 })),
};

/** When each of the nine was polled with success, ms. */
type Polls = number[][];

/** @returns how to stop */
type Poll = (port: number, polled: (unit: number) => void) => Promise<() => Promise<void>>;

const ownPoll: Poll = async (port, polled) => {
  const bus = createBus(createTcpLink({ host: '127.0.0.1', port, maxInFlight: 1 }, systemClock), systemClock);
  const points = [{ name: 'p', quantity: 'meter/x_p', addr: 0, type: 'uint16' }];
  const resolved = resolvedPoints(points, { connection: { timeoutMs } });
  const drivers = Array.from({ length: units }, (_, i) => {
    const options = { resolved, bus, unit: i + 1, intervalMs, name: `u${i + 1}`, phaseMs: i * 20 };
    const driver = createModbusDriver(options, systemClock);
    driver.start(sinkOf({ cycle: ({ errors }) => errors.length === 0 && polled(i + 1) }));
    return driver;
  });
  await until(() => bus.health(sick).isDead, 'the sick unit is known');
  return async () => {
    for (const driver of drivers) await driver.close();
    await bus.close();
  };
};

const loopPoll: Poll = async (port, polled) => {
  const client = new modbusSerial.default();
  client.on('error', () => {});
  await client.connectTCP('127.0.0.1', { port });
  client.setTimeout(timeoutMs);
  let isStopped = false;
  const loop = async (): Promise<void> => {
    while (!isStopped) {
      const startedAt = performance.now();
      for (let unit = 1; unit <= units && !isStopped; unit++) {
        client.setID(unit);
        await client.readHoldingRegisters(0, 1).then(
          () => polled(unit),
          () => {},
        );
      }
      const left = intervalMs - (performance.now() - startedAt);
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    }
  };
  const running = loop();
  return async () => {
    isStopped = true;
    await running;
    await new Promise<void>((resolve) => client.close(() => resolve()));
  };
};

/** Probes of a dead unit come in fours, one of which waits its whole timeout: only whole fours tell what they cost. */
const probesOfACycle = 4;
const longestCycleMs = 40_000;

/** @param leastMs it goes on until a cycle of probes is over */
const measure = async (poll: Poll, sickness: (asked: AskedRequest) => void, leastMs: number) => {
  const polls: Polls = Array.from({ length: units + 1 }, () => []);
  /** Time the sick unit had the line, ms: from its request to the next one, or to its answer. */
  let lostMs = 0;
  let sickSince: number | undefined;
  let asked = 0;
  const server = await startScriptedServer((request) => {
    const now = performance.now();
    if (sickSince !== undefined) lostMs += now - sickSince;
    sickSince = undefined;
    if (request.unit !== sick) return answer(request, answerMs);
    asked++;
    const { bytesWritten } = request.socket;
    sickness(request);
    // Who answers at once, whatever it is, does not keep the line.
    if (request.socket.bytesWritten === bytesWritten) sickSince = now;
  });
  const stop = await poll(server.port, (unit) => polls[unit]?.push(performance.now()));
  const askedBefore = asked;
  await until(() => asked > askedBefore, 'the sick unit is asked');
  const [from, lostBefore, firstAsked] = [performance.now(), lostMs, asked];
  await new Promise((resolve) => setTimeout(resolve, leastMs));
  const askedInTime = asked;
  const isWhole = (): boolean => asked > askedInTime && (asked - firstAsked) % probesOfACycle === 0;
  await until(isWhole, 'a cycle of probes is over', longestCycleMs);
  const passedMs = performance.now() - from;
  const lost = lostMs - lostBefore;
  await stop();
  await server.close();
  const good = polls.slice(1, sick).map((times) => times.filter((at) => at >= from && at < from + passedMs));
  const gaps = good.flatMap((times) => times.slice(1).map((at, i) => at - (times[i] ?? at)));
  return {
    kept: Math.min(...good.map(({ length }) => length)) / (passedMs / intervalMs),
    p99Ms: percentile(gaps, 0.99),
    share: lost / passedMs,
  };
};

export const benchUnits = async (isShort: boolean): Promise<void> => {
  const leastMs = isShort ? 6000 : 30_000;
  const rows: (string | number)[][] = [];
  const shares: [sickness: string, share: number][] = [];
  for (const [name, sickness] of Object.entries(sicknesses))
    for (const [side, poll] of [
      ['ems-modbus', ownPoll],
      ['a loop with modbus-serial', loopPoll],
    ] as const) {
      const { kept, p99Ms, share } = await measure(poll, sickness, leastMs);
      if (poll === ownPoll) shares.push([name, share]);
      rows.push([`one ${name}, ${side}`, `${Math.round(kept * 100)} %`, p99Ms, `${(share * 100).toFixed(1)} %`]);
    }
  printTable(
    `Nine healthy units every ${intervalMs} ms beside a sick one, timeout ${timeoutMs} ms`,
    ['', 'polls kept by the worst of nine', 'p99 interval ms', 'line lost to the sick unit'],
    rows,
  );
  for (const [name, share] of shares) printShare(`line lost to one ${name}, ems-modbus`, share, { atMost: 0.05 });
};
