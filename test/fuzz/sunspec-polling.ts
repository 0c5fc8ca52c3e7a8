/**
 * Drivers against SunSpec devices that are made by chance: a value that is told was read where a true model lies, and
 * with the factor of the same moment.
 */
import { createSunSpecDriver } from '../../src/drivers/sunspec/index.ts';
import { sinkOf } from '../support/driver-sink.ts';
import { type SimulatedUnit, simulateUnits, unitOf } from '../support/sunspec/simulated-units.ts';
import type { PlacedModel } from '../support/sunspec/sunspec-image.ts';
import { buildDevice, type ValuedModel } from '../support/sunspec/valued-device.ts';
import { until } from '../support/until.ts';
import { createDice, type Dice } from './dice.ts';
import { makeImageCase } from './sunspec-images.ts';
import { isKnown } from './sunspec-models.ts';

/** The outcome of many drivers. */
export interface PollingReport {
  /** Devices, and how many of them were polled: the others gave nothing to poll, and their driver said why. */
  devices: number;
  polled: number;
  /** Values that were told. */
  values: number;
  faults: string[];
}

export const emptyPollingReport = (): PollingReport => ({ devices: 0, polled: 0, values: 0, faults: [] });

const unit = 1;
const polls = 3;

/** A value that was told, with the words that it was decoded from; absent for sums and products. */
interface Told {
  path: string;
  value: unknown;
  words: string | undefined;
}

/** Drives a device until it was polled some times, or is offline. @returns the reason if it is offline, and what was told */
const drive = async (answer: SimulatedUnit, cycles = polls): Promise<{ told: Told[]; reason?: string }> => {
  const { bus, clock } = simulateUnits({ [unit]: answer }, 10);
  const driver = createSunSpecDriver({ bus, unit, intervalMs: 20_000, name: 'd' }, clock);
  const told: Told[] = [];
  let done = 0;
  let reason: string | undefined;
  driver.start(
    sinkOf({
      cycle({ samples }) {
        done++;
        const { channels } = driver.describe();
        const words = driver.inspect();
        for (const { channel, value } of samples) {
          const { type, index, quantity, part } = channels[channel] ?? { type: '?', quantity: '?' };
          const path = [type, index, quantity, part].filter((each) => each !== undefined).join('/');
          if (value !== null) told.push({ path, value, words: words.get(channel) });
        }
      },
      state(state) {
        if (state.kind === 'offline') reason ??= state.reason;
      },
    }),
  );
  await until(() => done >= cycles || reason !== undefined, 'polls, or a reason why there are none');
  await driver.close();
  await bus.close();
  return { told, ...(reason === undefined ? {} : { reason }) };
};

const isWithin = ({ id, address, size }: PlacedModel, from: number, count: number): boolean =>
  isKnown(id) && from >= address && from + count <= address + 2 + size;

/** @param words "40072: 0001 0002" */
const isTrue = (words: string, layouts: readonly PlacedModel[][]): boolean => {
  const [address = '', rest = ''] = words.split(': ');
  const count = rest.split(' ').length;
  return layouts.some((layout) => layout.some((model) => isWithin(model, Number(address), count)));
};

/** Drives one device with one of the faults of discovery, and adds what came of it to the report. */
export const runFaultyDevice = async (seed: number, report: PollingReport): Promise<void> => {
  const { fault, answer, layouts } = makeImageCase(createDice(seed));
  const tell = (what: string): void => void report.faults.push(`seed ${seed}, ${fault}: ${what}`);
  report.devices++;
  try {
    const { told, reason } = await drive(answer);
    if (told.length > 0) report.polled++;
    if (reason === '' || /undefined|NaN|__/.test(reason ?? '')) tell(`no reason in words: ${reason}`);
    report.values += told.length;
    for (const { path, value, words } of told)
      if (words !== undefined && !isTrue(words, layouts)) tell(`${path} = ${String(value)} was read at ${words}`);
  } catch (error) {
    tell(`it threw ${String(error)}`);
  }
};

/** Values of a device that stay the same while its factors change. */
const truth = (dice: Dice) => {
  const watts = Array.from({ length: 1 + dice.int(4) }, () => 100 * dice.int(300));
  return { power: 100 * dice.int(300), energy: 10_000 * (1 + dice.int(1000)), watts };
};

/** @param exponent of every factor: each value is a multiple of a hundred */
const modelsOf = ({ power, energy, watts }: ReturnType<typeof truth>, exponent: number): ValuedModel[] => [
  { id: 1, values: { Mn: 'Maker', SN: 'S1' } },
  { id: 103, values: { W: power, W_SF: exponent, WH: energy, WH_SF: exponent, Hz: 50, Hz_SF: 0, St: 4 } },
  {
    id: 160,
    repeats: watts.length,
    values: { DCW_SF: exponent, ...Object.fromEntries(watts.map((each, n) => [`module.${n + 1}.DCW`, each])) },
  },
];

/** Drives a device that answers each request with other factors, and adds what came of it to the report. */
export const runFlippingDevice = async (seed: number, report: PollingReport): Promise<void> => {
  const dice = createDice(seed);
  const values = truth(dice);
  const images = [0, 1, 2].map((exponent) => buildDevice(modelsOf(values, exponent)).words);
  const answer: SimulatedUnit = (address, count) =>
    unitOf(dice.pick([images[0], images[1], images[2]]) ?? new Map())(address, count);
  const { told, reason } = await drive(answer, 6);
  report.devices++;
  report.polled++;
  report.values += told.length;
  if (reason !== undefined) report.faults.push(`seed ${seed}, flipping factors: ${reason}`);
  const expected: Record<string, number> = {
    'solar/power': values.power,
    'solar/energy_produced': values.energy,
    'solar/dc_power': values.watts.reduce((sum, each) => sum + each, 0),
    ...Object.fromEntries(values.watts.map((each, n) => [`solar/${n + 1}/dc_power`, each])),
  };
  for (const { path, value } of told)
    if (path in expected && value !== expected[path])
      report.faults.push(`seed ${seed}, flipping factors: ${path} = ${String(value)}, not ${expected[path]}`);
  const missing = Object.keys(expected).filter((path) => !told.some((each) => each.path === path));
  if (missing.length > 0) report.faults.push(`seed ${seed}, flipping factors: ${missing.join(', ')} was never told`);
};

/** Drives so many devices, whose seeds follow each other: every tenth has factors that change between requests. */
export const runPollingCampaign = async (devices: number, seed: number): Promise<PollingReport> => {
  const report = emptyPollingReport();
  for (let n = 0; n < devices; n++)
    await (n % 10 === 9 ? runFlippingDevice(seed + n, report) : runFaultyDevice(seed + n, report));
  return report;
};
