/** The register dump of the form: the contents of a range of an unknown device, around the holes in it. */
import { textAt } from '../codec/decode.ts';
import { ModbusFailure } from '../failures.ts';
import type { Table } from '../messages.ts';
import type { Bus } from '../transport/bus/bus.ts';

/** The registers or bits to be dumped. */
interface DumpRange {
  unit: number;
  table: Table;
  /** First and last address, 0-based as on the wire. */
  from: number;
  to: number;
}

/** The contents of the registers or bits that the device has. */
interface RegisterDump {
  unit: number;
  table: Table;
  /** Registers as four hexadecimal digits, bits as 0 or 1, by address; addresses that the device refuses are missing. */
  words: Record<number, string>;
}

const dumpTimeoutMs = 3000;
/** Registers in one request at most. */
const maxCount = 32;

/**
 * Reads a range of a device.
 * @throws ModbusFailure if the unit does not answer at all
 */
export const dumpRegisters = async (bus: Bus, { unit, table, from, to }: DumpRange): Promise<RegisterDump> => {
  const words: Record<number, string> = {};

  /** @returns whether the device has all of them */
  const read = async (address: number, count: number): Promise<boolean> => {
    try {
      const data = await bus.read({ unit, table, address, count });
      for (let i = 0; i < count; i++) words[address + i] = textAt(data, table, i);
      return true;
    } catch (error) {
      if (!(error instanceof ModbusFailure) || error.kind !== 'exception') throw error;
      return false;
    }
  };

  /** Long requests are in vain if there are many holes: each refusal halves the next request, each answer doubles it. */
  const readAround = async (): Promise<void> => {
    let [address, count] = [from, maxCount];
    while (address <= to) {
      const asked = Math.min(count, to - address + 1);
      const isThere = await read(address, asked);
      if (isThere || asked === 1) address += asked;
      count = isThere ? Math.min(maxCount, count * 2) : Math.max(1, asked >> 1);
    }
  };

  const detach = bus.attach(unit, { timeoutMs: dumpTimeoutMs, maxInFlight: 1, interRequestMs: 0 });
  try {
    await readAround();
  } finally {
    detach();
  }
  return { unit, table, words };
};
