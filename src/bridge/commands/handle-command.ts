/**
 * Handles a command that comes for a device: it is checked, accepted or refused, and answered: "accepted", then exactly
 * one outcome. The same id with the same content gets the same answer, and nothing is done twice.
 */
import { longestId } from '../../model/command.ts';
import { parseTime } from '../../model/time.ts';
import { formatTopic, type Topic } from '../../model/topic.ts';
import { unwrittenMessage } from './actuator-control.ts';
import { checkCommand, type PermittedCommand, type RefusedCommand } from './check-command.ts';
import { digestOf, type EarlierCommand, type KnownCommand, type Reply } from './command-journal.ts';
import type { AnsweredCommand, DeviceCommands } from './device-commands.ts';
import type { CommandAnswer } from './pending-requests.ts';

/** The parsed topic of a command. */
type CommandAddress = Extract<Topic, { kind: 'action' }>;

/** A command as it came. */
export interface IncomingCommand {
  address: CommandAddress;
  /** The payload as an object, not checked yet. */
  body: Record<string, unknown>;
  /** Whether the broker had stored the command: it is of any age. */
  isRetained: boolean;
  reply: Reply;
}

/** A command that is being handled. */
type HandledCommand = KnownCommand & AnsweredCommand;

const retainedRefusal: RefusedCommand = {
  ok: false,
  status: 'rejected',
  code: 'RETAINED',
  message: 'a retained command is never carried out',
};

const maxShownId = 64;

/** @returns why a command with this id cannot be answered */
const idFault = (id: unknown): string | undefined => {
  if (id === undefined) return 'a command without an id';
  if (typeof id !== 'string') return `the id of a command is a text, not ${JSON.stringify(id).slice(0, maxShownId)}`;
  if (id === '') return 'the id of a command is empty';
  return id.length > longestId ? `the id has ${id.length} characters, ${longestId} at the most` : undefined;
};

/** Sends the answer of a command that came before with the same content; another content is refused. */
const answerAgain = (commands: DeviceCommands, command: HandledCommand, earlier: EarlierCommand): void => {
  const { answer } = earlier.command;
  if (earlier.content === 'other')
    commands.respond(command, {
      status: 'rejected',
      code: 'DUPLICATE',
      message: 'another command had this id before',
    });
  else if (answer) commands.context.sink.answer({ ...answer, topic: command.topic }, command.reply);
  else commands.respond(command, { status: 'accepted' });
};

const save = ({ journal }: DeviceCommands, { verb: _, ...command }: HandledCommand): boolean =>
  journal.saveCommand(command);

/** Answers a command for good. */
const settle = (commands: DeviceCommands, command: HandledCommand, answer: CommandAnswer): void => {
  save(commands, { ...command, answer: commands.respond(command, answer) });
};

/** Accepts a command. The driver may have the order before that is told, but no outcome is told before. */
const accept = (commands: DeviceCommands, command: HandledCommand, permitted: PermittedCommand): void => {
  const { ts, ttl_s } = permitted.command;
  const { clock } = commands.context;
  let early: CommandAnswer | undefined;
  let isAccepted = false;
  commands.carryOut(command.verb, permitted, {
    id: command.id,
    startBy: clock.monotonic() + Math.min(ttl_s * 1000, parseTime(ts) + ttl_s * 1000 - clock.now()),
    isClamped: permitted.isClamped,
    settle(answer) {
      if (isAccepted) settle(commands, command, answer);
      else early = answer;
    },
  });
  commands.respond(command, { status: 'accepted' });
  isAccepted = true;
  if (early) settle(commands, command, early);
};

/** @returns whether the command may be carried out */
const check = (
  { context }: DeviceCommands,
  { address, body, isRetained }: IncomingCommand,
): PermittedCommand | RefusedCommand => {
  const { device, trusted, actuators, availability, clock } = context;
  if (isRetained) return retainedRefusal;
  return checkCommand(address, body, { device, trusted, actuators, state: availability.state, now: clock.now() });
};

/** Handles a command; one for another device is left to others, and one without an id becomes an event. */
export const handleCommand = (commands: DeviceCommands, incoming: IncomingCommand): void => {
  const { address, body, isRetained, reply } = incoming;
  const { context, journal, isClosed } = commands;
  if (isClosed || address.device !== context.device || address.action !== 'command') return;
  const { id } = body;
  const topic = formatTopic(address);
  const fault = idFault(id);
  if (fault !== undefined || typeof id !== 'string') {
    const facts = fault === undefined ? {} : { message: fault };
    context.emit(undefined, { name: 'command_rejected', severity: 'warning', ...facts, data: { topic } });
    return;
  }
  if (isRetained)
    context.emit(undefined, { name: 'retained_command_rejected', severity: 'warning', data: { topic, id } });
  const command: HandledCommand = {
    id,
    verb: address.verb,
    digest: digestOf(topic, body),
    topic: formatTopic({ ...address, action: 'response' }),
    actuator: '',
    reply,
  };
  const earlier = journal.find(command);
  if (earlier) {
    answerAgain(commands, command, earlier);
    return;
  }
  const checked = check(commands, incoming);
  if (!checked.ok) {
    const { status, code, message } = checked;
    settle(commands, command, { status, code, message });
    return;
  }
  const accepted = { ...command, actuator: checked.actuators[0]?.key ?? '' };
  if (save(commands, accepted)) accept(commands, accepted, checked);
  else settle(commands, accepted, { status: 'rejected', code: 'INTERNAL', message: unwrittenMessage });
};
