/**
 * The scan that an integrator starts in the editor: of one connection, or of a small network whose devices are looked for
 * first. Its state can be asked for at any time, and values of what was found can be previewed until it is closed.
 */
import { inTurns } from '../../../common/in-turns.ts';
import type { Clock } from '../../../model/time.ts';
import { type Bus, findListeners, type Listener, type Preview, readPreview } from '../../modbus/index.ts';
import type { DiscoveryNote } from '../discovery/discovery-notes.ts';
import { type DeviceView, viewOf } from './device-view.ts';
import { type FoundDevice, profileOfFound } from './found-device.ts';
import { type ConnectionProgress, type ConnectionScanOptions, scanConnection } from './scan-connection.ts';

/** A connection for the time of a scan. */
export interface ScannedConnection {
  bus: Bus;
  /** Address and port; absent: the connection as it is configured. */
  place?: Listener;
  /** Leaves a connection that others use as it is. */
  close(): Promise<void>;
}

/** The connections to be scanned. */
export type ScanSource =
  | { kind: 'connection'; connection: ScannedConnection }
  | {
      kind: 'network';
      places: readonly Listener[];
      /** Whether it is a range, in which most places have no device. */
      isRange: boolean;
      /** Whether a connection to the place is open already. */
      isOpen(place: Listener): boolean;
      connect(place: Listener): ScannedConnection;
    };

/** The progress of a scan. addresses: it is looked who listens. */
export interface ScanStep extends Omit<ConnectionProgress, 'step' | 'unit'> {
  step: 'addresses' | ConnectionProgress['step'];
  unit?: number;
  host?: string;
}

/** A found device with its place in the network. */
export type PlacedView = DeviceView & Partial<Listener>;

/** A sentence about a place. */
export type PlacedNote = DiscoveryNote & Partial<Listener>;

/** The state of a scan. */
export interface ScanState {
  isDone: boolean;
  progress?: ScanStep;
  devices: PlacedView[];
  notes: PlacedNote[];
  /** Somebody stopped it. */
  isStopped: boolean;
  /** No address of the range listens. */
  isNobodyThere: boolean;
  /** Why the scan ended early, in words. */
  failure?: string;
}

/** The options of the scan of each connection. */
export type ScanWishes = Omit<ConnectionScanOptions, 'signal' | 'onProgress' | 'onFound' | 'clock'>;

/** Connections that are scanned at a time. */
const mostAtOnce = 3;

/** One scan. */
export class CommissioningScan {
  readonly #source: ScanSource;
  readonly #wishes: ScanWishes;
  readonly #clock: Clock;
  readonly #scanning = new AbortController();
  /** Ends previews as well. */
  readonly #closing = new AbortController();
  readonly #found: { device: FoundDevice; connection: ScannedConnection }[] = [];
  readonly #connections: ScannedConnection[] = [];
  readonly #previews = new Map<number, Promise<Preview>>();
  readonly #state: ScanState = { isDone: false, isStopped: false, devices: [], notes: [], isNobodyThere: false };

  constructor(source: ScanSource, wishes: ScanWishes, clock: Clock) {
    this.#source = source;
    this.#wishes = wishes;
    this.#clock = clock;
  }

  get state(): ScanState {
    return this.#state;
  }

  /** Scans until everything was asked, or the scan is stopped. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#scanning;
    try {
      await inTurns(await this.#open(), mostAtOnce, (connection) => this.#scan(connection));
    } catch (error) {
      if (signal.aborted) this.#state.isStopped = true;
      else this.#state.failure = error instanceof Error ? error.message : String(error);
    }
    this.#state.isDone = true;
    delete this.#state.progress;
  }

  /**
   * Reads all values of a device once. A second preview of a device waits for the one under way.
   * @param n place of the device in the list
   * @throws an Error in words if the device cannot be read
   */
  async preview(n: number): Promise<Preview> {
    const { device, connection } = this.#found[n] ?? {};
    const resolved = device && profileOfFound(device);
    if (!device || !connection || !resolved) throw new Error(`device ${n} of the scan has no values`);
    const { signal } = this.#closing;
    const { bus } = connection;
    const running =
      this.#previews.get(n) ?? readPreview({ resolved, bus, unit: device.unit, clock: this.#clock, signal });
    this.#previews.set(n, running);
    try {
      return await running;
    } finally {
      this.#previews.delete(n);
    }
  }

  /** Ends the scan; what it has found can still be previewed. */
  stop(): void {
    this.#scanning.abort(new Error('the scan was stopped'));
  }

  /** Ends the scan and its previews, and closes the connections that were made for them. */
  async close(): Promise<void> {
    this.stop();
    this.#closing.abort(new Error('the scan was ended'));
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  async #open(): Promise<ScannedConnection[]> {
    const source = this.#source;
    if (source.kind === 'connection') return [this.#use(source.connection)];
    const { places, isRange, isOpen, connect } = source;
    const unknown = places.filter((place) => !isOpen(place));
    const listening = await findListeners(unknown, {
      clock: this.#clock,
      signal: this.#scanning.signal,
      onAsked: (done) => this.#tell({ step: 'addresses', done, total: unknown.length }),
    });
    const there = places.filter((place) => isOpen(place) || listening.includes(place));
    this.#state.isNobodyThere = there.length === 0 && isRange;
    // A single address is connected to all the same: the reason of the failure says what to do.
    return (isRange || there.length > 0 ? there : places.slice(0, 1)).map((place) => this.#use(connect(place)));
  }

  #use(connection: ScannedConnection): ScannedConnection {
    this.#connections.push(connection);
    return connection;
  }

  async #scan(connection: ScannedConnection): Promise<void> {
    const { bus, place } = connection;
    const { signal } = this.#scanning;
    const { notes } = await scanConnection(bus, {
      ...this.#wishes,
      clock: this.#clock,
      signal,
      onProgress: (progress) => this.#tell({ ...progress, ...(place && { host: place.host }) }),
      onFound: (device) => this.#add({ ...viewOf(device), ...place }, { device, connection }),
    });
    this.#state.notes.push(...notes.map((note) => ({ ...note, ...place })));
  }

  /** Devices that listen at two ports are one device. */
  #add(view: PlacedView, found: { device: FoundDevice; connection: ScannedConnection }): void {
    const isSame = ({ host, unit, maker, model, serial }: PlacedView): boolean =>
      host === view.host &&
      unit === view.unit &&
      maker === view.maker &&
      model === view.model &&
      serial === view.serial;
    if (view.serial !== undefined && this.#state.devices.some(isSame)) return;
    this.#found.push(found);
    this.#state.devices.push(view);
  }

  #tell(progress: ScanStep): void {
    this.#state.progress = progress;
  }
}
