/** What an integrator asks of a connection before there is a profile: does anybody answer, and what is in there. */
import type { Clock } from '../../model/time.ts';
import type { Bus } from './bus.ts';
import type { Link } from './link.ts';
import { ModbusFailure, type Table } from './request.ts';

export type ProbeResult =
  /** An exception is an answer as well. */
  { kind: 'answers'; ms: number } | { kind: 'silent'; unit: number } | { kind: 'failed'; reason: string };

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

/** Opens a connection of its own, asks for one register, and closes again. */
export const probeUnit = async (link: Link, unit: number, clock: Clock): Promise<ProbeResult> => {
  const startedAt = clock.monotonic();
  try {
    const reason = await opened(link, clock);
    if (reason !== undefined) return { kind: 'failed', reason };
    await link.read({ unit, table: 'holding', address: 0, count: 1 }, probeTimeoutMs);
  } catch (error) {
    if (!(error instanceof ModbusFailure)) throw error;
    if (error.kind === 'timeout') return { kind: 'silent', unit };
    if (error.kind !== 'exception') return { kind: 'failed', reason: error.message };
  } finally {
    await link.close();
  }
  return { kind: 'answers', ms: Math.round(clock.monotonic() - startedAt) };
};

export interface Dump {
  unit: number;
  table: Table;
  /** Registers as four hexadecimal digits, bits as 0 or 1, by address; what the device refuses is missing. */
  words: Record<number, string>;
}

const chunk = 32;

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

  const read = async (address: number, count: number): Promise<void> => {
    try {
      const data = await bus.read({ unit, table, address, count });
      for (let i = 0; i < count; i++)
        words[address + i] = isBits
          ? String(((data[i >> 3] ?? 0) >> (i & 7)) & 1)
          : data
              .readUInt16BE(i * 2)
              .toString(16)
              .padStart(4, '0');
    } catch (error) {
      if (!(error instanceof ModbusFailure) || error.kind !== 'exception') throw error;
      if (count === 1) return;
      const half = Math.ceil(count / 2);
      await read(address, half);
      await read(address + half, count - half);
    }
  };

  const detach = bus.attach(unit, { timeoutMs: probeTimeoutMs, maxInFlight: 1, interRequestMs: 0 });
  try {
    for (let address = from; address <= to; address += chunk) await read(address, Math.min(chunk, to - address + 1));
  } finally {
    detach();
  }
  return { unit, table, words };
};
