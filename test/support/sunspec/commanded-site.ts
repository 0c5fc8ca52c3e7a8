/**
 * A SunSpec device that takes commands, its bridge, and the clock of both, which stands still while a request is under
 * way. The bridge can end in good order or be killed, also between two writes, and begin again with what it wrote down.
 */
import { Bridge } from '../../../src/bridge/bridge.ts';
import type { Journal } from '../../../src/common/journal.ts';
import type { Driver } from '../../../src/drivers/driver.ts';
import { exceptionFailure, failureOf } from '../../../src/drivers/modbus/failures.ts';
import {
  createBus,
  createLink,
  type ModbusLink,
  type ModbusServer,
  startModbusServer,
} from '../../../src/drivers/modbus/index.ts';
import { isWrite, type Request } from '../../../src/drivers/modbus/messages.ts';
import { createSunSpecDriver, type SunSpecDriverOptions } from '../../../src/drivers/sunspec/index.ts';
import type { Response } from '../../../src/model/command.ts';
import type { Message } from '../../../src/model/message.ts';
import { isoTime } from '../../../src/model/time.ts';
import { JournalFile } from '../../../src/shell/journal-file.ts';
import { incomingCommand } from '../bridge/incoming-command.ts';
import { createMemoryJournal } from '../memory-journal.ts';
import { createScriptedLink } from '../modbus/scripted-link.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import { TimedDevice } from './timed-device.ts';
import type { ValuedModel } from './valued-device.ts';

const unit = 1;
const stepMs = 20;
/** Real time, ms: sockets that say nothing for so long will not say anything. */
const hangsAfterMs = 30_000;

/** A connection that can be cut for good, and whose requests are counted. */
class CuttableLink implements ModbusLink {
  readonly #link: ModbusLink;
  #isCut = false;
  #writesLeft = Number.POSITIVE_INFINITY;
  inFlight = 0;
  readonly maxInFlight = 1;

  constructor(link: ModbusLink) {
    this.#link = link;
  }

  /** Nothing passes any more. */
  cut(): void {
    this.#isCut = true;
  }

  /** Only so many writes pass, and nothing after them. */
  cutAfterWrites(count: number): void {
    this.#writesLeft = count;
  }

  async send(request: Request, timeoutMs: number): Promise<Buffer> {
    if (isWrite(request) && this.#writesLeft-- <= 0) this.cut();
    if (this.#isCut) throw failureOf('disconnected', request, 'the process is gone');
    this.inFlight++;
    try {
      return await this.#link.send(request, timeoutMs);
    } finally {
      this.inFlight--;
    }
  }

  get isGone(): boolean {
    return this.#isCut;
  }

  get isStill(): boolean {
    return this.inFlight === 0 && this.#link.state().kind !== 'connecting';
  }

  open(): void {
    this.#link.open();
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  reconnectSoon(): void {
    this.#link.reconnectSoon();
  }

  state(): ReturnType<ModbusLink['state']> {
    return this.#link.state();
  }

  onState(listener: Parameters<ModbusLink['onState']>[0]): void {
    this.#link.onState(listener);
  }

  onNotice(listener: Parameters<ModbusLink['onNotice']>[0]): void {
    this.#link.onNotice(listener);
  }

  holdOffMs(request: Request): number {
    return this.#link.holdOffMs?.(request) ?? 0;
  }
}

/** The registers of a device without a wire. */
const memoryLink = ({ holding, images }: TimedDevice, refusesMultiple: boolean): ModbusLink => {
  const scripted = createScriptedLink(async ({ address, count }) => {
    const data = Buffer.alloc(count * 2);
    for (let n = 0; n < count; n++) data.writeUInt16BE(holding.peek(address + n), n * 2);
    return data;
  });
  const send = scripted.send.bind(scripted);
  return {
    ...scripted,
    async send(request, timeoutMs) {
      if (!isWrite(request)) return send(request, timeoutMs);
      if (refusesMultiple && request.functionCode === 16) throw exceptionFailure(request, 2);
      for (const [n, word] of request.values.entries())
        if (!holding.write(request.address + n, word)) throw exceptionFailure(request, 3);
      images.onWritten?.({ table: 'holding', address: request.address, values: request.values });
      return Buffer.alloc(0);
    },
  };
};

/** Records of a process: one that is killed writes nothing more. */
const openJournal = (disk: Journal): Journal & { freeze(): void } => {
  let isFrozen = false;
  return {
    load: () => disk.load(),
    append: (record, isUrgent) => isFrozen || disk.append(record, isUrgent),
    rewrite: (records) => isFrozen || disk.rewrite(records),
    freeze: () => {
      isFrozen = true;
    },
  };
};

/** One run of the bridge, from its start to its end. */
interface Run {
  bridge: Bridge;
  driver: Driver;
  link: CuttableLink;
  bus: ReturnType<typeof createBus>;
  journal: ReturnType<typeof openJournal>;
  life: { isOver: boolean };
}

export interface SiteOptions {
  /** memory: without sockets, for many runs. */
  transport?: 'tcp' | 'memory';
  /** Directory for the records of the bridge; absent: they are kept in memory. */
  userDir?: string;
  /** In memory: function 16 is refused, as some inverters do. */
  refusesMultiple?: boolean;
  driver?: Partial<SunSpecDriverOptions>;
}

/** A device and its bridge. */
export class CommandedSite {
  readonly clock: VirtualClock;
  readonly device: TimedDevice;
  readonly responses: Response[] = [];
  readonly events: Message[] = [];
  readonly #options: SiteOptions;
  readonly #disk = createMemoryJournal();
  #server: ModbusServer | undefined;
  #run: Run | undefined;
  #sent = 0;

  private constructor(models: readonly ValuedModel[], options: SiteOptions) {
    this.clock = createVirtualClock();
    this.device = new TimedDevice(models, this.clock);
    this.#options = options;
  }

  /** Starts device and bridge; resolves once the device can be commanded. */
  static async start(models: readonly ValuedModel[], options: SiteOptions = {}): Promise<CommandedSite> {
    const site = new CommandedSite(models, options);
    if (options.transport !== 'memory')
      site.#server = await startModbusServer({ host: '127.0.0.1', port: 0 }, new Map([[unit, site.device.images]]));
    await site.restart();
    return site;
  }

  get bridge(): Bridge {
    if (!this.#run) throw new Error('the bridge does not run');
    return this.#run.bridge;
  }

  /** Begins anew with what the bridge before has written down, and waits until the device shows itself. */
  async restart(): Promise<void> {
    const { clock, device } = this;
    const port = this.#server?.port ?? 0;
    const link = new CuttableLink(
      this.#server
        ? createLink({ transport: 'tcp', host: '127.0.0.1', port }, clock)
        : memoryLink(device, this.#options.refusesMultiple ?? false),
    );
    const bus = createBus(link, clock);
    const { userDir } = this.#options;
    const files = { name: 'bridge', content: 'commands' };
    const journal = openJournal(userDir === undefined ? this.#disk : new JournalFile(userDir, files, () => {}));
    const driver = createSunSpecDriver(
      {
        unit,
        bus,
        intervalMs: 1000,
        name: 'd',
        ...this.#options.driver,
      },
      clock,
    );

    const life = { isOver: false };
    const bridge = new Bridge(
      { placement: { device: 'd', site: 'home', gateway: 'gw' }, driver, clock, journal },
      {
        readings() {},
        events: (messages) => !life.isOver && this.events.push(...messages),
        answer: (response) => !life.isOver && this.responses.push(response),
        status() {},
      },
    );
    const run: Run = { bridge, driver, link, bus, journal, life };
    this.#run = run;
    bridge.start();
    const before = this.events.length;
    const isOnline = (): boolean =>
      this.events.slice(before).some((each) => each.schema === 'event/1' && each.name === 'bridge_online');
    await this.until(isOnline, 'the device is online');
  }

  /** What the driver has to say about the device, in words. */
  get notes(): string[] {
    const { notes } = this.#run?.driver.describe().facts ?? {};
    return Array.isArray(notes) ? notes.map(String) : [];
  }

  /** Sends a command for a component. @returns its id */
  send(component: string, verb: string, params: object, { leaseS = 120 } = {}): string {
    const id = `c${++this.#sent}`;
    const body = { schema: 'command/1', id, ts: isoTime(this.clock.now()), ttl_s: 15, requester: 'test', params };
    const lease = verb === 'release' || verb.endsWith('reserve_soc') ? {} : { lease_s: leaseS };
    this.bridge.onCommand(
      incomingCommand(
        `devices/d/${component}/command/${verb}`,
        { ...body, ...lease },
        { isRetained: false, reply: {} },
      ),
    );
    return id;
  }

  /** @returns the outcome of a command */
  outcome(id: string): Response | undefined {
    return this.responses.findLast((each) => each.id === id && each.status !== 'accepted');
  }

  /** Sends a command, and waits for its outcome. */
  async ask(component: string, verb: string, params: object = {}, more: { leaseS?: number } = {}): Promise<Response> {
    const id = this.send(component, verb, params, more);
    await this.until(() => this.outcome(id) !== undefined, `an outcome of ${verb}`);
    return this.outcome(id) as Response;
  }

  /** @returns the messages of events with this name */
  told(name: string): string[] {
    return this.events.flatMap((each) =>
      each.schema === 'event/1' && each.name === name ? [String(each.message)] : [],
    );
  }

  /** The process ends without a word. */
  async kill(): Promise<void> {
    await this.#end(false);
  }

  /** The process ends with the next write but so many. */
  killAfterWrites(count: number): void {
    const run = this.#run;
    if (!run) return;
    run.link.cutAfterWrites(count);
    const { append } = run.journal;
    // From the moment of the cut on nothing is written down either.
    run.journal.append = (record, isUrgent) => {
      if (run.link.isGone) run.journal.freeze();
      return append(record, isUrgent);
    };
  }

  /** The bridge ends. @param isForGood nobody comes after it */
  async stop(isForGood = false): Promise<void> {
    await this.#end(true, isForGood);
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.monotonic() + ms;
    await this.until(() => this.clock.monotonic() >= end, `${ms} ms`, ms + 1000);
  }

  /** Lets time pass until a condition holds. */
  async until(condition: () => boolean, what: string, withinMs = 120_000): Promise<void> {
    const [from, began] = [this.clock.monotonic(), performance.now()];
    while (!condition()) {
      if (this.clock.monotonic() - from > withinMs) throw new Error(`in ${withinMs} ms it did not happen: ${what}`);
      if (performance.now() - began > hangsAfterMs) throw new Error(`the sockets say nothing any more: ${what}`);
      if (this.#run?.link.isStill ?? true) this.clock.advance(stepMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    await this.#end(false);
    await this.#server?.close();
  }

  async #end(isInOrder: boolean, isForGood = false): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#run = isInOrder ? run : undefined;
    if (!isInOrder) {
      run.life.isOver = true;
      run.journal.freeze();
      run.link.cut();
    }
    let isClosed = false;
    const closing = run.bridge.close(isForGood).finally(() => {
      isClosed = true;
    });
    await this.until(() => isClosed, 'the bridge ends');
    await closing;
    this.#run = undefined;
    await run.bus.close();
  }
}
