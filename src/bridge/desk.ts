/**
 * Where commands for one device arrive: each is checked, taken in or refused, and answered: "accepted", then exactly
 * one outcome. The same id with the same content gets the same answer and nothing is done twice.
 */
import { createHash } from 'node:crypto';
import type { EndReason, Lease } from '../control/leases.ts';
import type { Actuator, Applied, Order } from '../drivers/driver.ts';
import { isRecord } from '../model/check.ts';
import { commandDefaults, type Response } from '../model/command.ts';
import type { Event } from '../model/event.ts';
import { type Clock, isoTime, parseTime } from '../model/time.ts';
import { parseTopic } from '../model/topic.ts';
import { type Acting, act, createActing } from './acting.ts';
import { type Configuring, createConfiguring } from './configuring.ts';
import { type Judged, judge } from './judge.ts';
import { type KnownCommand, type Ledger, pendingCommands, type Reply, saveCommand, saveState } from './ledger.ts';
import { componentKey } from './meta.ts';
import type { Shown } from './orders.ts';
import type { Answer, Request } from './riders.ts';
import { createSteering, type Steering, unwritten } from './steering.ts';

/** A command as it came, and what is known of its way. */
export interface Incoming {
  topic: string;
  /** The payload as an object, not checked yet. */
  body: Record<string, unknown>;
  /** It was stored by the broker and is of any age. */
  isRetained: boolean;
  reply: Reply;
}

export interface DeskOptions {
  device: string;
  /** Requesters that may claim the reserved priorities; "*" at the end stands for anything. */
  trusted: string[];
}

export interface DeskSink {
  apply(order: Order, signal: AbortSignal): Promise<Applied>;
  actuators(): Actuator[];
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

const retained: Judged = {
  ok: false,
  status: 'rejected',
  code: 'RETAINED',
  message: 'a retained command is never carried out',
};
type Judging = Extract<Judged, { ok: true }>;

/** Keys in order, so that the same content has the same digest however its sender wrote it. */
const inOrder = (_: string, value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

const digestOf = (topic: string, body: Record<string, unknown>): string =>
  createHash('sha1')
    .update(JSON.stringify([topic, body], inOrder))
    .digest('base64');

/** Whether a lease has what it was to last for. */
const isReached = ({ verb, params: { until_soc: goal } }: Lease, soc: number): boolean =>
  typeof goal === 'number' && (verb === 'charge' ? soc >= goal : verb === 'discharge' && soc <= goal);

const componentOf = ({ type, index }: { type: string; index?: number }): string =>
  componentKey({ type, ...(index === undefined ? {} : { index }) });

const idOf = ({ id }: Record<string, unknown>): string | undefined =>
  typeof id === 'string' && id.length >= 1 && id.length <= 64 ? id : undefined;

const toResponse = ({ clock }: Desk, id: string, verb: string, answer: Answer | { status: 'accepted' }): Response => {
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

const openLine = (desk: Desk, actuator: Actuator): Steering => {
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
  lines.set(key, { component, steering });
  return steering;
};

/** Of what was held before a restart. @returns those that are new */
const takeUp = (desk: Desk): Steering[] => {
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

const configuringOf = ({ configurings, clock, sink }: Desk, actuator: Actuator): Configuring => {
  const known = configurings.get(actuator.key) ?? createConfiguring(actuator, clock, sink.apply);
  configurings.set(actuator.key, known);
  return known;
};

const startBy = ({ ts, ttl_s }: Judging['command'], clock: Clock): number =>
  clock.monotonic() + Math.min(ttl_s * 1000, parseTime(ts) + ttl_s * 1000 - clock.now());

const hand = (desk: Desk, name: string, judged: Judging, request: Request): void => {
  const { command, verb, params, actuators } = judged;
  const { priority = commandDefaults.priority, requester: owner, lease_s = 0, bind_to_session = false } = command;
  const [actuator] = actuators;
  if (verb.kind === 'release') {
    releaseAll(desk, owner, typeof params.command === 'string' ? params.command : undefined, actuators, request);
    return;
  }
  if (!actuator) return;
  if (verb.kind === 'config') {
    configuringOf(desk, actuator).configure(name, params, request);
    return;
  }
  if (verb.kind === 'action') {
    act(desk.acting, actuator.key, name, params, request);
    return;
  }
  const [value] = Object.values(params);
  openLine(desk, actuator).claim(
    {
      id: command.id,
      owner,
      verb: name,
      kind: verb.kind,
      params,
      ...(verb.kind === 'limit' && typeof value === 'number' ? { value } : {}),
      priority,
      durationMs: lease_s * 1000,
      isBound: bind_to_session,
    },
    request,
  );
};

/** One answer for all actuators of a component: the first that is not "completed", else the last. */
const releaseAll = (
  desk: Desk,
  owner: string,
  verb: string | undefined,
  actuators: Actuator[],
  request: Request,
): void => {
  const steered = actuators.filter(({ fallback }) => fallback);
  const answers: Answer[] = [];
  const settle = (answer: Answer): void => {
    answers.push(answer);
    if (answers.length < steered.length) return;
    const told = answers.filter(({ reason }) => reason !== 'nothing_held');
    request.settle(told.find(({ status }) => status !== 'completed') ?? told[0] ?? answer);
  };
  for (const actuator of steered) openLine(desk, actuator).release(owner, verb, { ...request, settle });
};

export const takeCommand = (desk: Desk, incoming: Incoming): void => {
  const { options, ledger, clock, sink } = desk;
  const { device, trusted } = options;
  const { topic: text, body, isRetained, reply } = incoming;
  const topic = parseTopic(text);
  if (!topic.ok || topic.value.kind !== 'action' || topic.value.action !== 'command') return;
  if (topic.value.device !== device || desk.isClosed) return;
  const { type, index, verb } = topic.value;
  const component = componentOf({ type, ...(index === undefined ? {} : { index }) });
  const id = idOf(body);
  if (id === undefined) {
    sink.event(undefined, 'command_rejected', 'warning', {
      message: 'a command without an id',
      data: { topic: text },
    });
    return;
  }
  const answerTopic = `devices/${device}/${component}/response/${verb}`;
  const tell = (answer: Answer | { status: 'accepted' }): Response => {
    const response = toResponse(desk, id, verb, answer);
    sink.respond(answerTopic, response, reply);
    return response;
  };
  if (isRetained) sink.event(undefined, 'retained_command_rejected', 'warning', { data: { topic: text, id } });
  const digest = digestOf(text, body);
  const known = ledger.commands.get(id);
  if (known) {
    if (known.digest !== digest)
      tell({ status: 'rejected', code: 'DUPLICATE', message: 'another command had this id before' });
    else sink.respond(answerTopic, known.answer ?? toResponse(desk, id, verb, { status: 'accepted' }), reply);
    return;
  }
  const judged = isRetained
    ? retained
    : judge(component, type, verb, body, {
        trusted,
        actuators: sink.actuators(),
        offline: sink.offline(),
        now: clock.now(),
      });
  const command: KnownCommand = {
    id,
    digest,
    topic: answerTopic,
    actuator: judged.ok ? (judged.actuators[0]?.key ?? '') : '',
    reply,
  };
  if (!judged.ok) {
    const { status, code, message } = judged;
    saveCommand(ledger, { ...command, answer: tell({ status, code, message }) });
    return;
  }
  if (!saveCommand(ledger, command)) {
    saveCommand(ledger, { ...command, answer: tell({ status: 'rejected', code: 'INTERNAL', message: unwritten }) });
    return;
  }
  // The write is on its way before the first answer is: told in order, but not waited for.
  let early: Answer | undefined;
  let isAccepted = false;
  const settle = (answer: Answer): void => {
    if (!isAccepted) early = answer;
    else saveCommand(ledger, { ...command, answer: tell(answer) });
  };
  hand(desk, verb, judged, { id, startBy: startBy(judged.command, clock), isClamped: judged.isClamped, settle });
  tell({ status: 'accepted' });
  isAccepted = true;
  if (early) settle(early);
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

/** The device does not hold any more what it was told. */
export const noteDrift = ({ sink, lines }: Desk, key: string, what: string): void => {
  const actuator = sink.actuators().find((each) => each.key === key);
  if (!actuator?.fallback) return;
  sink.event(componentOf(actuator), 'setpoint_lost', 'warning', { message: what.slice(0, 1024) });
  lines.get(key)?.steering.drifted();
};

/** The device answers again. */
export const noteReturn = ({ lines }: Desk): void => {
  for (const { steering } of lines.values()) steering.returned();
};

/** The device may have more to command than before. */
export const noteOffer = (desk: Desk): void => {
  for (const steering of takeUp(desk)) steering.start([]);
};

/** A node left the broker: what its requesters hold for their session ends. */
export const noteLoss = ({ lines }: Desk, node: string): void => {
  for (const { steering } of lines.values())
    steering.endWhere(({ owner, isBound }) => isBound && owner.split('/')[0] === node, 'owner_offline');
};

/** A component has this state of charge now, %. */
export const noteCharge = ({ lines }: Desk, component: string, soc: number): void => {
  for (const { component: own, steering } of lines.values()) {
    const holder = own === component ? steering.holder() : undefined;
    if (holder && isReached(holder, soc)) steering.endWhere((lease) => lease === holder, 'target_reached');
  }
};
