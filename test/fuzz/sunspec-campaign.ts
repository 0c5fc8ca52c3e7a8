/** Discovery against devices that are made by chance: what it reports has to be true, and it has to come to an end. */
import type { Bus } from '../../src/drivers/modbus/index.ts';
import {
  type ChainModel,
  discoverySentenceOf,
  findChainChange,
  isComplete,
  type ScanResult,
  type SunSpecDevice,
  scanForDevices,
} from '../../src/drivers/sunspec/index.ts';
import type { Clock } from '../../src/model/time.ts';
import { findModel } from '../support/sunspec/known-models.ts';
import { type SimulatedUnit, simulateUnits } from '../support/sunspec/simulated-units.ts';
import type { PlacedModel } from '../support/sunspec/sunspec-image.ts';
import { createDice } from './dice.ts';
import { type ImageCase, type ImageFault, makeImageCase } from './sunspec-images.ts';

export interface SunSpecReport {
  /** Cases, and models that were reported, by the fault of the device. */
  cases: Map<ImageFault, { cases: number; models: number; requests: number }>;
  mostRequests: number;
  /** Ends of lists, by their kind. */
  ends: Map<string, number>;
  /** Failures, in words; none is as it should be. */
  faults: string[];
}

const unit = 1;
/** The marker at three bases; four walks of 100 models with at most five requests each; 100 common models, point by point. */
const requestLimit = 3 + 4 * (100 * 5 + 2) + 100 * 7;

const isSame = (model: ChainModel, { id, address, length }: PlacedModel): boolean =>
  model.id === id && model.address === address && model.length === length;

/** @returns whether these are the first models of a layout, and nothing is trusted beyond what each has */
const isBeginning = (models: readonly ChainModel[], layout: readonly PlacedModel[]): boolean =>
  models.every((model, n) => {
    const placed = layout[n];
    return placed !== undefined && isSame(model, placed) && model.trustedLength <= Math.max(placed.size, 0);
  });

/** Models without a definition are listed, and nothing is laid upon them. */
const isHarmless = ({ trustedLength, name }: ChainModel): boolean => trustedLength === 0 && name === undefined;

/** @returns reported models up to the last that is laid out: those behind it claim nothing */
const claims = (models: readonly ChainModel[]): ChainModel[] =>
  models.slice(0, models.findLastIndex((model) => !isHarmless(model)) + 1);

const deviceFaults = (device: SunSpecDevice, { fault, layouts, isFindable, wordAt }: ImageCase): string[] => {
  const faults: string[] = [];
  const { models, end, notes } = device;
  const canBeNoise = fault === 'noise' || fault === 'unknown_wrong_length';
  const claimed = canBeNoise ? claims(models) : models;
  if (!layouts.some((layout) => isBeginning(claimed, layout))) faults.push('a model was reported that is not true');
  const isWhole = layouts.some((layout) => layout.length === models.length && isBeginning(models, layout));
  if (isFindable && !isWhole) faults.push('not all of the true models were found');
  if (end.kind !== 'end_model' && notes.length === 0) faults.push('the end of the list has no reason');
  // What has changed since is noticed by the headers alone.
  const last = layouts.at(-1) ?? [];
  const isUnchanged = findChainChange(device, (address) => wordAt(address) ?? 'refused') === undefined;
  if (fault === 'moving' && isUnchanged && isComplete(end) && !isBeginning(models, last))
    faults.push('models have moved, and the headers do not show it');
  return faults;
};

const resultFaults = (result: ScanResult, given: ImageCase): string[] => {
  const { devices, notes, units, requests } = result;
  const faults = devices.flatMap((device) => deviceFaults(device, given));
  if (devices.length === 0 && notes.length === 0) faults.push('no device, and no reason');
  if (devices.length === 0 && given.isFindable) faults.push('the device was not found');
  if (devices.length > 1 || units.length !== 1) faults.push(`${devices.length} devices on ${units.length} units`);
  if (requests > requestLimit) faults.push(`${requests} requests`);
  const said = [...notes, ...devices.flatMap((device) => device.notes)].map(discoverySentenceOf);
  return [
    ...faults,
    ...said.filter((text) => /__|undefined|NaN/.test(text)).map((text) => `an unfinished sentence: ${text}`),
  ];
};

/** A connection to one unit. */
export interface FuzzConnection {
  bus: Bus;
  clock: Clock;
  close?(): Promise<void>;
}

const withoutSockets = async (answer: SimulatedUnit): Promise<FuzzConnection> => simulateUnits({ [unit]: answer });

interface CaseOptions {
  /** Absent: the one that chance gives. */
  fault?: ImageFault;
  /** Makes the connection to a device; absent: without sockets. */
  connect?(answer: SimulatedUnit): Promise<FuzzConnection>;
}

/** Discovers one device, and adds what came of it to the report. */
export const runSunSpecCase = async (seed: number, report: SunSpecReport, options: CaseOptions = {}): Promise<void> => {
  const { fault, connect = withoutSockets } = options;
  const given = makeImageCase(createDice(seed), fault);
  const { bus, clock, close } = await connect(given.answer);
  const tell = (what: string): void => void report.faults.push(`seed ${seed} (${given.fault}): ${what}`);
  let result: ScanResult;
  try {
    result = await scanForDevices(bus, { findModel, clock, units: [unit] });
  } catch (error) {
    tell(`it threw ${String(error)}`);
    return;
  } finally {
    await close?.();
  }
  for (const what of resultFaults(result, given)) tell(`${what}: ${JSON.stringify(result)}`);
  const sum = report.cases.get(given.fault) ?? { cases: 0, models: 0, requests: 0 };
  report.cases.set(given.fault, sum);
  sum.cases++;
  sum.requests += result.requests;
  report.mostRequests = Math.max(report.mostRequests, result.requests);
  for (const { models, end } of result.devices) {
    sum.models += models.length;
    report.ends.set(end.kind, (report.ends.get(end.kind) ?? 0) + 1);
  }
};

export const emptyReport = (): SunSpecReport => ({ cases: new Map(), mostRequests: 0, ends: new Map(), faults: [] });

/** Runs so many cases, whose seeds follow each other. */
export const runSunSpecCampaign = async (cases: number, seed: number): Promise<SunSpecReport> => {
  const report = emptyReport();
  for (let n = 0; n < cases; n++) await runSunSpecCase(seed + n, report);
  return report;
};
