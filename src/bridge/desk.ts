/** The commands of one device: what holds its actuators, over restarts and losses, and what becomes known of that. */
import type { EndReason, Lease } from '../control/leases.ts';
import type { Actuator, Applied, Order } from '../drivers/driver.ts';
import type { Response } from '../model/command.ts';
import type { Event } from '../model/event.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { type Acting, createActing } from './acting.ts';
import type { Configuring } from './configuring.ts';
import type { Measured } from './effect-watch.ts';
import { type Ledger, pendingCommands, type Reply, saveCommand, saveState } from './ledger.ts';
import { componentKey } from './meta.ts';
import type { Shown } from './orders.ts';
import type { Answer } from './riders.ts';
import { createSteering, type Steering } from './steering.ts';

export interface DeskOptions {
  device: string;
  /** Requesters that may claim the reserved priorities; "*" at the end stands for anything. */
  trusted: string[];
}

export interface DeskSink {
  apply(order: Order, signal: AbortSignal): Promise<Applied>;
  actuators(): Actuator[];
  /** The last values of a component that are good. */
  measured(component: string): Measured[];
  /** Why the device cannot be reached, if so. */
  offline(): string | undefined;
  respond(topic: string, response: Response, reply: Reply): void;
  /** Setpoints of a component: those in force, and the verbs that are over. */
  show(component: string, shown: Shown[], ended: string[]): void;
  /** Something happened to a component; undefined: to the device. */
  event(component: string | undefined, name: string, severity: Event['severity'], facts: Partial<Event>): void;
  /** An actuator that should be in its safe state and is not known to be. */
  unsafe(problem: string | undefined): void;
}

/** The commands of one device. */
export interface Desk {
  readonly options: DeskOptions;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly sink: DeskSink;
  readonly acting: Acting;
  /** Actuators that are held or were; most of a device never are, and have none. */
  readonly lines: Map<string, { component: string; steering: Steering }>;
  /** By actuator. */
  readonly configurings: Map<string, Configuring>;
  /** By actuator: what is not in its safe state. */
  readonly problems: Map<string, string>;
  isClosed: boolean;
}

export const componentOf = ({ type, index }: { type: string; index?: number }): string =>
  componentKey({ type, ...(index === undefined ? {} : { index }) });

export const toResponse = (
  { clock }: Desk,
  id: string,
  verb: string,
  answer: Answer | { status: 'accepted' },
): Response => {
  const { leaseUntil, message, ...rest } = answer as Answer;
  return {
    schema: 'response/1',
    id,
    command: verb,
    ...rest,
    ...(message === undefined ? {} : { message: message.slice(0, 1024) }),
    ts: isoTime(clock.now()),
    ...(leaseUntil === undefined ? {} : { lease_until: isoTime(leaseUntil) }),
  };
};

const describeHolder = (lease: Lease): Record<string, string | number> => ({
  command: lease.verb,
  owner: lease.owner,
  priority: lease.priority,
  id: lease.id,
  until: isoTime(lease.untilWall),
});

const tellUnsafe = ({ problems, sink }: Desk, key: string, problem: string | undefined): void => {
  if (problem === undefined) problems.delete(key);
  else problems.set(key, problem);
  const [first] = problems.values();
  sink.unsafe(first);
};

export const openLine = (desk: Desk, actuator: Actuator): Steering => {
  const { lines, ledger, clock, sink } = desk;
  const { key } = actuator;
  const open = lines.get(key);
  if (open) return open.steering;
  const component = componentOf(actuator);
  const describe = (): Actuator | undefined => sink.actuators().find((each) => each.key === key);
  const steering = createSteering(describe, key, ledger.states.get(key), clock, {
    apply: sink.apply,
    save: (state, isUrgent) => saveState(ledger, key, state, isUrgent),
    show: (shown, ended) => sink.show(component, shown, ended),
    ended(lease, reason: EndReason) {
      const severity = reason === 'released' || reason === 'target_reached' ? 'info' : 'warning';
      const name = reason === 'target_reached' ? reason : reason === 'released' ? 'lease_released' : 'lease_expired';
      sink.event(component, name, severity, { data: { ...describeHolder(lease), reason } });
    },
    missed: (verb, told, { what, reason }) =>
      sink.event(component, 'setpoint_not_reached', 'warning', {
        ...(what === undefined ? {} : { message: what.slice(0, 1024) }),
        data: { command: verb, ...told, ...(reason === undefined ? {} : { reason }) },
      }),
    displaced: (lease, by) =>
      sink.event(component, 'owner_conflict', 'warning', {
        data: { lost: describeHolder(lease), holds: describeHolder(by) },
      }),
    unsafe(problem) {
      tellUnsafe(desk, key, problem);
      sink.event(component, 'failsafe_unconfirmed', 'alarm', {
        state: problem === undefined ? 'cleared' : 'active',
        ...(problem === undefined ? {} : { message: problem.slice(0, 1024) }),
      });
    },
    failsafe: () =>
      sink.event(component, 'failsafe_entered', 'warning', { data: { ...(describe()?.fallback?.means as object) } }),
  });
  for (const each of sink.measured(component)) steering.measured(each);
  lines.set(key, { component, steering });
  return steering;
};

/** Of what was held before a restart. @returns those that are new */
export const takeUp = (desk: Desk): Steering[] => {
  const { sink, lines, ledger } = desk;
  return sink
    .actuators()
    .filter(({ key, fallback }) => fallback && !lines.has(key) && ledger.states.has(key))
    .map((actuator) => openLine(desk, actuator));
};

export const createDesk = (options: DeskOptions, ledger: Ledger, clock: Clock, sink: DeskSink): Desk => {
  const desk: Desk = {
    options,
    ledger,
    clock,
    sink,
    acting: createActing(clock, sink.apply),
    lines: new Map(),
    configurings: new Map(),
    problems: new Map(),
    isClosed: false,
  };
  takeUp(desk);
  return desk;
};

/** Commands that a restart cut off: those whose lease still lasts are carried out again, the rest is told. */
export const resumeCommands = (desk: Desk): void => {
  const { ledger, lines, sink } = desk;
  const requests = pendingCommands(ledger).map((command) => ({
    actuator: command.actuator,
    request: {
      id: command.id,
      startBy: Number.POSITIVE_INFINITY,
      isClamped: false,
      isResumed: true,
      settle(answer: Answer) {
        const response = toResponse(desk, command.id, command.topic.split('/').at(-1) ?? '', answer);
        sink.respond(command.topic, response, command.reply);
        saveCommand(ledger, { ...command, answer: response });
      },
    },
  }));
  for (const actuator of sink.actuators())
    if (actuator.fallback && requests.some((each) => each.actuator === actuator.key)) openLine(desk, actuator);
  for (const [key, { steering }] of lines)
    steering.start(requests.filter(({ actuator }) => actuator === key).map(({ request }) => request));
  for (const { actuator, request } of requests)
    if (!lines.has(actuator))
      request.settle({
        status: 'failed',
        code: 'INTERNAL',
        message: 'the runtime restarted while it was carried out; whether it took effect is not known',
      });
};

export const closeDesk = (desk: Desk): void => {
  desk.isClosed = true;
  for (const { steering } of desk.lines.values()) steering.close();
  for (const configuring of desk.configurings.values()) configuring.close();
  desk.acting.isClosed = true;
};

/** Ends for good, with every actuator that is held in its safe state. Rejects with the first that is not. */
export const letGo = async (desk: Desk): Promise<void> => {
  const results = await Promise.allSettled([...desk.lines.values()].map(({ steering }) => steering.letGo()));
  closeDesk(desk);
  const failed = results.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
};
