/**
 * A pymodbus server in a process of its own (test/peers/pymodbus_server.py), on every transport. Needs `npm run
 * test:peers`.
 */
import type { ModbusLink } from '../../../src/drivers/modbus/transport/modbus-link.ts';
import { createSerialLink } from '../../../src/drivers/modbus/transport/serial/serial-link.ts';
import { createTcpLink } from '../../../src/drivers/modbus/transport/tcp-link.ts';
import { createUdpLink } from '../../../src/drivers/modbus/transport/udp-link.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { freePorts } from '../free-ports.ts';
import { peerFile, startPeerProcess } from '../line-process.ts';
import { until } from '../until.ts';

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

/** A write to unit 6, as the server got it. */
export interface PeerWrite {
  functionCode: number;
  address: number;
  /** Registers, or bits as 0 and 1. */
  values: number[];
}

export interface Pymodbus {
  port: number;
  /** The other end of its serial line. */
  path: string;
  points: HeldPoint[];
  writes: PeerWrite[];
  close(): Promise<void>;
}

/** @param given port; one that is free otherwise */
export const startPymodbus = async (transport: PeerTransport, given?: number): Promise<Pymodbus> => {
  const port = given ?? ((await freePorts(1))[0] as number);
  const lines: object[] = [];
  const writes: PeerWrite[] = [];
  const server = ['.venv/bin/python', peerFile('pymodbus_server.py'), transport, String(port)];
  // The first line says what the server holds, each further one what was written to it.
  const peer = startPeerProcess<object>(server, (line) =>
    lines.length === 0 ? lines.push(line) : writes.push(line as PeerWrite),
  );
  const failed = peer.exit.then((code) => {
    throw new Error(`pymodbus ended at once, code ${code}`);
  });
  await Promise.race([failed, until(() => lines.length > 0, 'pymodbus listens')]);
  return { path: '', port, points: [], writes, ...lines[0], close: peer.close };
};

export const createPeerLink = (transport: PeerTransport, { port, path }: Pymodbus): ModbusLink => {
  const [host, baudRate] = ['127.0.0.1', 115_200];
  if (transport === 'tcp') return createTcpLink({ host, port }, systemClock);
  if (transport === 'udp') return createUdpLink({ host, port }, systemClock);
  // Short enough for ten units within their interval: the server sends nothing twice.
  const silentMs = 10;
  if (transport === 'rtu_tcp') return createSerialLink({ host, port }, systemClock, { framing: 'rtu', silentMs });
  const settings = { baudRate, dataBits: 8, parity: 'none', stopBits: 1 } as const;
  return createSerialLink({ path, ...settings }, systemClock, { framing: transport, silentMs });
};
