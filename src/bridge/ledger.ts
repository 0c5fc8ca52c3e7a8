/**
 * What a bridge must not forget: which actuators are ours, who holds them, and what every command was answered. It is
 * written before the device is, so that a restart at any moment ends in a known state and carries out nothing twice.
 */
import { z } from 'zod';
import type { Journal } from '../common/journal.ts';
import type { SavedLease } from '../control/leases.ts';
import { type Response, responseSchema } from '../model/command.ts';

export interface Reply {
  /** MQTT 5 response topic, or reply_to of the payload. */
  responseTopic?: string;
  correlationData?: string;
}

/** The state of one actuator. */
export interface HeldState {
  /** We have told it something and have not made it safe since. */
  isOurs: boolean;
  leases: SavedLease[];
  /** Verbs whose setpoints are shown on the broker. */
  shown: string[];
  /** Wall clock, ms. */
  at: number;
}

/** A command that was taken in; without an answer: it is on its way. */
export interface KnownCommand {
  id: string;
  /** Tells one content from another. */
  digest: string;
  topic: string;
  actuator: string;
  reply: Reply;
  answer?: Response;
}

const savedLease = z.object({
  id: z.string(),
  owner: z.string(),
  verb: z.string(),
  kind: z.enum(['setpoint', 'limit']),
  params: responseSchema.shape.applied.unwrap(),
  value: z.number().optional(),
  priority: z.number(),
  durationMs: z.number(),
  isBound: z.boolean(),
  order: z.number(),
  from: z.number(),
  untilWall: z.number(),
});

const actuatorRecord = z.object({
  actuator: z.string(),
  state: z.object({
    isOurs: z.boolean(),
    leases: z.array(savedLease),
    shown: z.array(z.string()),
    at: z.number(),
  }),
});

const commandRecord = z.object({
  command: z.object({
    id: z.string(),
    digest: z.string(),
    topic: z.string(),
    actuator: z.string(),
    reply: z.object({ responseTopic: z.string().optional(), correlationData: z.string().optional() }),
    answer: responseSchema.optional(),
  }),
});

const record = z.union([actuatorRecord, commandRecord]);

/** What the journal comes to. */
export interface Ledger {
  readonly journal: Journal;
  /** By actuator. */
  readonly states: Map<string, HeldState>;
  /** By id, the oldest first. */
  readonly commands: Map<string, KnownCommand>;
  /** Records since the journal was written anew. */
  written: number;
}

/** Commands that are remembered at the most; the oldest are forgotten first. */
const mostCommands = 20_000;
/** Records after which the journal is written anew. */
const rewriteAfter = 50_000;

const remember = ({ commands }: Ledger, command: KnownCommand): void => {
  commands.delete(command.id);
  commands.set(command.id, command);
  for (const [id, { answer }] of commands) {
    if (commands.size <= mostCommands) break;
    if (answer) commands.delete(id);
  }
};

/** @param loaded what is in the journal already */
export const createLedger = (journal: Journal, loaded = journal.load()): Ledger => {
  const ledger: Ledger = { journal, states: new Map(), commands: new Map(), written: loaded.length };
  for (const given of loaded) {
    const parsed = record.safeParse(given);
    if (!parsed.success) continue;
    if ('actuator' in parsed.data) ledger.states.set(parsed.data.actuator, parsed.data.state as HeldState);
    else remember(ledger, parsed.data.command as KnownCommand);
  }
  return ledger;
};

const append = (ledger: Ledger, given: object, isUrgent: boolean): boolean => {
  const { journal, states, commands } = ledger;
  ledger.written++;
  if (ledger.written <= rewriteAfter) return journal.append(given, isUrgent);
  ledger.written = 0;
  return journal.rewrite([
    ...[...states].map(([actuator, state]) => ({ actuator, state })),
    ...[...commands.values()].map((command) => ({ command })),
  ]);
};

export const saveState = (ledger: Ledger, actuator: string, state: HeldState, isUrgent: boolean): boolean => {
  ledger.states.set(actuator, state);
  return append(ledger, { actuator, state }, isUrgent);
};

export const saveCommand = (ledger: Ledger, command: KnownCommand): boolean => {
  remember(ledger, command);
  return append(ledger, { command }, false);
};

/** Commands without an answer. */
export const pendingCommands = ({ commands }: Ledger): KnownCommand[] =>
  [...commands.values()].filter(({ answer }) => !answer);
