/** Reads of holding registers of one unit, whose failures are outcomes: discovery expects most of them. */
import { type Bus, ModbusFailure } from '../../modbus/index.ts';

/** A read that gave no registers. */
export type FailedRead =
  /** The unit does not give these registers. */
  | { kind: 'exception'; code: number }
  /** The unit did not answer, is busy, or its gateway cannot reach it. The reason says so in words. */
  | { kind: 'silent'; reason: string }
  /** There is no connection. */
  | { kind: 'disconnected'; reason: string };

/** The registers, big-endian; or why there are none. */
export type ReadOutcome = { kind: 'words'; words: Buffer } | FailedRead;

/** Exceptions after which the unit was not there, or had no time: V1.1b3 §7, codes 5, 6, 10 and 11. */
const passingCodes: readonly (number | undefined)[] = [5, 6, 10, 11];

const failedRead = ({ kind, code, message: reason }: ModbusFailure): FailedRead => {
  if (kind === 'exception' && code !== undefined && !passingCodes.includes(code)) return { kind: 'exception', code };
  return { kind: kind === 'disconnected' ? 'disconnected' : 'silent', reason };
};

interface ReaderOptions {
  /** Monotonic ms. */
  now(): number;
  signal?: AbortSignal | undefined;
}

/** Reads of one unit that is attached to a bus. */
export class RegisterReader {
  readonly unit: number;
  /** Requests so far. */
  requests = 0;
  /** The slowest answer so far, ms; undefined before the first one. */
  slowestMs: number | undefined;
  readonly #bus: Bus;
  readonly #options: ReaderOptions;

  constructor(bus: Bus, unit: number, options: ReaderOptions) {
    this.#bus = bus;
    this.unit = unit;
    this.#options = options;
  }

  /**
   * @param mayRepeat whether the request is sent once more if it gets no answer
   * @throws the reason of the signal, if that is aborted
   */
  async read(address: number, count: number, mayRepeat = false): Promise<ReadOutcome> {
    const { now, signal } = this.#options;
    signal?.throwIfAborted();
    this.requests++;
    const startedAt = now();
    let outcome: ReadOutcome;
    try {
      const request = { unit: this.unit, table: 'holding', address, count } as const;
      outcome = { kind: 'words', words: await this.#bus.read(request, mayRepeat ? Number.POSITIVE_INFINITY : 0) };
    } catch (error) {
      if (!(error instanceof ModbusFailure)) throw error;
      outcome = failedRead(error);
    }
    if (outcome.kind === 'words' || outcome.kind === 'exception')
      this.slowestMs = Math.max(this.slowestMs ?? 0, now() - startedAt);
    return outcome;
  }
}
