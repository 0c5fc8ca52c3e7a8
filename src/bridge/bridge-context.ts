/** The context of one device that all parts of its bridge share, and the one sink to which they report. */
import type { Journal } from '../common/journal.ts';
import type { Actuator, DeviceState, Driver } from '../drivers/driver.ts';
import type { Event } from '../model/event.ts';
import { createEventId } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { componentKey } from '../model/topic.ts';
import type { Reply } from './commands/command-journal.ts';
import { ObservedValues } from './commands/observed-values.ts';
import { withTargetSoc } from './commands/target-soc.ts';
import { Availability, type BridgeStatus } from './readings/availability.ts';
import { deviceMeta, type Placement } from './readings/device-meta.ts';
import { Readings } from './readings/readings.ts';

/** The one sink of a bridge, to which all of its parts report. */
export interface BridgeSink {
  /** Meta and availability first, and whenever they change, then readings: one array for each cycle. */
  readings(messages: Message[]): void;
  /** Events and setpoints. */
  events(messages: Message[]): void;
  /** @param reply where else the answer is wanted */
  answer(response: Message<'response/1'>, reply: Reply): void;
  /** The status of the node; called also if that has not changed. */
  status(status: BridgeStatus): void;
}

/** A device, and how its bridge treats it. */
export interface BridgeOptions {
  placement: Placement;
  /** Started and closed with the bridge. */
  driver: Driver;
  clock: Clock;
  /** Records of the commands, for the next start. */
  journal: Journal;
  /** Whether an event bridge_cycle is told for every cycle. */
  reportsCycles?: boolean;
  /** Requesters that may claim the reserved priorities; "*" at the end stands for anything. */
  trusted?: string[];
}

/** An event of the bridge or its driver; the context adds topic, time, and an id if there is none. */
type EventFacts = Pick<Event, 'name' | 'severity'> & Partial<Event>;

const isAnswering = ({ kind }: DeviceState): boolean => kind === 'online' || kind === 'degraded';

/** The state of one device. */
export class BridgeContext {
  readonly placement: Placement;
  readonly device: string;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly sink: BridgeSink;
  readonly journal: Journal;
  readonly trusted: readonly string[];
  readonly readings: Readings;
  readonly availability: Availability;
  readonly observed: ObservedValues;
  /** As the driver describes them now, with the parameters that the bridge adds. */
  actuators: Actuator[] = [];
  /** Whether meta or availability may be due. */
  hasNews = true;
  #isMetaDue = true;

  constructor({ placement, driver, clock, journal, trusted = [] }: BridgeOptions, sink: BridgeSink) {
    this.placement = placement;
    this.device = placement.device;
    this.driver = driver;
    this.clock = clock;
    this.sink = sink;
    this.journal = journal;
    this.trusted = trusted;
    this.readings = new Readings(placement, driver.describe().source);
    this.availability = new Availability(placement.device, clock);
    this.observed = new ObservedValues(this.readings, clock);
    this.describe();
  }

  /** Takes over what the driver knows of the device by now; meta is due. */
  describe(): void {
    const { driver, readings, observed } = this;
    readings.addChannels(driver.describe());
    const actuators = driver.actuators();
    observed.update(readings.channels, actuators);
    this.actuators = actuators.map((each) => withTargetSoc(each, observed.hasSoc(componentKey(each))));
    this.#isMetaDue = true;
    this.hasNews = true;
  }

  meta(): Message<'meta/1'> {
    const { driver, readings, actuators, placement, clock } = this;
    const description = { ...driver.describe(), channels: readings.channels };
    const derived = readings.derived.map(({ channel }) => channel);
    return deviceMeta({ description, derived, actuators, placement }, isoTime(clock.now()));
  }

  /** @param component "battery", "ev_charger/1"; undefined: the device as a whole */
  emit(component: string | undefined, facts: EventFacts): void {
    const from = component === undefined ? `devices/${this.device}` : `devices/${this.device}/${component}`;
    const ts = isoTime(this.clock.now());
    const topic = `${from}/event/${facts.name}`;
    this.sink.events([{ topic, schema: 'event/1', id: createEventId(), ts, ...facts }]);
  }

  /** The driver tells another state. */
  setState(state: DeviceState): void {
    const before = this.availability.state;
    this.availability.state = state;
    this.hasNews = true;
    if (isAnswering(state) && !isAnswering(before)) this.#emitOnline();
    if (state.kind === 'offline' && before.kind !== 'offline')
      this.emit(undefined, {
        name: 'bridge_offline',
        // Nobody has to be woken up because a device sleeps.
        severity: state.asleepSince === undefined ? 'warning' : 'info',
        data: { reason: state.reason },
      });
    if (state.kind === 'connecting') this.announce();
  }

  /** @param problem why the safe state of an actuator is not confirmed; undefined: the safe state is confirmed */
  setUnconfirmed(actuator: string, problem: string | undefined): void {
    this.availability.setUnconfirmed(actuator, problem);
    this.announce();
  }

  /** Publishes meta and availability, if they are due, and the status. */
  announce(): void {
    const due = this.takeNews();
    if (due.length > 0) this.sink.readings(due);
    this.sink.status(this.availability.status(this.readings, 0));
  }

  /** @returns meta and availability, if they are due; they count as published now */
  takeNews(): Message[] {
    this.hasNews = false;
    const meta = this.#isMetaDue ? [this.meta()] : [];
    this.#isMetaDue = false;
    const availability = this.availability.takeChange();
    return availability ? [...meta, availability] : meta;
  }

  #emitOnline(): void {
    const { vendor, model, serial, firmware, protocol, channels, facts } = this.driver.describe();
    const data = {
      protocol,
      points: channels.length,
      ...(vendor && { vendor }),
      ...(model && { model }),
      ...(serial && { serial }),
      ...(firmware && { firmware }),
      ...facts,
    };
    this.emit(undefined, { name: 'bridge_online', severity: 'info', data });
  }
}
