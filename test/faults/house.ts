/** The simulated house in a process of its own, which tells what its batteries do: the truth of a fault run. */
import { systemClock } from '../../src/shell/clock.ts';
import type { BatteryMode } from '../../src/simulator/modbus/simulated-device.ts';
import { startSimulation } from '../../src/simulator/simulation.ts';
import { listen, say } from './lines.ts';

/** Modes that its batteries have been told, each time one changes. */
export interface Truth {
  at: number;
  hybrid: BatteryMode;
  storage: BatteryMode;
}

const [host = '127.0.0.1', watchdogS = '60'] = process.argv.slice(2);
const house = await startSimulation(
  {
    host,
    ports: { grid: 1502, hybrid: 1503, storage: 1504 },
    startHour: 10,
    seed: 1,
    speed: 1,
    watchdogS: Number(watchdogS),
  },
  systemClock,
);

listen(async ({ cut }: { cut: boolean }) => {
  const fault = { kind: cut ? 'offline' : 'none' } as const;
  await house.change({ faults: { hybrid: fault, storage: fault } });
  say({ cut });
});

let last = '';
systemClock.every(20, () => {
  const { hybrid_mode: hybrid, storage_mode: storage } = house.state();
  const modes = `${hybrid} ${storage}`;
  if (modes === last) return;
  last = modes;
  say({ at: Date.now(), hybrid, storage } satisfies Truth);
});
