/**
 * One device at work: runs its driver and says everything the rest of the street has to know: readings, which grow
 * old, meta, availability and events. Commands are carried out at its desk.
 */
import type { Actuator, Cycle, DeviceState, Driver } from '../drivers/driver.ts';
import type { Event } from '../model/event.ts';
import { createBoot, createEventId } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import type { Reading } from '../model/reading.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { type AgeWatch, createAgeWatch, endAgeWatch, watchAges } from './age-watch.ts';
import {
  closeDesk,
  createDesk,
  type Desk,
  type Incoming,
  letGo,
  noteCharge,
  noteDrift,
  noteLoss,
  noteOffer,
  noteReturn,
  resumeCommands,
  takeCommand,
} from './desk.ts';
import { topicFor } from './form.ts';
import { createLedger, type Journal, type Reply } from './ledger.ts';
import { componentKey, describeDevice, type Placement } from './meta.ts';
import { createOutputs, lastReadings, type Outputs, takeSamples, takeUpChannels } from './outputs.ts';
import { createOwnerWatch, type OwnerWatch } from './owner-watch.ts';
import { setpointsOf } from './setpoints.ts';
import { availabilityOf, type BridgeStatus, shownState, statusOf, textOf } from './standing.ts';

export type { BridgeStatus } from './standing.ts';

export interface BridgeSink {
  /** Meta and availability first and whenever they change, then readings: one array per cycle. */
  readings(messages: Message[]): void;
  /** Events and setpoints. */
  events(messages: Message[]): void;
  answer(response: Message<'response/1'>, reply: Reply): void;
  /** What is true now, for the status of the node. */
  status(status: BridgeStatus): void;
}

export interface BridgeOptions {
  placement: Placement;
  /** Emit bridge_cycle for every poll. */
  reportsCycles?: boolean;
  /** Requesters that may claim the reserved priorities. */
  trusted?: string[];
  /** What its commands leave behind for the next start. */
  journal: Journal;
}

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

/** What a bridge knows while it works. There are thousands of them: what is done with it stands beside it once. */
interface Work {
  readonly options: BridgeOptions;
  readonly reportsCycles: boolean;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly sink: BridgeSink;
  readonly outputs: Outputs;
  readonly ages: AgeWatch;
  state: DeviceState;
  /** What should be in its safe state and is not known to be. */
  danger: string | undefined;
  /** There may be something to announce. */
  hasNews: boolean;
  isMetaDue: boolean;
  /** The availability that was told last. */
  announced: string | undefined;
  actuators: Actuator[];
  /** States of charge, which commands may have as their goal. */
  goals: { channel: number; component: string }[];
  /** Opened for the first command: most devices are never told anything. */
  desk: Desk | undefined;
  owners: OwnerWatch | undefined;
}

const describe = (work: Work): void => {
  const { outputs, driver } = work;
  takeUpChannels(outputs, driver.describe());
  work.actuators = driver.actuators();
  work.goals = outputs.channels.flatMap((channel, nth) =>
    channel.quantity === 'soc' && channel.part === undefined
      ? [{ channel: nth, component: componentKey(channel) }]
      : [],
  );
};

const metaOf = ({ options, driver, outputs, actuators, clock }: Work): Message<'meta/1'> =>
  describeDevice(
    { ...driver.describe(), channels: outputs.channels },
    outputs.derived.map(({ channel }) => channel),
    actuators,
    options.placement,
    isoTime(clock.now()),
  );

const emit = (
  { options, clock, sink }: Work,
  component: string | undefined,
  name: string,
  severity: Event['severity'],
  facts: Partial<Event>,
): void => {
  const { device } = options.placement;
  const from = component === undefined ? `devices/${device}` : `devices/${device}/${component}`;
  const ts = isoTime(clock.now());
  sink.events([
    { topic: `${from}/event/${name}`, schema: 'event/1', id: createEventId(), name, severity, ts, ...facts },
  ]);
};

const nothing: Message[] = [];

/** Meta and availability, where they are due. */
const announcements = (work: Work): Message[] => {
  if (!work.hasNews) return nothing;
  work.hasNews = false;
  const due: Message[] = [];
  if (work.isMetaDue) {
    work.isMetaDue = false;
    due.push(metaOf(work));
  }
  if (work.state.kind === 'connecting') return due;
  const shown = shownState(work.state, work.danger);
  const text = textOf(shown);
  if (text !== work.announced) {
    work.announced = text;
    due.push(availabilityOf(work.options.placement.device, shown, work.clock));
  }
  return due;
};

const reportStatus = ({ state, danger, outputs, clock, sink }: Work, durationMs = 0): void =>
  sink.status(statusOf(shownState(state, danger), outputs, durationMs, clock));

const announceNow = (work: Work): void => {
  const due = announcements(work);
  if (due.length > 0) work.sink.readings(due);
  reportStatus(work);
};

const isAnswering = ({ kind }: DeviceState): boolean => kind === 'online' || kind === 'degraded';

const announceTransition = (work: Work, before: DeviceState): void => {
  const { state, driver } = work;
  if (isAnswering(state) && !isAnswering(before)) {
    const { vendor, model, serial, firmware, protocol, channels } = driver.describe();
    const data = {
      protocol,
      points: channels.length,
      ...(vendor && { vendor }),
      ...(model && { model }),
      ...(serial && { serial }),
      ...(firmware && { firmware }),
    };
    emit(work, undefined, 'bridge_online', 'info', { data });
  }
  if (state.kind === 'offline' && before.kind !== 'offline')
    emit(work, undefined, 'bridge_offline', 'warning', { data: { reason: state.reason } });
};

/** @param records of the journal */
const openDesk = (work: Work, records: unknown[]): Desk => {
  const { options, driver, clock, sink } = work;
  const { placement, trusted = [], journal } = options;
  const { device } = placement;
  return createDesk({ device, trusted }, createLedger(journal, records), clock, {
    apply: driver.apply,
    actuators: () => work.actuators,
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

const watchGoals = (desk: Desk, { goals }: Work, { samples }: Cycle): void => {
  for (const { channel, component } of goals)
    for (const sample of samples)
      if (sample.channel === channel && typeof sample.value === 'number') noteCharge(desk, component, sample.value);
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
  if (work.desk) watchGoals(work.desk, work, cycle);
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
    goals: [],
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
