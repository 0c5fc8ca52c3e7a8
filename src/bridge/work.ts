/**
 * What a bridge knows while it works, and what it tells by itself: meta, availability, events, and the status of its
 * node.
 */
import type { Journal } from '../common/journal.ts';
import type { Actuator, DeviceState, Driver } from '../drivers/driver.ts';
import type { Event } from '../model/event.ts';
import { createEventId } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';
import type { AgeWatch } from './age-watch.ts';
import type { Desk } from './desk.ts';
import type { Measured } from './effect-watch.ts';
import { withGoals } from './goals.ts';
import type { Reply } from './ledger.ts';
import { componentKey, describeDevice, type Placement } from './meta.ts';
import { lastOf, type Outputs, takeUpChannels } from './outputs.ts';
import type { OwnerWatch } from './owner-watch.ts';
import { availabilityOf, type BridgeStatus, shownState, statusOf, textOf } from './standing.ts';

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

/** What a bridge knows while it works. There are thousands of them: what is done with it stands beside it once. */
export interface Work {
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
  /** Channels that are the goal of commands, or show what became of them. */
  watched: { channel: number; component: string; quantity: string; part: string | undefined }[];
  /** Opened for the first command: most devices are never told anything. */
  desk: Desk | undefined;
  owners: OwnerWatch | undefined;
}

const watchedQuantities = new Set(['soc', 'power', 'current']);

/** What the driver shows of the device by now. */
export const describe = (work: Work): void => {
  const { outputs, driver } = work;
  takeUpChannels(outputs, driver.describe());
  const actuators = driver.actuators();
  // A driver that tells what comes of a command needs nobody else to look.
  const told = new Set(actuators.filter(({ tellsProgress }) => tellsProgress).map(componentKey));
  const commanded = new Set(actuators.map(componentKey).filter((each) => !told.has(each)));
  work.watched = outputs.channels.flatMap((each, channel) => {
    const { quantity, part } = each;
    const component = componentKey(each);
    return watchedQuantities.has(quantity) && commanded.has(component) ? [{ channel, component, quantity, part }] : [];
  });
  const charged = new Set(work.watched.flatMap(({ quantity, component }) => (quantity === 'soc' ? component : [])));
  work.actuators = actuators.map((each) => withGoals(each, charged.has(componentKey(each))));
};

/** Also where the clock of the wall is set while somebody looks at it. */
export const measuredOf = (
  clock: Clock,
  { quantity, part }: Work['watched'][number],
  value: number,
  ts: number,
): Measured => {
  const at = clock.monotonic() - Math.max(0, clock.now() - ts);
  return { quantity, value, ts, at, ...(part === undefined ? {} : { part }) };
};

/** The last values of a component that are good. */
export const lastMeasured = ({ watched, outputs, clock }: Work, component: string): Measured[] =>
  watched.flatMap((each) => {
    const last = each.component === component ? lastOf(outputs, each.channel) : undefined;
    return last ? [measuredOf(clock, each, last.value, last.ts)] : [];
  });

export const metaOf = ({ options, driver, outputs, actuators, clock }: Work): Message<'meta/1'> =>
  describeDevice(
    { ...driver.describe(), channels: outputs.channels },
    outputs.derived.map(({ channel }) => channel),
    actuators,
    options.placement,
    isoTime(clock.now()),
  );

/** @param component undefined: the device as a whole */
export const emit = (
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
export const announcements = (work: Work): Message[] => {
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

export const reportStatus = ({ state, danger, outputs, clock, sink }: Work, durationMs = 0): void =>
  sink.status(statusOf(shownState(state, danger), outputs, durationMs, clock));

export const announceNow = (work: Work): void => {
  const due = announcements(work);
  if (due.length > 0) work.sink.readings(due);
  reportStatus(work);
};

const isAnswering = ({ kind }: DeviceState): boolean => kind === 'online' || kind === 'degraded';

export const announceTransition = (work: Work, before: DeviceState): void => {
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
