/**
 * A battery as a Modbus TCP server that takes commands, and a meter beside it. It keeps what was written, and follows
 * its registers unless a test makes it insist on another power. Only reads matter: polled-device.ts. Broken answers:
 * scripted-server.ts.
 */

import { RegisterImage } from '../../../src/drivers/modbus/server/register-image.ts';
import { type Fault, startFaultyServer } from '../../../src/simulator/modbus/faulty-server.ts';

const watts = { max: 5000 };

/** The profile of the battery, as an integrator types it into the form. */
export const batteryProfile = {
  schema: 'profile/1',
  id: 'battery',
  title: 'Battery',
  class: 'battery',
  connection: { timeoutMs: 30_000 },
  points: [
    { name: 'soc', quantity: 'battery/soc', addr: 0, type: 'uint16', unit: '%' },
    { name: 'measured', quantity: 'battery/power', addr: 1, type: 'int16', unit: 'W' },
    { name: 'mode', addr: 10, type: 'uint16', access: 'rw' },
    { name: 'power', addr: 11, type: 'int16', access: 'rw', unit: 'W' },
    { name: 'reserve', addr: 12, type: 'uint16', access: 'rw', unit: '%' },
  ],
  actuators: [
    {
      component: 'battery',
      setpoints: {
        charge: {
          params: { power_w: { ...watts, limitedBy: 'limit_charge' } },
          steps: [
            { point: 'power', value: '-$power_w' },
            { point: 'mode', value: 1 },
          ],
        },
        discharge: {
          params: { power_w: watts },
          steps: [
            { point: 'power', value: '$power_w' },
            { point: 'mode', value: 1 },
          ],
        },
      },
      limits: { limit_charge: { params: { power_w: watts } } },
      fallback: { means: { mode: 'auto' }, steps: [{ point: 'mode', value: 0 }] },
      minWriteIntervalMs: 200,
      latencyMs: 300,
      timeConstantMs: 100,
    },
  ],
  config: {
    set_reserve_soc: { component: 'battery', params: { soc: {} }, steps: [{ point: 'reserve', value: '$soc' }] },
  },
};

export const meterProfile = {
  schema: 'profile/1',
  id: 'beside',
  title: 'Beside',
  class: 'meter',
  points: [{ name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' }],
};

export const [batteryUnit, meterUnit] = [1, 2];

export interface BatteryRegisters {
  /** ms of the process clock. */
  at: number;
  mode: number;
  powerW: number;
  reserve: number;
}

/** The battery follows its registers, unless insistOn() says otherwise. @param port 0: a free one */
export const startBatteryServer = async (port = 0) => {
  const [battery, meter] = [new RegisterImage(), new RegisterImage()];
  /** Every write, as the device was afterwards. */
  const writes: BatteryRegisters[] = [];
  let stubbornW: number | undefined;
  for (const address of [0, 1, 10, 11, 12]) battery.set(address, address === 0 ? 50 : 0);
  for (const address of [10, 11, 12]) battery.allowWrite(address);
  meter.set(0, 700);
  const state = (): BatteryRegisters => ({
    at: performance.now(),
    mode: battery.peek(10),
    powerW: (battery.peek(11) << 16) >> 16,
    reserve: battery.peek(12),
  });
  const follow = (): void => battery.set(1, stubbornW ?? (battery.peek(10) === 1 ? battery.peek(11) : 0));
  const server = await startFaultyServer(
    { host: '127.0.0.1', port },
    new Map([
      [
        batteryUnit,
        {
          holding: battery,
          onWritten() {
            writes.push(state());
            follow();
          },
        },
      ],
      [meterUnit, { holding: meter }],
    ]),
  );
  return {
    port: server.port,
    writes,
    state,
    /** The battery charges (-) or discharges with this power, W, whatever it is told; undefined: it obeys again. */
    insistOn(watts: number | undefined): void {
      stubbornW = watts === undefined ? undefined : watts & 0xffff;
      follow();
    },
    setFault: (at: number, fault: Fault) => server.setFault(at, fault),
    close: () => server.close(),
  };
};

export type BatteryServer = Awaited<ReturnType<typeof startBatteryServer>>;
