/**
 * The scan of one connection: which units have a SunSpec device, and why the others have none. It reads only, one request
 * after the other, so that devices that are polled on the same connection go on.
 */
import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';
import type { Bus, UnitLimits } from '../../modbus/index.ts';
import type { FindModel } from '../models/model-lengths.ts';
import { type Brand, candidateBases, candidateUnits } from './candidate-units.ts';
import { waitForConnection } from './connection-wait.ts';
import { discoverDevice } from './discover-device.ts';
import type { SunSpecDevice } from './discovered-device.ts';
import { createNote, type DiscoveryNote } from './discovery-notes.ts';
import { findMarker, markerSize } from './marker.ts';
import { RegisterReader } from './register-reader.ts';
import { scanNotes } from './scan-notes.ts';
import type { ScanProgress, ScanResult, UnitFinding } from './scan-result.ts';

export interface ScanOptions {
  findModel: FindModel;
  clock: Clock;
  /** Unit that the integrator entered: it is asked first, and at all bases whatever it answers. */
  unit?: number;
  brand?: Brand;
  /** Whether all units from 1 to 247 are asked, after the likely ones. */
  isEveryUnit?: boolean;
  /** Units to be asked instead of all these, in this order. */
  units?: readonly number[];
  /** Time for a response, ms. */
  timeoutMs?: number;
  /** Pause between two units, ms. */
  pauseMs?: number;
  signal?: AbortSignal;
  onProgress?(progress: ScanProgress): void;
  /** Called after each unit, and awaited: what is known of a unit can be used while the others are yet to be asked. */
  onUnit?(finding: UnitFinding, device: SunSpecDevice | undefined): Promise<void>;
}

const defaultTimeoutMs = 1000;
const defaultPauseMs = 20;
/** As soon as a unit has answered, unlikely ones are given this many times its slowest answer, but not less than this, ms. */
const patienceFactor = 8;
const leastTimeoutMs = 500;
/** Time in which a connection has to be there, and time in which it has to be back, ms. */
const connectMs = 3000;
const reconnectMs = 10_000;
/** A link ends a connection after three requests in a row without an answer. */
const mostSilentUnits = 2;

/** One scan. Create it with `scanForDevices`. */
class Scan {
  readonly #bus: Bus;
  readonly #options: ScanOptions;
  readonly #likelyUnits: readonly number[];
  readonly #result: ScanResult = { devices: [], units: [], notes: [], isCancelled: false, requests: 0 };
  /** Devices by the opening of their list of models. */
  readonly #openings = new Map<string, SunSpecDevice>();
  /** The slowest answer so far, ms; undefined before the first one. */
  #slowestMs: number | undefined;
  /** A unit that has answered, and an address that it was asked for. */
  #alive: { unit: number; base: number } | undefined;
  /** Units in a row that did not answer. */
  #silentUnits = 0;

  constructor(bus: Bus, options: ScanOptions) {
    this.#bus = bus;
    this.#options = options;
    const { unit, brand, units } = options;
    this.#likelyUnits = units ?? candidateUnits({ unit, brand });
  }

  async run(): Promise<ScanResult> {
    const { unit, brand, isEveryUnit, signal } = this.#options;
    const units = this.#options.units ?? candidateUnits({ unit, brand, isEveryUnit });
    const { clock, pauseMs = defaultPauseMs, onProgress, onUnit } = this.#options;
    const result = this.#result;
    try {
      for (const [n, each] of units.entries()) {
        if (n > 0) await pause(pauseMs, clock, signal);
        const { finding, loss } = await this.#askTwice(each);
        result.units.push(finding);
        onProgress?.({ asked: n + 1, total: units.length, unit: each, devices: [...result.devices] });
        await onUnit?.(finding, finding.kind === 'device' ? result.devices.at(-1) : undefined);
        if (!loss) continue;
        result.notes.push(loss);
        break;
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
      result.isCancelled = true;
      result.notes.push(createNote('cancelled', { asked: result.units.length, total: units.length }));
    }
    result.notes.unshift(...scanNotes(result, unit));
    return result;
  }

  /** Units that are none of the likely ones are given less time: most of them are not there. */
  #limitsOf(unit: number): UnitLimits {
    const { timeoutMs = defaultTimeoutMs } = this.#options;
    const isUnlikely = this.#slowestMs !== undefined && !this.#likelyUnits.includes(unit);
    const enoughMs = Math.max(leastTimeoutMs, (this.#slowestMs ?? 0) * patienceFactor);
    return { timeoutMs: isUnlikely ? Math.min(timeoutMs, enoughMs) : timeoutMs, maxInFlight: 1, interRequestMs: 0 };
  }

  /** Asks a unit, and once more if the connection broke: units that are silent one after the other may be the reason. */
  async #askTwice(unit: number): Promise<{ finding: UnitFinding; loss?: DiscoveryNote }> {
    await this.#stayConnected();
    let finding = await this.#ask(unit);
    if (finding.kind !== 'lost') return { finding };
    let loss = await this.#awaitConnection(unit);
    if (loss) return { finding, loss };
    finding = await this.#ask(unit);
    loss = finding.kind === 'lost' ? await this.#awaitConnection(unit) : undefined;
    return { finding, ...(loss && { loss }) };
  }

  /** Lets a unit answer that is there, before the link takes the connection for dead. */
  async #stayConnected(): Promise<void> {
    const alive = this.#alive;
    if (!alive || this.#silentUnits < mostSilentUnits) return;
    this.#silentUnits = 0;
    await this.#reading(alive.unit, (reader) => reader.read(alive.base, markerSize));
  }

  async #ask(unit: number): Promise<UnitFinding> {
    const finding = await this.#reading(unit, (reader) => this.#askUnit(reader));
    const { kind, bases: [first] = [] } = finding;
    this.#silentUnits = kind === 'silent' ? this.#silentUnits + 1 : 0;
    if (first && kind !== 'silent' && kind !== 'lost') this.#alive = { unit, base: first.base };
    return finding;
  }

  /** Attaches a unit for the time that something is read of it. */
  async #reading<T>(unit: number, read: (reader: RegisterReader) => Promise<T>): Promise<T> {
    const { clock, signal } = this.#options;
    const detach = this.#bus.attach(unit, this.#limitsOf(unit));
    const reader = new RegisterReader(this.#bus, unit, { now: () => clock.monotonic(), signal });
    try {
      return await read(reader);
    } finally {
      detach();
      this.#result.requests += reader.requests;
      if (reader.slowestMs !== undefined) this.#slowestMs = Math.max(this.#slowestMs ?? 0, reader.slowestMs);
    }
  }

  /** @returns the note on a connection that does not come back */
  async #awaitConnection(unit: number): Promise<DiscoveryNote | undefined> {
    const { clock, signal } = this.#options;
    const hasAnswered = this.#slowestMs !== undefined;
    const withinMs = hasAnswered ? reconnectMs : connectMs;
    const limits = this.#limitsOf(unit);
    const reason = await waitForConnection(this.#bus, { clock, withinMs, signal, unit, limits });
    if (reason === undefined) return undefined;
    return hasAnswered ? createNote('connection_lost', { unit, reason }) : createNote('no_connection', { reason });
  }

  async #askUnit(reader: RegisterReader): Promise<UnitFinding> {
    const { unit } = reader;
    const bases = await findMarker(reader, {
      bases: candidateBases(this.#options.brand),
      isThorough: unit === this.#options.unit,
      // The first response on a connection may be lost while the device gets ready.
      mayRepeat: this.#slowestMs === undefined,
    });
    const last = bases.at(-1);
    if (last?.kind === 'marker') return { unit, kind: await this.#discover(reader, last.base), bases };
    if (last?.kind === 'disconnected') return { unit, kind: 'lost', bases };
    return { unit, kind: bases.every(({ kind }) => kind === 'silent') ? 'silent' : 'no_marker', bases };
  }

  async #discover(reader: RegisterReader, base: number): Promise<'device' | 'known'> {
    const knownOpenings = new Set(this.#openings.keys());
    const discovery = await discoverDevice(reader, { base, findModel: this.#options.findModel, knownOpenings });
    if (discovery.kind === 'known') {
      this.#openings.get(discovery.opening)?.otherUnits.push(reader.unit);
      return 'known';
    }
    const { device, opening } = discovery;
    this.#result.devices.push(device);
    if (opening !== undefined) this.#openings.set(opening, device);
    return 'device';
  }
}

/**
 * Scans a connection for SunSpec devices. The scan attaches each unit while it asks it; failures of requests are findings,
 * and cancelling ends the scan after the request under way, with what was found until then.
 */
export const scanForDevices = (bus: Bus, options: ScanOptions): Promise<ScanResult> => new Scan(bus, options).run();
