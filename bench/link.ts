/** Requests over Modbus TCP: our client, modbus-serial, and a socket that only counts bytes. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { createTcpLink } from '../src/drivers/modbus/transport/tcp-link.ts';
import { systemClock } from '../src/shell/clock.ts';
import { compare, type Expected, printRatio, printTable, type Side, timed } from './parts/measure.ts';
import { startDevice } from './parts/peers.ts';

const require = createRequire(import.meta.url);

interface Client {
  name: string;
  /** One request after another until count is reached, this many at a time. */
  run(count: number, inFlight: number, registers: number): Promise<number>;
  close(): Promise<void>;
}

/** The same loop for every client that has a promise per request. */
const loopOver =
  (read: (registers: number) => Promise<unknown>) =>
  async (count: number, inFlight: number, registers: number): Promise<number> => {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await read(registers);
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return count;
  };

const openOwn = async (port: number): Promise<Client> => {
  const link = createTcpLink({ host: '127.0.0.1', port, maxInFlight: 32 }, systemClock);
  const opened = new Promise<void>((resolve) => link.onState(({ kind }) => kind === 'open' && resolve()));
  link.open();
  await opened;
  const read = (count: number) => link.send({ unit: 1, table: 'holding', address: 0, count }, 1000);
  return { name: 'ours', run: loopOver(read), close: () => link.close() };
};

const openModbusSerial = async (port: number): Promise<Client> => {
  const { default: ModbusRTU } = require('modbus-serial') as typeof import('modbus-serial');
  const client = new ModbusRTU();
  await client.connectTCP('127.0.0.1', { port });
  client.setID(1);
  client.setTimeout(1000);
  return {
    name: 'modbus-serial',
    run: loopOver((registers) => client.readHoldingRegisters(0, registers)),
    close: () => new Promise((resolve) => client.close(() => resolve())),
  };
};

/** The upper bound of the machine: requests made beforehand, answers counted by their length. */
const openRaw = async (port: number): Promise<Client> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return {
    name: 'raw socket loop',
    run: (count, inFlight, registers) =>
      new Promise((resolve) => {
        const request = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, registers]);
        const answerLength = 9 + registers * 2;
        let bytes = 0;
        let sent = inFlight;
        socket.on('data', (chunk) => {
          const before = Math.floor(bytes / answerLength);
          bytes += chunk.length;
          const answered = Math.floor(bytes / answerLength);
          const more = Math.min(answered - before, count - sent);
          if (more > 0) socket.write(more === 1 ? request : Buffer.concat(Array(more).fill(request)));
          sent += Math.max(0, more);
          if (answered < count) return;
          socket.removeAllListeners('data');
          resolve(count);
        });
        socket.write(Buffer.concat(Array(inFlight).fill(request)));
      }),
    async close() {
      socket.destroy();
    },
  };
};

export const benchLink = async (isShort: boolean): Promise<void> => {
  const device = await startDevice();
  const clients = [await openModbusSerial(device.port), await openOwn(device.port), await openRaw(device.port)];
  const perRound = isShort ? 2000 : 20_000;
  for (const registers of [125, 10]) {
    const rows: (string | number)[][] = [];
    const ratios: [string, number, Expected][] = [];
    for (const inFlight of [1, 8, 16]) {
      const sides: Side[] = clients.map(({ name, run }) => ({
        name,
        round: () => timed(() => run(perRound, inFlight, registers)),
      }));
      const figures = await compare(sides, isShort ? 3 : 7);
      const [reference, ours] = figures;
      if (!reference || !ours) throw new Error('nothing measured');
      for (const { name, perSecond, cpuUs } of figures)
        rows.push([`${name}, ${inFlight} in flight`, perSecond, cpuUs, perSecond / reference.perSecond]);
      if (registers !== 125) continue;
      if (inFlight === 1)
        ratios.push(['CPU per request, 1 in flight, to modbus-serial', ours.cpuUs / reference.cpuUs, { atMost: 1 }]);
      else
        ratios.push([
          `requests/s, ${inFlight} in flight, to modbus-serial`,
          ours.perSecond / reference.perSecond,
          { atLeast: 1.5 },
        ]);
    }
    printTable(`Link: read ${registers} registers`, ['', 'requests/s', 'CPU us/request', 'x modbus-serial'], rows);
    for (const ratio of ratios) printRatio(...ratio);
  }
  for (const client of clients) await client.close();
  await device.close();
};
