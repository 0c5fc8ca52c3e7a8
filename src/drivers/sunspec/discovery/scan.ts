/**
 * The scan of one connection: which units have a SunSpec device, and why the others have none. It reads only, one request
 * after the other, so that devices that are polled on the same connection go on.
 */
import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';
import type { Bus } from '../../modbus/index.ts';
import { type Brand, candidateBases, candidateUnits } from './candidate-units.ts';
import { discoverDevice } from './discover-device.ts';
import type { SunSpecDevice } from './discovered-device.ts';
import { createNote } from './discovery-notes.ts';
import { findMarker } from './marker.ts';
import type { FindModel } from './model-lengths.ts';
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
}

const defaultTimeoutMs = 1000;
const defaultPauseMs = 20;
/** As soon as a unit has answered, others are given this many times its slowest answer, but not less than this, ms. */
const patienceFactor = 8;
const leastTimeoutMs = 250;
/** Time in which a broken connection has to be back, ms. */
const reconnectMs = 10_000;

/** One scan. Create it with `scanForDevices`. */
class Scan {
  readonly #bus: Bus;
  readonly #options: ScanOptions;
  readonly #result: ScanResult = { devices: [], units: [], notes: [], isCancelled: false, requests: 0 };
  /** Devices by the opening of their list of models. */
  readonly #openings = new Map<string, SunSpecDevice>();
  #slowestMs = 0;

  constructor(bus: Bus, options: ScanOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  async run(): Promise<ScanResult> {
    const { unit, brand, isEveryUnit, units = candidateUnits({ unit, brand, isEveryUnit }), signal } = this.#options;
    const { clock, pauseMs = defaultPauseMs, onProgress } = this.#options;
    const result = this.#result;
    try {
      for (const [n, each] of units.entries()) {
        if (n > 0) await pause(pauseMs, clock, signal);
        const finding = await this.#ask(each);
        result.units.push(finding);
        onProgress?.({ asked: n + 1, total: units.length, unit: each, devices: [...result.devices] });
        if (finding.kind === 'lost' && !(await this.#reconnected(each))) break;
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
      result.isCancelled = true;
      result.notes.push(createNote('cancelled', { asked: result.units.length, total: units.length }));
    }
    result.notes.unshift(...scanNotes(result, unit));
    return result;
  }

  get #timeoutMs(): number {
    const { timeoutMs = defaultTimeoutMs } = this.#options;
    if (this.#slowestMs === 0) return timeoutMs;
    return Math.min(timeoutMs, Math.max(leastTimeoutMs, this.#slowestMs * patienceFactor));
  }

  async #ask(unit: number): Promise<UnitFinding> {
    const { clock, signal } = this.#options;
    const timeoutMs = this.#timeoutMs;
    const detach = this.#bus.attach(unit, { timeoutMs, maxInFlight: 1, interRequestMs: 0 });
    const reader = new RegisterReader(this.#bus, unit, { now: () => clock.monotonic(), signal });
    try {
      return await this.#askUnit(reader, timeoutMs);
    } finally {
      detach();
      this.#result.requests += reader.requests;
      this.#slowestMs = Math.max(this.#slowestMs, reader.slowestMs);
    }
  }

  async #askUnit(reader: RegisterReader, timeoutMs: number): Promise<UnitFinding> {
    const { unit } = reader;
    const isEntered = unit === this.#options.unit;
    // The first response on a connection may be lost while the device gets ready.
    const retryForMs = this.#slowestMs === 0 || isEntered ? timeoutMs * 3 : 0;
    const bases = await findMarker(reader, {
      bases: candidateBases(this.#options.brand),
      isThorough: isEntered,
      retryForMs,
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

  /** Waits until a broken connection is back: some devices end it when they are asked for a unit that they do not know. */
  async #reconnected(unit: number): Promise<boolean> {
    const { clock, signal } = this.#options;
    const opened = new AbortController();
    const check = (): void => {
      if (this.#bus.linkState().kind === 'open') opened.abort();
    };
    // The bus keeps a connection only for units that are attached.
    const detach = this.#bus.attach(unit, { timeoutMs: this.#timeoutMs, maxInFlight: 1, interRequestMs: 0 });
    const ignore = this.#bus.onChange(check);
    check();
    await pause(reconnectMs, clock, AbortSignal.any([opened.signal, ...(signal ? [signal] : [])]));
    ignore();
    detach();
    signal?.throwIfAborted();
    const state = this.#bus.linkState();
    if (state.kind === 'open') return true;
    const reason = state.kind === 'waiting' ? state.reason : state.kind;
    const hasAnswered = this.#slowestMs > 0;
    this.#result.notes.push(
      hasAnswered ? createNote('connection_lost', { unit, reason }) : createNote('no_connection', { reason }),
    );
    return false;
  }
}

/**
 * Scans a connection for SunSpec devices. The scan attaches each unit while it asks it; failures of requests are findings,
 * and cancelling ends the scan after the request under way, with what was found until then.
 */
export const scanForDevices = (bus: Bus, options: ScanOptions): Promise<ScanResult> => new Scan(bus, options).run();
