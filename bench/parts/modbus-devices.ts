/**
 * Modbus drivers of one profile, each on a connection of its own, in a process that does nothing else: prints their
 * memory and their CPU as JSON. Arguments: port of the devices, milliseconds to measure for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Driver } from '../../src/drivers/driver.ts';
import { type Bus, createBus, createLink, createModbusDriver } from '../../src/drivers/modbus/index.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { sinkOf } from '../../test/support/driver-sink.ts';
import { resolvedOf } from '../../test/support/modbus/test-profiles.ts';
import { meterProfile } from './meter.ts';

export interface DeviceCost {
  devices: number;
  /** Live heap and external memory, bytes. */
  live: number;
  rss: number;
  cpuUsPerPoll: number;
}

const [port = 0, windowMs = 0] = process.argv.slice(2).map(Number);
const resolved = resolvedOf(meterProfile);
const devices: { driver: Driver; bus: Bus }[] = [];
let polls = 0;

/** All devices together are polled at the same rate, however many there are. */
const intervalOf = (count: number): number => count * 10;

const start = (count: number): void => {
  for (let n = 0; n < count; n++) {
    const bus = createBus(createLink({ transport: 'tcp', host: '127.0.0.1', port }, systemClock), systemClock);
    const intervalMs = intervalOf(count);
    const phaseMs = (intervalMs * n) / count;
    const options = { resolved, bus, unit: 1, intervalMs, phaseMs, name: `d${n}` };
    const driver = createModbusDriver(options, systemClock);
    driver.start(sinkOf({ cycle: () => void polls++ }));
    devices.push({ driver, bus });
  }
};

const measure = async (count: number): Promise<DeviceCost> => {
  start(count);
  // Until every device was polled, and what runs often is compiled.
  await pause(intervalOf(count) + 1000);
  const [before, cpu] = [polls, process.cpuUsage()];
  await pause(windowMs);
  const { user, system } = process.cpuUsage(cpu);
  const cpuUsPerPoll = (user + system) / (polls - before);
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { devices: devices.length, live: heapUsed + external, rss, cpuUsPerPoll };
};

const few = await measure(100);
for (const { driver, bus } of devices.splice(0)) {
  await driver.close();
  await bus.close();
}
const many = await measure(1000);
console.log(JSON.stringify([few, many]));
process.exit();
