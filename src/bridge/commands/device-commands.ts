/** The commands of one device: what holds its actuators, over restarts and losses, and what becomes known of that. */
import type { Actuator, Progress } from '../../drivers/driver.ts';
import { commandDefaults, type Response } from '../../model/command.ts';
import { isoTime } from '../../model/time.ts';
import type { BridgeContext } from '../bridge-context.ts';
import { ActuatorControl } from './actuator-control.ts';
import type { PermittedCommand } from './check-command.ts';
import { CommandJournal, type KnownCommand } from './command-journal.ts';
import { ConfigWrites } from './config-writes.ts';
import type { MeasuredValue } from './effect-watch.ts';
import { Actions } from './one-shot.ts';
import { type CommandAnswer, type CommandRequest, nothingHeld } from './pending-requests.ts';

/** response/1 takes no longer message. */
const maxMessageLength = 1024;

/** A command that is to be answered. */
export type AnsweredCommand = Pick<KnownCommand, 'id' | 'topic' | 'reply'> & {
  /** Name of the command. */
  verb: string;
};

/** @param ts ISO 8601 */
const responseOf = (
  { id, verb }: AnsweredCommand,
  { leaseUntil, message, ...rest }: CommandAnswer | { status: 'accepted'; leaseUntil?: number; message?: string },
  ts: string,
): Response => ({
  schema: 'response/1',
  id,
  command: verb,
  ...rest,
  ...(message === undefined ? {} : { message: message.slice(0, maxMessageLength) }),
  ts,
  ...(leaseUntil === undefined ? {} : { lease_until: isoTime(leaseUntil) }),
});

/** @returns one answer for a component: the first that is not "completed", or else the first that released a lease */
const combinedAnswer = (answers: CommandAnswer[]): CommandAnswer => {
  const told = answers.filter(({ reason }) => reason !== nothingHeld.reason);
  return told.find(({ status }) => status !== 'completed') ?? told[0] ?? nothingHeld;
};

/** The commands of one device. Most devices are never commanded, and have none. */
export class DeviceCommands {
  readonly context: BridgeContext;
  readonly journal: CommandJournal;
  /** Actuators that are held, or were, by key; most actuators of a device never are. */
  readonly #controls = new Map<string, ActuatorControl>();
  /** Settings that are written, by key of the actuator. */
  readonly #configWrites = new Map<string, ConfigWrites>();
  readonly #actions: Actions;
  #isClosed = false;

  /** @param records that are in the journal already */
  constructor(context: BridgeContext, records: unknown[]) {
    this.context = context;
    this.journal = new CommandJournal(context.journal, records);
    this.#actions = new Actions(context);
    this.#restoreControls();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Publishes an answer to a command. */
  respond(command: AnsweredCommand, answer: CommandAnswer | { status: 'accepted' }): Response {
    const { clock, sink } = this.context;
    const response = responseOf(command, answer, isoTime(clock.now()));
    sink.answer({ ...response, topic: command.topic }, command.reply);
    return response;
  }

  /** Has a command carried out that was accepted. @param name of the command */
  carryOut(name: string, permitted: PermittedCommand, request: CommandRequest): void {
    const { verb, params, actuators } = permitted;
    const [actuator] = actuators;
    if (verb.kind === 'release') this.#release(permitted, request);
    else if (!actuator) return;
    else if (verb.kind === 'config') this.#configWritesOf(actuator).write(name, params, request);
    else if (verb.kind === 'action') this.#actions.start({ actuator: actuator.key, verb: name, params }, request);
    else this.#claim({ actuator, name, kind: verb.kind }, permitted, request);
  }

  /** Commands that a restart has cut off: those whose lease still lasts are carried out again, the others failed. */
  resume(): void {
    const resumed = this.journal
      .unanswered()
      .map((command) => ({ actuator: command.actuator, request: this.#resumedRequest(command) }));
    const requestsOf = (key: string): CommandRequest[] =>
      resumed.filter(({ actuator }) => actuator === key).map(({ request }) => request);
    for (const actuator of this.context.actuators)
      if (actuator.fallback && requestsOf(actuator.key).length > 0) this.#controlOf(actuator);
    for (const [key, control] of this.#controls) control.resume(requestsOf(key));
    for (const { actuator, request } of resumed)
      if (!this.#controls.has(actuator))
        request.settle({
          status: 'failed',
          code: 'INTERNAL',
          message: 'the runtime restarted while it was carried out; whether it took effect is not known',
        });
  }

  /** The device may have more actuators than before. */
  onDescribed(): void {
    for (const control of this.#restoreControls()) control.resume([]);
  }

  /** The device answers again. */
  onDeviceReturned(): void {
    for (const control of this.#controls.values()) control.onDeviceReturned();
  }

  /** The device does not hold any more what it was told. @param key of the actuator @param what shows that, in words */
  onDrift(key: string, what: string): void {
    const actuator = this.context.actuators.find((each) => each.key === key);
    if (actuator?.fallback) this.#controlOf(actuator).onDrift(what);
  }

  /** @param key of the actuator */
  onProgress(key: string, progress: Progress): void {
    this.#controls.get(key)?.onProgress(progress);
  }

  onMeasured(component: string, measured: MeasuredValue): void {
    for (const control of this.#controls.values()) if (control.component === component) control.onMeasured(measured);
  }

  /** A node has left the broker: leases end that are bound to the sessions of its requesters. */
  onRequesterLost(node: string): void {
    for (const control of this.#controls.values())
      control.endLeases('owner_offline', ({ owner, isBound }) => isBound && owner.split('/')[0] === node);
  }

  close(): void {
    this.#isClosed = true;
    for (const control of this.#controls.values()) control.close();
    for (const writes of this.#configWrites.values()) writes.close();
    this.#actions.close();
  }

  /** Brings every actuator that is held into its safe state. Rejects with the first that is not known to be there. */
  async letGo(): Promise<void> {
    const results = await Promise.allSettled([...this.#controls.values()].map((control) => control.letGo()));
    const failed = results.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #claim(
    { actuator, name, kind }: { actuator: Actuator; name: string; kind: 'setpoint' | 'limit' },
    { command, params }: PermittedCommand,
    request: CommandRequest,
  ): void {
    const { id, priority = commandDefaults.priority, requester: owner, lease_s = 0, bind_to_session = false } = command;
    const [value] = Object.values(params);
    const claim = {
      id,
      owner,
      verb: name,
      kind,
      params,
      ...(kind === 'limit' && typeof value === 'number' ? { value } : {}),
      priority,
      durationMs: lease_s * 1000,
      isBound: bind_to_session,
    };
    this.#controlOf(actuator).claim(claim, request);
  }

  /** Releases all actuators of a component, with one answer for all of them. */
  #release({ command, params, actuators }: PermittedCommand, request: CommandRequest): void {
    const { requester: owner } = command;
    const verb = typeof params.command === 'string' ? params.command : undefined;
    const releasable = actuators.filter(({ fallback }) => fallback);
    const answers: CommandAnswer[] = [];
    const settle = (answer: CommandAnswer): void => {
      answers.push(answer);
      if (answers.length === releasable.length) request.settle(combinedAnswer(answers));
    };
    if (releasable.length === 0) request.settle(nothingHeld);
    for (const actuator of releasable) this.#controlOf(actuator).release({ owner, verb }, { ...request, settle });
  }

  #controlOf(actuator: Actuator): ActuatorControl {
    const control = this.#controls.get(actuator.key) ?? new ActuatorControl(actuator, this.context, this.journal);
    this.#controls.set(actuator.key, control);
    return control;
  }

  #configWritesOf(actuator: Actuator): ConfigWrites {
    const writes = this.#configWrites.get(actuator.key) ?? new ConfigWrites(actuator, this.context);
    this.#configWrites.set(actuator.key, writes);
    return writes;
  }

  /** Takes up actuators that were held before a restart. @returns those that are new */
  #restoreControls(): ActuatorControl[] {
    return this.context.actuators
      .filter(({ key, fallback }) => fallback && !this.#controls.has(key) && this.journal.stateOf(key))
      .map((actuator) => this.#controlOf(actuator));
  }

  #resumedRequest(command: KnownCommand): CommandRequest {
    const verb = command.topic.split('/').at(-1) ?? '';
    return {
      id: command.id,
      startBy: Number.POSITIVE_INFINITY,
      isClamped: false,
      isResumed: true,
      settle: (answer) => {
        this.journal.saveCommand({ ...command, answer: this.respond({ ...command, verb }, answer) });
      },
    };
  }
}
