/**
 * One device at work: runs its driver and says everything the rest of the street has to know: readings, which grow
 * old, meta, availability and events. Commands are carried out at its desk.
 */
import type { Actuator, Cycle, DeviceState, Driver } from '../drivers/driver.ts';
import { createBoot } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import type { Reading } from '../model/reading.ts';
import type { Clock } from '../model/time.ts';
import { createAgeWatch, endAgeWatch, watchAges } from './age-watch.ts';
import { closeDesk, createDesk, type Desk, letGo, resumeCommands } from './desk.ts';
import { topicFor } from './form.ts';
import { createLedger } from './ledger.ts';
import { componentKey } from './meta.ts';
import { noteDrift, noteLoss, noteMeasured, noteOffer, noteProgress, noteReturn } from './notices.ts';
import { createOutputs, lastReadings, takeSamples } from './outputs.ts';
import { createOwnerWatch } from './owner-watch.ts';
import { type Incoming, takeCommand } from './reception.ts';
import { setpointsOf } from './setpoints.ts';
import {
  announcements,
  announceNow,
  announceTransition,
  type BridgeOptions,
  type BridgeSink,
  describe,
  emit,
  lastMeasured,
  measuredOf,
  metaOf,
  reportStatus,
  type Work,
} from './work.ts';

export type { BridgeStatus } from './standing.ts';
export type { BridgeOptions, BridgeSink } from './work.ts';

export interface Bridge {
  start(): void;
  /**
   * @param isForGood nobody comes after it: what it holds is brought into its safe state first. Rejects where that
   * cannot be confirmed.
   */
  close(isForGood?: boolean): Promise<void>;
  /** A command for this device, or for another. */
  take(incoming: Incoming): void;
  /** A node has come to the broker or left it: what its requesters hold for their session may end. */
  nodeState(node: string, isOnline: boolean): void;
  /** What can be commanded, as far as it is known by now. */
  actuators(): Actuator[];
  /** The last reading of every channel, for the live view of the form. */
  snapshot(): Reading[];
  /** What the device said on the wire, by topic. */
  raw(): Record<string, string>;
  meta(): Message<'meta/1'>;
}

/** @param records of the journal */
const openDesk = (work: Work, records: unknown[]): Desk => {
  const { options, driver, clock, sink } = work;
  const { placement, trusted = [], journal } = options;
  const { device } = placement;
  return createDesk({ device, trusted }, createLedger(journal, records), clock, {
    apply: driver.apply,
    actuators: () => work.actuators,
    measured: (component) => lastMeasured(work, component),
    offline() {
      if (work.state.kind === 'connecting') return 'not connected yet';
      return work.state.kind === 'offline' ? work.state.reason : undefined;
    },
    respond: (topic, response, reply) => sink.answer({ ...response, topic }, reply),
    show: (component, shown, ended) => sink.events(setpointsOf(device, component, shown, ended, clock)),
    event: (component, name, severity, facts) => emit(work, component, name, severity, facts),
    unsafe(problem) {
      work.danger = problem;
      work.hasNews = true;
      announceNow(work);
    },
  });
};

/** Nothing was written down as long as there was none. */
const deskOf = (work: Work): Desk => {
  work.desk ??= openDesk(work, []);
  return work.desk;
};

const takeState = (work: Work, next: DeviceState): void => {
  const before = work.state;
  work.state = next;
  work.hasNews = true;
  announceTransition(work, before);
  if (next.kind === 'connecting') announceNow(work);
  if (before.kind === 'offline' && next.kind !== 'offline' && work.desk) noteReturn(work.desk);
};

/** A conclusion is no measurement: nothing is proven by it. */
const tellMeasured = (desk: Desk, { watched, clock }: Work, { samples }: Cycle): void => {
  for (const each of watched)
    for (const { channel, value, ts, isEstimated } of samples)
      if (channel === each.channel && typeof value === 'number' && !isEstimated)
        noteMeasured(desk, each.component, measuredOf(clock, each, value, ts));
};

const takeCycle = (work: Work, cycle: Cycle): void => {
  const { outputs, sink } = work;
  const { samples, durationMs, errors } = cycle;
  // A copy: V8 may give an array literal of this busy place to its old generation, where it would keep all its readings.
  const readings: Message[] = [...announcements(work)];
  takeSamples(outputs, cycle, readings);
  watchAges(work.ages);
  if (readings.length > 0) sink.readings(readings);
  if (work.reportsCycles)
    emit(work, undefined, 'bridge_cycle', 'debug', {
      data: { points: samples.length, duration_s: durationMs / 1000, errors },
    });
  reportStatus(work, durationMs);
  if (work.desk) tellMeasured(work.desk, work, cycle);
};

const startWork = (work: Work): void => {
  work.driver.start({
    described() {
      describe(work);
      work.isMetaDue = true;
      work.hasNews = true;
      if (work.desk) noteOffer(work.desk);
    },
    state: (next) => takeState(work, next),
    cycle: (cycle) => takeCycle(work, cycle),
    drifted: (actuator, what) => noteDrift(deskOf(work), actuator, what),
    progressed: (actuator, progress) => work.desk && noteProgress(work.desk, actuator, progress),
    event: ({ component, name, severity, ...facts }) =>
      emit(work, component && componentKey(component), name, severity, facts),
  });
  if (work.desk) resumeCommands(work.desk);
};

const nodeState = (work: Work, node: string, isOnline: boolean): void => {
  if (!isOnline) work.owners ??= createOwnerWatch(work.clock, (gone) => work.desk && noteLoss(work.desk, gone));
  work.owners?.take(node, isOnline);
};

const endWork = async (work: Work, isForGood: boolean): Promise<void> => {
  work.owners?.close();
  try {
    // Also where none was open: one that is closed takes no command any more.
    const desk = deskOf(work);
    if (isForGood) await letGo(desk);
    else closeDesk(desk);
  } finally {
    await work.driver.close();
    endAgeWatch(work.ages);
  }
};

const rawOf = ({ options, driver, outputs }: Work): Record<string, string> => {
  const seen = driver.inspect();
  return Object.fromEntries(
    outputs.channels.flatMap((each, channel) =>
      seen.has(channel) ? [[topicFor(each, options.placement.device), seen.get(channel) ?? '']] : [],
    ),
  );
};

/**
 * @param driver started and closed with the bridge
 */
export const createBridge = (options: BridgeOptions, driver: Driver, clock: Clock, sink: BridgeSink): Bridge => {
  const outputs = createOutputs(options.placement, createBoot(), driver.describe().source);
  const ages = createAgeWatch(outputs, clock, (old) => {
    if (old.length > 0) sink.readings(old);
    reportStatus(work);
  });
  const work: Work = {
    options,
    reportsCycles: options.reportsCycles === true,
    driver,
    clock,
    sink,
    outputs,
    ages,
    state: { kind: 'connecting' },
    danger: undefined,
    hasNews: true,
    isMetaDue: true,
    announced: undefined,
    actuators: [],
    watched: [],
    desk: undefined,
    owners: undefined,
  };
  describe(work);
  const records = options.journal.load();
  if (records.length > 0) work.desk = openDesk(work, records);
  return {
    start: () => startWork(work),
    take: (incoming) => takeCommand(deskOf(work), incoming),
    nodeState: (node, isOnline) => nodeState(work, node, isOnline),
    actuators: () => work.actuators,
    close: (isForGood = false) => endWork(work, isForGood),
    snapshot: () => lastReadings(outputs),
    raw: () => rawOf(work),
    meta: () => metaOf(work),
  };
};
