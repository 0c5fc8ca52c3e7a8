/** The simulated house in a process of its own, on the three ports of its command line; ends with its parent. */
import { systemClock } from '../../../src/shell/clock.ts';
import { startSimulation } from '../../../src/simulator/simulation.ts';

const [grid = 0, hybrid = 0, storage = 0] = process.argv.slice(2).map(Number);
await startSimulation(
  { host: '127.0.0.1', ports: { grid, hybrid, storage }, startHour: 10.5, seed: 7, speed: 1, watchdogS: 60 },
  systemClock,
);
process.send?.(grid);
process.on('disconnect', () => process.exit());
