/**
 * The journal of commands: which actuators are ours, who holds them, how every command was answered, and what the driver
 * has to know of all that. A record is written before the device is, so that a restart at any moment ends in a known
 * state and carries out nothing twice.
 * A command whose id came before is repeated or another one, which the digest of its content decides.
 */
import { createHash } from 'node:crypto';
import type { Journal } from '../../common/journal.ts';
import type { SavedLease } from '../../control/leases.ts';
import type { Response } from '../../model/command.ts';
import { isRecord } from '../../model/safety.ts';
import { journalRecord } from './journal-records.ts';

/** Addresses at which the answers to a command are wanted, beside its own response topic. */
export interface Reply {
  /** MQTT 5 Response Topic, or reply_to of the payload. */
  responseTopic?: string;
  /** MQTT 5 Correlation Data, base64. */
  correlationData?: string;
}

/** The state of one actuator. */
interface ActuatorState {
  /** Whether we have told the actuator something, and have not brought it into its safe state since. */
  isOurs: boolean;
  leases: SavedLease[];
  /** Verbs whose setpoints are shown on the broker. */
  shown: string[];
  /** When this was saved, wall clock, ms. */
  at: number;
}

/** A command that was accepted or refused; one without an answer is under way. */
export interface KnownCommand {
  id: string;
  /** Digest of the content: the same id with another content is another command. */
  digest: string;
  /** Topic of the response. */
  topic: string;
  /** Key of its actuator; empty for a command that was refused. */
  actuator: string;
  reply: Reply;
  answer?: Response;
}

/** The command that had an id before: the same one, or another with the same id. */
export interface EarlierCommand {
  content: 'repeated' | 'other';
  command: KnownCommand;
}

/** Sorts the names of a record, so that the same content has the same digest, however its sender wrote it. */
const sortNames = (_: string, value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

/** @returns the digest of a command by its topic and its payload, SHA-1 in base64 */
export const digestOf = (topic: string, body: Record<string, unknown>): string =>
  createHash('sha1')
    .update(JSON.stringify([topic, body], sortNames))
    .digest('base64');

/** Commands that are remembered; after that, the oldest are forgotten that have an answer. */
const maxCommands = 20_000;
/** Records after which the journal is written anew. */
const maxRecords = 50_000;

/** The journal of one device, and the records that count of it. */
export class CommandJournal {
  readonly #journal: Journal;
  readonly #states = new Map<string, ActuatorState>();
  /** Facts of the driver by their keys. */
  readonly #kept = new Map<string, unknown>();
  /** Remembered commands by id, the oldest first. */
  readonly #commands = new Map<string, KnownCommand>();
  /** Records since the journal was written anew. */
  #written: number;

  /** @param loaded records that are in the journal already */
  constructor(journal: Journal, loaded: unknown[] = journal.load()) {
    this.#journal = journal;
    this.#written = loaded.length;
    for (const each of loaded) this.#take(each);
  }

  /** @returns the command that had this id before, if it is remembered, and whether its content was the same */
  find({ id, digest }: Pick<KnownCommand, 'id' | 'digest'>): EarlierCommand | undefined {
    const command = this.#commands.get(id);
    return command && { content: command.digest === digest ? 'repeated' : 'other', command };
  }

  /** @returns the last state of an actuator */
  stateOf(actuator: string): ActuatorState | undefined {
    return this.#states.get(actuator);
  }

  /** @returns commands without an answer */
  unanswered(): KnownCommand[] {
    return [...this.#commands.values()].filter(({ answer }) => !answer);
  }

  /**
   * @param isUrgent whether the record has to survive the loss of power
   * @returns false if the record could not be written
   */
  saveState(actuator: string, state: ActuatorState, isUrgent: boolean): boolean {
    this.#states.set(actuator, state);
    return this.#append({ actuator, state }, isUrgent);
  }

  /** @returns facts that the driver keeps under a key; undefined: none */
  kept(key: string): unknown {
    return this.#kept.get(key);
  }

  /**
   * @param facts of the driver; undefined: none are kept any more
   * @param isUrgent whether the record has to survive the loss of power
   * @returns false if the record could not be written
   */
  saveKept(key: string, facts: object | undefined, isUrgent: boolean): boolean {
    this.#keep(key, facts);
    return this.#append({ kept: key, ...(facts && { facts }) }, isUrgent);
  }

  /** @returns false if the record could not be written */
  saveCommand(command: KnownCommand): boolean {
    this.#remember(command);
    return this.#append({ command }, false);
  }

  #take(loaded: unknown): void {
    const parsed = journalRecord.safeParse(loaded);
    if (!parsed.success) return;
    if ('actuator' in parsed.data) this.#states.set(parsed.data.actuator, parsed.data.state as ActuatorState);
    else if ('kept' in parsed.data) this.#keep(parsed.data.kept, parsed.data.facts);
    else this.#remember(parsed.data.command as KnownCommand);
  }

  #keep(key: string, facts: unknown): void {
    if (facts === undefined) this.#kept.delete(key);
    else this.#kept.set(key, facts);
  }

  #remember(command: KnownCommand): void {
    this.#commands.delete(command.id);
    this.#commands.set(command.id, command);
    for (const [id, { answer }] of this.#commands) {
      if (this.#commands.size <= maxCommands) break;
      if (answer) this.#commands.delete(id);
    }
  }

  #append(entry: object, isUrgent: boolean): boolean {
    this.#written++;
    if (this.#written <= maxRecords) return this.#journal.append(entry, isUrgent);
    this.#written = 0;
    return this.#journal.rewrite([
      ...[...this.#states].map(([actuator, state]) => ({ actuator, state })),
      ...[...this.#kept].map(([kept, facts]) => ({ kept, facts })),
      ...[...this.#commands.values()].map((command) => ({ command })),
    ]);
  }
}
