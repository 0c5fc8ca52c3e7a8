/** What an integrator asks of a connection before there is a profile: does anybody answer, and what is in there. */
import type { Clock } from '../../model/time.ts';
import type { Bus } from './bus.ts';
import type { Link } from './link.ts';
import { ModbusFailure, type ReadRequest, type Table } from './request.ts';

export type ProbeResult =
  /** An exception is an answer as well. */
  { kind: 'answers'; unit: number; ms: number } | { kind: 'silent'; unit: number } | { kind: 'failed'; reason: string };

const probeTimeoutMs = 3000;

const opened = (link: Link, clock: Clock): Promise<string | undefined> =>
  new Promise((resolve) => {
    const giveUp = clock.after(probeTimeoutMs, () => resolve('no connection within 3 s'));
    link.onState((state) => {
      if (state.kind !== 'open' && state.kind !== 'waiting') return;
      giveUp.cancel();
      resolve(state.kind === 'waiting' ? state.reason : undefined);
    });
    link.open();
  });

const ask = async (
  unit: number,
  clock: Clock,
  read: (request: ReadRequest) => Promise<unknown>,
): Promise<ProbeResult> => {
  const startedAt = clock.monotonic();
  try {
    await read({ unit, table: 'holding', address: 0, count: 1 });
  } catch (error) {
    if (!(error instanceof ModbusFailure)) throw error;
    if (error.kind === 'timeout' || error.kind === 'unreachable') return { kind: 'silent', unit };
    if (error.kind !== 'exception') return { kind: 'failed', reason: error.message };
  }
  return { kind: 'answers', unit, ms: Math.round(clock.monotonic() - startedAt) };
};

/** Opens a connection of its own, asks for one register, and closes again. */
export const probeUnit = async (link: Link, unit: number, clock: Clock): Promise<ProbeResult> => {
  try {
    const reason = await opened(link, clock);
    if (reason !== undefined) return { kind: 'failed', reason };
    return await ask(unit, clock, (request) => link.read(request, probeTimeoutMs));
  } finally {
    await link.close();
  }
};

/** Asks through a connection that is there already: many a device takes one only. */
export const probeConnected = async (bus: Bus, clock: Clock): Promise<ProbeResult> => {
  const unit = bus.attachedUnit() ?? 1;
  const detach = bus.attach(unit, { timeoutMs: probeTimeoutMs, maxInFlight: 1, interRequestMs: 0 });
  try {
    return await ask(unit, clock, (request) => bus.read(request));
  } finally {
    detach();
  }
};

export interface Dump {
  unit: number;
  table: Table;
  /** Registers as four hexadecimal digits, bits as 0 or 1, by address; what the device refuses is missing. */
  words: Record<number, string>;
}

/** Registers in one request. */
const longest = 32;

/**
 * Reads a range of an unknown device, around the holes in it.
 * @throws ModbusFailure where the unit does not answer at all
 */
export const dumpRegisters = async (
  bus: Bus,
  { unit, table, from, to }: { unit: number; table: Table; from: number; to: number },
): Promise<Dump> => {
  const words: Record<number, string> = {};
  const isBits = table === 'coil' || table === 'discrete';

  const keep = (address: number, count: number, data: Buffer): void => {
    for (let i = 0; i < count; i++)
      words[address + i] = isBits
        ? String(((data[i >> 3] ?? 0) >> (i & 7)) & 1)
        : data
            .readUInt16BE(i * 2)
            .toString(16)
            .padStart(4, '0');
  };

  /** @returns whether the device has all of them */
  const read = async (address: number, count: number): Promise<boolean> => {
    try {
      keep(address, count, await bus.read({ unit, table, address, count }));
      return true;
    } catch (error) {
      if (!(error instanceof ModbusFailure) || error.kind !== 'exception') throw error;
      return false;
    }
  };

  /** Where holes are many, long requests are asked in vain: each refusal halves the next, each answer doubles it. */
  const readAround = async (): Promise<void> => {
    let [address, count] = [from, longest];
    while (address <= to) {
      const asked = Math.min(count, to - address + 1);
      const isThere = await read(address, asked);
      if (isThere || asked === 1) address += asked;
      count = isThere ? Math.min(longest, count * 2) : Math.max(1, asked >> 1);
    }
  };

  const detach = bus.attach(unit, { timeoutMs: probeTimeoutMs, maxInFlight: 1, interRequestMs: 0 });
  try {
    await readAround();
  } finally {
    detach();
  }
  return { unit, table, words };
};
