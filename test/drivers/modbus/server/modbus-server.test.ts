import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  exceptionCodes,
  type ModbusServer,
  type ModbusServerOptions,
  RegisterImage,
  startModbusServer,
  type UnitImages,
  type WrittenValues,
} from '../../../../src/drivers/modbus/index.ts';
import { until } from '../../../support/until.ts';

/** A client that writes bytes as they are, and keeps what comes back. */
class RawClient {
  readonly socket: Socket;
  #received = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('hex');
    });
    socket.on('error', () => {});
  }

  /** Sends bytes. @returns the next bytes that come, in hexadecimal, as many as are expected */
  async ask(frame: string, bytes: number): Promise<string> {
    this.#received = '';
    this.socket.write(Buffer.from(frame.replaceAll(' ', ''), 'hex'));
    await until(() => this.#received.length >= bytes * 2, `${bytes} bytes`);
    return this.#received;
  }

  get received(): string {
    return this.#received;
  }

  async ended(): Promise<void> {
    if (!this.socket.destroyed) await once(this.socket, 'close');
  }
}

/** Reads register 0 of unit 1, whose value is 7: request, response, and the length of the response. */
const readFirst = '0001 0000 0006 01 03 0000 0001';
const first = '0001000000050103020007';
const firstLength = 11;

describe('the Modbus server', () => {
  let server: ModbusServer;
  let units: Map<number, UnitImages>;
  let written: WrittenValues[];
  let clients: RawClient[];

  const start = async (options: Partial<ModbusServerOptions> = {}): Promise<void> => {
    server = await startModbusServer({ host: '127.0.0.1', port: 0, ...options }, units);
  };
  /** A client that the server has answered. */
  const open = async (): Promise<RawClient> => {
    const socket = connect(server.port, '127.0.0.1');
    const client = new RawClient(socket);
    clients.push(client);
    assert.equal(await client.ask(readFirst, firstLength), first);
    return client;
  };

  beforeEach(() => {
    const [meter, control] = [new RegisterImage(), new RegisterImage()];
    for (let address = 0; address < 125; address++) meter.set(address, 0);
    [7, 8, 9].forEach((word, address) => void meter.set(address, word));
    for (const address of [0, 1, 2]) control.set(address, 0);
    for (const address of [0, 1]) control.allowWrite(address);
    written = [];
    clients = [];
    units = new Map<number, UnitImages>([
      [1, { holding: meter }],
      [
        2,
        {
          holding: control,
          refuse: ({ values }) => (values.some((value) => value > 100) ? exceptionCodes.illegalDataValue : undefined),
          onWritten: (write) => void written.push(write),
        },
      ],
    ]);
  });
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    await server.close();
  });

  it('answers with the identifiers of the request, in pieces and several at once', async () => {
    await start();
    const client = await open();
    assert.equal(await client.ask(readFirst, firstLength), first);
    client.socket.write(Buffer.from('00020000', 'hex'));
    assert.equal(await client.ask('0006 01 03 0001 0002', 13), '0002000000070103040008' + '0009');
    const two = await client.ask(`${readFirst} 0002 0000 0006 01 03 0001 0001`, firstLength * 2);
    assert.equal(two, `${first}0002000000050103020008`);
  });

  it('refuses what the specification refuses, each with its exception code', async () => {
    await start();
    const client = await open();
    const exceptionOf = async (unit: number, pdu: string): Promise<string> => {
      const bytes = Buffer.from(pdu.replaceAll(' ', ''), 'hex');
      const length = (bytes.length + 1).toString(16).padStart(4, '0');
      const answer = await client.ask(`0001 0000 ${length} ${unit.toString(16).padStart(2, '0')} ${pdu}`, 9);
      assert.equal(answer.length, 18, answer);
      return answer.slice(14);
    };
    assert.equal(await exceptionOf(1, '03 007c 0002'), '8302', 'behind the last register');
    assert.equal(await exceptionOf(1, '03 ffff 0002'), '8302', 'behind the last address');
    assert.equal(await exceptionOf(1, '03 0000 007e'), '8303', 'more than 125 registers');
    assert.equal(await exceptionOf(1, '03 0000 0000'), '8303', 'no register');
    assert.equal(await exceptionOf(1, '03 0000'), '8303', 'half a request');
    assert.equal(await exceptionOf(1, '04 0000 0001'), '8402', 'a table that the unit has not');
    assert.equal(await exceptionOf(1, '2b 0e01 00'), 'ab01', 'a function that nobody knows');
    assert.equal(await exceptionOf(1, '07'), '8701', 'a function without data');
    assert.equal(await exceptionOf(1, '06 0000 0001'), '8601', 'a unit that is only read');
    assert.equal(await exceptionOf(2, '06 0002 0001'), '8602', 'a register that is only read');
    assert.equal(await exceptionOf(2, '06 0000 0065'), '8603', 'a value that the device refuses');
    assert.equal(await exceptionOf(2, '06 0000 0001 00'), '8603', 'a request that is too long');
    assert.equal(await exceptionOf(2, '10 0000 0002 03 0001 00'), '9003', 'a byte count that is not right');
    assert.deepEqual(written, []);
  });

  it('writes all values of a request or none', async () => {
    await start();
    const client = await open();
    const exception = '000100000003029002';
    assert.equal(await client.ask('0001 0000 000b 02 10 0001 0002 04 0005 0006', 9), exception);
    assert.equal(units.get(2)?.holding?.peek(1), 0);
    assert.deepEqual(written, []);
    await client.ask('0001 0000 000b 02 10 0000 0002 04 0005 0006', 12);
    assert.deepEqual(written, [{ table: 'holding', address: 0, values: [5, 6] }]);
    assert.deepEqual(
      [0, 1].map((address) => units.get(2)?.holding?.peek(address)),
      [5, 6],
    );
  });

  it('is silent for a unit that it has not, or answers as a gateway does', async () => {
    const toNobody = '0009 0000 0006 05 03 0000 0001';
    await start();
    const client = await open();
    assert.equal(await client.ask(`${toNobody} ${readFirst}`, firstLength), first);
    await server.close();
    await start({ unknownUnit: 'exception' });
    assert.equal(await (await open()).ask(toNobody, 9), '00090000000305830b');
  });

  for (const [what, bytes] of [
    ['another protocol', '0001 0001 0006 01 03 0000 0001'],
    ['a length of nothing', '0001 0000 0001 01 03 0000 0001'],
    ['a length that no frame has', '0001 0000 00ff 01 03 0000 0001'],
    ['a request for a web page', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
  ] as const)
    it(`hangs up on a client that sends ${what}, and on no other`, async () => {
      await start();
      const [good, bad] = [await open(), await open()];
      const answered = bad.received;
      bad.socket.write(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));
      await bad.ended();
      assert.equal(bad.received, answered);
      assert.equal(await good.ask(readFirst, firstLength), first);
      assert.equal(server.connections(), 1);
    });

  it('gives the place of the client that has been silent for longest to a new one', async () => {
    await start({ maxConnections: 2 });
    const [asking, silent] = [await open(), await open()];
    await asking.ask(readFirst, firstLength);
    await Promise.all([open(), silent.ended()]);
    assert.equal(await asking.ask(readFirst, firstLength), first);
    assert.equal(server.connections(), 2);
  });

  it('hangs up on a client that says nothing', async () => {
    await start({ idleMs: 20 });
    const client = await open();
    await client.ended();
    await until(() => server.connections() === 0, 'no client is left');
  });

  it('does not collect responses for a client that takes none', async () => {
    await start();
    const client = await open();
    client.socket.pause();
    const many = Buffer.from('00010000000601030000007d'.repeat(1000), 'hex');
    // The client cannot send on when the server does not read on.
    while (client.socket.write(many) || client.socket.writableLength < 1e6) await new Promise(setImmediate);
    const asked = client.socket.bytesWritten / 12;
    assert.ok(server.requests() < asked - 80_000, `${server.requests()} of ${asked}`);
    const before = server.requests();
    client.socket.resume();
    await until(() => server.requests() > before, 'further requests');
  });

  it('opens its port again after it was closed', async () => {
    await start();
    const { port } = server;
    const client = await open();
    await server.close();
    await client.ended();
    await server.open();
    assert.equal(server.port, port);
    assert.equal(await (await open()).ask(readFirst, firstLength), first);
  });

  it('tells that a port is taken', async () => {
    await start();
    await assert.rejects(startModbusServer({ host: '127.0.0.1', port: server.port }, units), /EADDRINUSE/);
  });
});
