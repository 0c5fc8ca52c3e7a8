/** Connections that are closed, opened again or never come about, on real sockets. */
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import type { ModbusLink } from '../../../../src/drivers/modbus/transport/modbus-link.ts';
import { openChannel } from '../../../../src/drivers/modbus/transport/serial/serial-channel.ts';
import { createSerialLink } from '../../../../src/drivers/modbus/transport/serial/serial-link.ts';
import { createTcpLink } from '../../../../src/drivers/modbus/transport/tcp-link.ts';
import { createUdpLink } from '../../../../src/drivers/modbus/transport/udp-link.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { modbusFailureOf, request } from '../../../support/modbus/read-requests.ts';
import { until } from '../../../support/until.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

describe('the life of a Modbus connection', () => {
  let server: Server;
  let sockets: Set<Socket>;
  let connections: number;
  let port: number;
  let link: ModbusLink;

  beforeEach(async () => {
    sockets = new Set();
    connections = 0;
    server = createServer((socket) => {
      connections++;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address ? address.port : 0;
  });
  afterEach(async () => {
    await link.close();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const links: [name: string, create: () => ModbusLink][] = [
    ['Modbus TCP', () => createTcpLink({ host: '127.0.0.1', port, settleMs: 20 }, systemClock)],
    [
      'RTU over TCP',
      () => createSerialLink({ host: '127.0.0.1', port }, systemClock, { framing: 'rtu', settleMs: 20 }),
    ],
  ];
  for (const [name, create] of links)
    it(`is one connection where it is closed and opened again at once (${name})`, async () => {
      link = create();
      const states: string[] = [];
      link.onState(({ kind }) => states.push(kind));
      link.open();
      await until(() => link.state().kind === 'open', 'open');
      await link.close();
      link.open();
      await until(() => states.filter((kind) => kind === 'open').length === 2, 'open again');
      await until(() => sockets.size === 1, 'one connection');
      assert.equal(connections, 2);
      assert.deepEqual(states, ['connecting', 'open', 'closed', 'connecting', 'open']);
    });

  it('says why there is none where the network cannot be reached (Modbus UDP)', async () => {
    // A broadcast address: the system refuses to connect to it.
    link = createUdpLink({ host: '255.255.255.255', port }, systemClock);
    link.open();
    await until(() => link.state().kind === 'waiting', 'the refusal');
    const state = link.state();
    assert.match(state.kind === 'waiting' ? state.reason : '', /EACCES|ENETUNREACH/);
    assert.equal((await modbusFailureOf(link.send(request(1), 1000))).kind, 'disconnected');
  });

  it('leaves no timer behind where it is given up before the serial port was opened', () => {
    link = createTcpLink({ host: '127.0.0.1', port }, systemClock);
    const clock = createVirtualClock();
    let timers = 0;
    const counting = {
      ...clock,
      after(ms: number, run: () => void) {
        timers++;
        const timer = clock.after(ms, run);
        return {
          cancel() {
            timers--;
            timer.cancel();
          },
        };
      },
    };
    const place = { path: '/dev/none', baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 } as const;
    const giveUp = openChannel(place, { clock: counting, timeoutMs: 4000 }, { opened() {}, received() {}, ended() {} });
    giveUp();
    assert.equal(timers, 0);
  });
});
