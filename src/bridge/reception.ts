/**
 * Where commands for one device arrive: each is checked, taken in or refused, and answered: "accepted", then exactly
 * one outcome. The same id with the same content gets the same answer and nothing is done twice.
 */
import { createHash } from 'node:crypto';
import type { Actuator } from '../drivers/driver.ts';
import { commandDefaults, longestId, type Response } from '../model/command.ts';
import { isRecord } from '../model/safety.ts';
import { type Clock, parseTime } from '../model/time.ts';
import { parseTopic } from '../model/topic.ts';
import { act } from './acting.ts';
import { type Configuring, createConfiguring } from './configuring.ts';
import { componentOf, type Desk, openLine, toResponse } from './desk.ts';
import { type Judged, judge } from './judge.ts';
import { type KnownCommand, type Reply, saveCommand } from './ledger.ts';
import type { Answer, Request } from './riders.ts';
import { unwritten } from './steering.ts';

/** A command as it came, and what is known of its way. */
export interface Incoming {
  topic: string;
  /** The payload as an object, not checked yet. */
  body: Record<string, unknown>;
  /** It was stored by the broker and is of any age. */
  isRetained: boolean;
  reply: Reply;
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

/** Why nobody can be answered. */
const idFault = (id: unknown): string => {
  if (id === undefined) return 'a command without an id';
  if (typeof id !== 'string') return `the id of a command is a text, not ${JSON.stringify(id).slice(0, 64)}`;
  return id === '' ? 'the id of a command is empty' : `the id has ${id.length} characters, ${longestId} at the most`;
};

const idOf = ({ id }: Record<string, unknown>): string | undefined =>
  typeof id === 'string' && id.length >= 1 && id.length <= longestId ? id : undefined;

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
      message: idFault(body.id),
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
        device,
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
