/**
 * The bridge of one device: runs its driver, and tells all that others have to know of the device: readings, which
 * become stale, meta, availability and events. Commands for the device come in here.
 */
import type { Actuator, Cycle, DeviceState, DriverEvent } from '../drivers/driver.ts';
import type { Message } from '../model/message.ts';
import type { Reading } from '../model/reading.ts';
import { componentKey } from '../model/topic.ts';
import { BridgeContext, type BridgeOptions, type BridgeSink } from './bridge-context.ts';
import { DeviceCommands } from './commands/device-commands.ts';
import { handleCommand, type IncomingCommand } from './commands/handle-command.ts';
import { RequesterPresence } from './commands/requester-presence.ts';
import { readingTopic } from './readings/reading-transform.ts';
import { Staleness } from './readings/staleness.ts';

export type { BridgeOptions, BridgeSink } from './bridge-context.ts';
export type { BridgeStatus } from './readings/availability.ts';

const noMessages: readonly Message[] = [];

/** One device at work. A runtime may have thousands of them. */
export class Bridge {
  readonly #context: BridgeContext;
  readonly #staleness: Staleness;
  readonly #reportsCycles: boolean;
  /** Created for the first command: most devices are never commanded. */
  #commands: DeviceCommands | undefined;
  /** Created when the first requester has left the broker. */
  #presence: RequesterPresence | undefined;

  /** The bridge begins to work when it is started. */
  constructor(options: BridgeOptions, sink: BridgeSink) {
    const context = new BridgeContext(options, sink);
    this.#context = context;
    this.#reportsCycles = options.reportsCycles === true;
    this.#staleness = new Staleness(context.readings, context.clock, (stale) => this.#onStale(stale));
    const records = options.journal.load();
    if (records.length > 0) this.#commands = new DeviceCommands(context, records);
  }

  /** Starts the driver, and carries out again what a restart has cut off. */
  start(): void {
    this.#context.driver.start({
      described: () => this.#onDescribed(),
      state: (state) => this.#onState(state),
      cycle: (cycle) => this.#onCycle(cycle),
      drifted: (actuator, what) => this.#openCommands().onDrift(actuator, what),
      progressed: (actuator, progress) => this.#commands?.onProgress(actuator, progress),
      event: (event) => this.#onEvent(event),
      memory: {
        load: (key) => this.#commands?.journal.kept(key),
        save: (key, facts, isUrgent) => this.#openCommands().journal.saveKept(key, facts, isUrgent),
      },
    });
    this.#commands?.resume();
  }

  /**
   * @param isForGood whether nobody comes after this bridge: what it holds is brought into its safe state first. Rejects
   *   if that cannot be confirmed.
   */
  async close(isForGood = false): Promise<void> {
    this.#presence?.close();
    // A bridge without commands gets them here: closed commands take no command any more.
    const commands = this.#openCommands();
    try {
      if (isForGood) await commands.letGo();
    } finally {
      commands.close();
      await this.#context.driver.close();
      this.#staleness.close();
    }
  }

  /** A command comes, for this device or for another. */
  onCommand(incoming: IncomingCommand): void {
    handleCommand(this.#openCommands(), incoming);
  }

  /** A node has come to the broker, or left it: what its requesters hold for their session may end. */
  onPresence(node: string, isOnline: boolean): void {
    if (!isOnline)
      this.#presence ??= new RequesterPresence(this.#context.clock, (lost) => this.#commands?.onRequesterLost(lost));
    this.#presence?.update(node, isOnline);
  }

  /** @returns the actuators that can be commanded, as far as they are known by now */
  actuators(): Actuator[] {
    return this.#context.actuators;
  }

  /** @returns the last reading of every topic, for the live view of the form */
  lastReadings(): Reading[] {
    return this.#context.readings.last();
  }

  /** @returns the last words of the device on the wire, by topic */
  wireValues(): Record<string, string> {
    const { driver, readings, device } = this.#context;
    const seen = driver.inspect();
    return Object.fromEntries(
      readings.channels.flatMap((each, channel) =>
        seen.has(channel) ? [[readingTopic(each, device), seen.get(channel) ?? '']] : [],
      ),
    );
  }

  meta(): Message<'meta/1'> {
    return this.#context.meta();
  }

  /** The journal has no records as long as there are no commands. */
  #openCommands(): DeviceCommands {
    this.#commands ??= new DeviceCommands(this.#context, []);
    return this.#commands;
  }

  #onDescribed(): void {
    this.#context.describe();
    this.#commands?.onDescribed();
  }

  #onState(state: DeviceState): void {
    const wasOffline = this.#context.availability.state.kind === 'offline';
    this.#context.setState(state);
    if (wasOffline && state.kind !== 'offline') this.#commands?.onDeviceReturned();
  }

  #onCycle(cycle: Cycle): void {
    const { readings, sink, availability } = this.#context;
    // A copy: V8 may give an array literal of this busy place to its old generation, which would keep all readings.
    const messages: Message[] = [...(this.#context.hasNews ? this.#context.takeNews() : noMessages)];
    readings.sample(cycle, messages);
    this.#staleness.update();
    if (messages.length > 0) sink.readings(messages);
    if (this.#reportsCycles) this.#emitCycle(cycle);
    sink.status(availability.status(readings, cycle.durationMs));
    const commands = this.#commands;
    if (commands)
      this.#context.observed.forEach(cycle, (component, measured) => commands.onMeasured(component, measured));
  }

  #onEvent({ component, ...facts }: DriverEvent): void {
    this.#context.emit(component && componentKey(component), facts);
  }

  #onStale(stale: Message<'reading/1'>[]): void {
    const { readings, sink, availability } = this.#context;
    if (stale.length > 0) sink.readings(stale);
    sink.status(availability.status(readings, 0));
  }

  #emitCycle({ samples, durationMs, errors }: Cycle): void {
    const data = { points: samples.length, duration_s: durationMs / 1000, errors };
    this.#context.emit(undefined, { name: 'bridge_cycle', severity: 'debug', data });
  }
}
