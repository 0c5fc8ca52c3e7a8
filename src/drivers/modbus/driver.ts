/** The driver of a Modbus device: a list of blocks on one context, and one loop for each of their hooks. */
import type { Clock } from '../../model/time.ts';
import type { Driver } from '../driver.ts';
import { ModbusActuators } from './actuators/modbus-actuators.ts';
import { defaultTimeoutMs } from './codec/limits.ts';
import { ConnectionEvents } from './device/connection-events.ts';
import { DeviceContext, type DriverBlock, type Hooks, type ModbusDriverOptions } from './device/device-context.ts';
import { DeviceStatus } from './device/device-health.ts';
import { DeviceIdentity } from './device/device-identity.ts';
import { PollSchedule } from './polling/poll-schedule.ts';
import { Polling } from './polling/polling.ts';

/** Creates a driver, which begins to poll when it is started. */
export const createModbusDriver = (options: ModbusDriverOptions, clock: Clock): Driver => {
  const hooks: Hooks = {
    usable() {
      for (const block of blocks) block.usable?.();
    },
    on(message) {
      for (const block of blocks) block.on?.(message);
    },
  };
  const context = new DeviceContext(options, clock, hooks);
  const { bus, unit, intervals, resolved } = context;
  const status = new DeviceStatus(context);

  const tick = async (): Promise<void> => {
    try {
      for (const block of blocks) await block.tick?.();
    } catch (error) {
      status.update({ kind: 'silent', reason: String(error), retryMs: intervals.intervalMs, isGone: true });
    }
  };
  const schedule = new PollSchedule(intervals.intervalMs, clock, tick);

  const identity = new DeviceIdentity(context);
  const actuators = new ModbusActuators(context);
  const polling = new Polling(context, { schedule, status });
  const blocks: readonly DriverBlock[] = [identity, actuators, polling, new ConnectionEvents(context)];

  let wasOpen = false;
  const onBusChange = (): void => {
    const isOpen = bus.linkState().kind === 'open';
    if (isOpen && !wasOpen) for (const block of blocks) block.connected?.();
    wasOpen = isOpen;
  };

  const { timeoutMs = defaultTimeoutMs, maxInFlight = 1, interRequestMs = 0 } = resolved.profile.connection ?? {};
  const leave = [
    bus.onNotice((notice) => !context.isClosed && hooks.on(notice)),
    bus.onChange(onBusChange),
    bus.attach(unit, { timeoutMs, maxInFlight, interRequestMs }),
  ];

  return {
    describe: () => identity.description,
    inspect: () => polling.inspect(),
    actuators: () => actuators.describe(),
    apply: (order, signal) => actuators.apply(order, signal),
    start(sink) {
      context.sink = sink;
      sink.state(status.state);
      schedule.start(options.phaseMs ?? 0);
    },
    async close() {
      context.isClosed = true;
      schedule.close();
      for (const block of blocks) block.close?.();
      for (const each of leave) each();
    },
  };
};
