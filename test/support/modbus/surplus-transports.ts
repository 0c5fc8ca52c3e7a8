/** The device of surplus-device.ts behind a gateway on TCP and at the end of a serial line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ModbusLink } from '../../../src/drivers/modbus/transport/modbus-link.ts';
import type { SerialEndpoint } from '../../../src/drivers/modbus/transport/serial/serial-channel.ts';
import { createSerialLink } from '../../../src/drivers/modbus/transport/serial/serial-link.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { until } from '../until.ts';
import { createSurplusDevice, type LineOutcome, type LineRun, readAtRandom } from './surplus-device.ts';

export const surplusTransports = ['rtu_tcp', 'rtu'] as const;
export type SurplusTransport = (typeof surplusTransports)[number];

interface Cable {
  place: SerialEndpoint;
  send(bytes: Buffer): void;
  close(): Promise<void>;
}

/** Requests of one register or two are eight bytes. */
const requestsIn = (take: (request: Buffer) => void): ((chunk: Buffer) => void) => {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (; rest.length >= 8; rest = rest.subarray(8)) take(Buffer.from(rest.subarray(0, 8)));
  };
};

const overTcp = async (asked: (request: Buffer) => void): Promise<Cable> => {
  let current: Socket | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    current = socket;
    socket.on('error', () => {});
    socket.on('data', requestsIn(asked));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    place: { host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 },
    send: (bytes) => void (current?.destroyed === false && current.write(bytes)),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      current?.destroy();
      await closed;
    },
  };
};

/** A pseudo terminal, which needs Python: Node opens none. */
const overSerialLine = async (asked: (request: Buffer) => void): Promise<Cable> => {
  const script = fileURLToPath(new URL('serial-cable.py', import.meta.url));
  const cable = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(cable, 'exit');
  const [first] = (await once(cable.stdout, 'data')) as [Buffer];
  const path = String(first).trim();
  cable.stdout.on('data', requestsIn(asked));
  return {
    place: { path, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 },
    send: (bytes) => void cable.stdin.write(bytes),
    async close() {
      cable.stdin.end();
      await exit;
    },
  };
};

/** Runs the exchanges in real time, over a real transport. */
export const runTransport = async (transport: SurplusTransport, run: LineRun): Promise<LineOutcome> => {
  const device = createSurplusDevice(run, systemClock, (bytes) => cable.send(bytes));
  const cable = await (transport === 'rtu' ? overSerialLine : overTcp)(device.answer);
  const link: ModbusLink = createSerialLink(cable.place, systemClock, { framing: 'rtu', silentMs: run.silentMs });
  try {
    link.open();
    await until(() => link.state().kind === 'open', 'the line opens');
    return await readAtRandom(run, {
      async read(request, timeoutMs) {
        // A line that has been silent for too long is opened anew.
        await until(() => link.state().kind === 'open', 'the line is open');
        return link.send(request, timeoutMs);
      },
      onNotice: (listener) => link.onNotice(listener),
      wait: (ms) => pause(ms),
      told: device.told,
    });
  } finally {
    await link.close();
    await cable.close();
  }
};
