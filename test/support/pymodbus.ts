/** pymodbus in a process of its own: the server of test/peers/pymodbus_server.py. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.ts';

export type PeerTransport = 'tcp' | 'rtu_tcp' | 'udp' | 'rtu' | 'ascii';

/** One value that the server holds, encoded by itself. */
export interface HeldPoint {
  addr: number;
  type: string;
  /** Registers. */
  len: number;
  wordOrder: 'big' | 'little';
  byteOrder: 'big' | 'little';
  value: number | string;
}

export interface Pymodbus {
  port: number;
  /** The other end of its serial line. */
  path: string;
  points: HeldPoint[];
  close(): Promise<void>;
}

const file = (name: string): string => fileURLToPath(new URL(`../peers/${name}`, import.meta.url));

/** @param given port; one that is free otherwise */
export const startPymodbus = async (transport: PeerTransport, given?: number): Promise<Pymodbus> => {
  const python = file('.venv/bin/python');
  if (!existsSync(python)) throw new Error('pymodbus is not installed: npm run test:peers does it');
  const port = given ?? ((await freePorts(1))[0] as number);
  const child = spawn(python, [file('pymodbus_server.py'), transport, String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([once(lines, 'line'), exit])) as [unknown];
  if (typeof line !== 'string') throw new Error(`pymodbus ended at once, code ${line}`);
  return {
    path: '',
    port,
    ...JSON.parse(line),
    async close() {
      child.stdin.end();
      await exit;
    },
  };
};
