import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { encodeRequest, parseResponse, requestLength } from '../../../../src/drivers/modbus/codec/pdu.ts';
import { ModbusFailure } from '../../../../src/drivers/modbus/failures.ts';
import type { WriteRequest } from '../../../../src/drivers/modbus/messages.ts';
import { RegisterImage, type UnitImages } from '../../../../src/drivers/modbus/server/register-image.ts';
import type { Bus } from '../../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import type { ModbusLink } from '../../../../src/drivers/modbus/transport/modbus-link.ts';
import { createTcpLink } from '../../../../src/drivers/modbus/transport/tcp-link.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { type FaultyServer, startFaultyServer } from '../../../../src/simulator/modbus/faulty-server.ts';
import { until } from '../../../support/until.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

const bytes = (request: WriteRequest): string => {
  const pdu = Buffer.alloc(requestLength(request));
  encodeRequest(pdu, 0, request);
  return pdu.toString('hex');
};
const write = (functionCode: WriteRequest['functionCode'], address: number, ...values: number[]): WriteRequest => ({
  unit: 1,
  functionCode,
  address,
  values,
});
const failure = async (writing: Promise<unknown>): Promise<ModbusFailure> => {
  const outcome = await writing.then(
    () => 'written',
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof ModbusFailure, String(outcome));
  return outcome;
};

// The examples of MODBUS Application Protocol V1.1b3 §6.5, §6.6, §6.11, §6.12.
describe('what is written, in bytes', () => {
  const examples: [name: string, request: WriteRequest, expected: string, answer: string][] = [
    ['one coil', write(5, 0xac, 1), '0500acff00', '0500acff00'],
    ['one register', write(6, 1, 3), '0600010003', '0600010003'],
    ['ten coils', write(15, 0x13, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0), '0f0013000a02cd01', '0f0013000a'],
    ['two registers', write(16, 1, 0x0a, 0x0102), '100001000204000a0102', '1000010002'],
  ];
  for (const [name, request, expected, answer] of examples)
    it(name, () => {
      assert.equal(bytes(request), expected);
      assert.ok(Buffer.isBuffer(parseResponse(Buffer.from(answer, 'hex'), request)));
    });

  it('an answer that confirms something else is no confirmation', () => {
    const request = write(6, 1, 3);
    for (const answer of ['0600010004', '0600020003', '06000100', '1000010001', '060001000300'])
      assert.ok(parseResponse(Buffer.from(answer, 'hex'), request) instanceof ModbusFailure, answer);
    const other = parseResponse(Buffer.from('0600010004', 'hex'), request);
    assert.ok(other instanceof ModbusFailure && other.kind === 'unconfirmed');
    const refused = parseResponse(Buffer.from('8602', 'hex'), request);
    assert.ok(refused instanceof ModbusFailure && refused.code === 2);
  });
});

describe('writing over Modbus TCP', () => {
  let server: FaultyServer;
  let images: UnitImages;
  let link: ModbusLink;
  let bus: Bus;

  beforeEach(async () => {
    images = { holding: new RegisterImage(), coil: new RegisterImage() };
    for (let address = 0; address < 200; address++) {
      images.holding?.set(address, 0);
      if (address < 150) images.holding?.allowWrite(address);
      images.coil?.allowWrite(address);
    }
    server = await startFaultyServer({ host: '127.0.0.1', port: 0 }, new Map([[1, images]]));
    link = createTcpLink({ host: '127.0.0.1', port: server.port, maxInFlight: 8 }, systemClock);
    bus = createBus(link, systemClock);
    bus.attach(1, { timeoutMs: 3000, maxInFlight: 8, interRequestMs: 0 });
    await until(() => link.state().kind === 'open', 'the link opens');
  });
  afterEach(async () => {
    await bus.close();
    await server.close();
  });

  it('reaches the registers and coils with every function', async () => {
    await bus.write(write(6, 3, 7));
    await bus.write(write(16, 10, 1, 2, 3));
    await bus.write(write(5, 4, 1));
    await bus.write(write(15, 20, 1, 0, 1));
    const held = [3, 10, 11, 12].map((address) => images.holding?.peek(address));
    assert.deepEqual(held, [7, 1, 2, 3]);
    assert.deepEqual(
      [4, 20, 21, 22].map((address) => images.coil?.peek(address)),
      [1, 1, 0, 1],
    );
  });

  it('tells a refused write from one that was not answered', async () => {
    assert.equal((await failure(bus.write(write(6, 180, 1)))).code, 2);
    await server.setFault(1, { kind: 'dead' });
    assert.equal((await failure(bus.write(write(6, 3, 1)))).kind, 'timeout');
  });

  it('refuses what the protocol does not allow, without sending it', async () => {
    const before = server.requests();
    for (const request of [write(6, 3, 70_000), write(6, 3, -1), write(16, 3), write(5, 3, 2), write(16, 65535, 1, 2)])
      assert.equal((await failure(bus.write(request))).kind, 'refused');
    assert.equal(server.requests(), before);
  });

  it('goes before everything that waits to be read', async () => {
    await server.setFault(1, { kind: 'slow', ms: 20 });
    const order: string[] = [];
    bus.attach(1, { timeoutMs: 2000, maxInFlight: 1, interRequestMs: 0 });
    const reads = [1, 2, 3].map((address) =>
      bus.read({ unit: 1, table: 'holding', address, count: 1 }).then(() => order.push(`read ${address}`)),
    );
    const written = bus.write(write(6, 9, 1)).then(() => order.push('write'));
    await Promise.all([...reads, written]);
    assert.deepEqual(order, ['read 1', 'write', 'read 2', 'read 3']);
  });

  it('is not sent when its time is over before the bus is free', async () => {
    await server.setFault(1, { kind: 'slow', ms: 100 });
    bus.attach(1, { timeoutMs: 2000, maxInFlight: 1, interRequestMs: 0 });
    const reading = bus.read({ unit: 1, table: 'holding', address: 1, count: 1 });
    const late = await failure(bus.write(write(6, 9, 1), systemClock.monotonic() + 20));
    await reading;
    assert.equal(late.kind, 'expired');
    assert.equal(images.holding?.peek(9), 0);
  });

  it('is not kept for a connection that comes back', async () => {
    await server.setFault(1, { kind: 'offline' });
    await until(() => link.state().kind !== 'open', 'the connection is gone');
    assert.equal((await failure(bus.write(write(6, 9, 1)))).kind, 'disconnected');
    await server.setFault(1, { kind: 'none' });
    bus.reconnectSoon();
    await until(() => link.state().kind === 'open', 'the connection is back');
    await bus.read({ unit: 1, table: 'holding', address: 1, count: 1 });
    assert.equal(images.holding?.peek(9), 0);
  });
});

describe('a bus that is closed while devices are not done yet', () => {
  let clock: VirtualClock;
  let bus: Bus;
  let isLinkClosed: boolean;

  beforeEach(() => {
    clock = createVirtualClock();
    isLinkClosed = false;
    const link = {
      open() {},
      onState() {},
      onNotice() {},
      holdOffMs: () => 0,
      state: () => ({ kind: 'closed' }),
      async close() {
        isLinkClosed = true;
      },
    } as unknown as ModbusLink;
    bus = createBus(link, clock);
  });
  const attach = (unit: number) => bus.attach(unit, { timeoutMs: 3000, maxInFlight: 1, interRequestMs: 0 });

  it('closes as soon as the last of them has left', async () => {
    const [first, second] = [attach(1), attach(2)];
    const closing = bus.close(5000);
    first();
    await clock.advanceAsync(4000);
    assert.equal(isLinkClosed, false);
    second();
    await closing;
    assert.equal(isLinkClosed, true);
  });

  it('does not wait longer than it was told', async () => {
    attach(1);
    const closing = bus.close(5000);
    await clock.advanceAsync(5000);
    await closing;
    assert.equal(isLinkClosed, true);
  });
});

describe('a write that nobody answers', () => {
  it('does not lie in the socket until the network is back: the connection is thrown away with it', async () => {
    const sockets: Socket[] = [];
    const ends: (string | undefined)[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const link = createTcpLink({ host: '127.0.0.1', port }, systemClock);
    link.open();
    await until(() => link.state().kind === 'open', 'the link opens');
    const lost = await failure(link.send(write(6, 9, 1), 50));
    assert.equal(lost.kind, 'timeout');
    await until(() => sockets.length === 2, 'it connects anew');
    assert.deepEqual(ends, ['ECONNRESET'], 'the first was ended with a reset, not behind its data');
    await link.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
