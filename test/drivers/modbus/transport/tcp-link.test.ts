import assert from 'node:assert/strict';
import type { ModbusLink } from '../../../../src/drivers/modbus/transport/modbus-link.ts';
import { createTcpLink } from '../../../../src/drivers/modbus/transport/tcp-link.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { modbusFailureOf, request } from '../../../support/modbus/read-requests.ts';
import {
  type AskedRequest,
  exceptionFrame,
  frameOf,
  type ScriptedServer,
  startScriptedServer,
} from '../../../support/modbus/scripted-server.ts';
import { until } from '../../../support/until.ts';

describe('Modbus TCP link', () => {
  let server: ScriptedServer;
  let link: ModbusLink;
  let answer: (asked: AskedRequest) => void;

  const good = (asked: AskedRequest): void => void asked.socket.write(frameOf(asked));
  const isOpen = (): boolean => link.state().kind === 'open';
  const read = async (address: number, count = 1, timeoutMs = 1000): Promise<number> =>
    (await link.send(request(address, count), timeoutMs)).readUInt16BE(0);

  beforeEach(async () => {
    answer = good;
    server = await startScriptedServer((asked) => answer(asked));
    link = createTcpLink({ host: '127.0.0.1', port: server.port, maxInFlight: 32 }, systemClock);
    link.open();
    await until(isOpen, 'the link opens');
  });
  afterEach(async () => {
    await link.close();
    await server.close();
  });

  it('reads registers', async () => {
    const data = await link.send(request(5, 3), 1000);
    assert.deepEqual([...data], [0, 5, 0, 6, 0, 7]);
  });

  it('leaves the data of a response alone while others arrive', async () => {
    const first = await link.send(request(5, 3), 1000);
    for (let address = 100; address < 110; address++) await read(address, 3);
    assert.deepEqual([...first], [0, 5, 0, 6, 0, 7]);
  });

  it('keeps many requests apart, whatever the order of their answers', async () => {
    const waiting: AskedRequest[] = [];
    answer = (asked) => {
      waiting.push(asked);
      if (waiting.length === 32) for (const each of waiting.reverse()) each.socket.write(frameOf(each));
    };
    const addresses = Array.from({ length: 32 }, (_, i) => 100 + i);
    assert.deepEqual(await Promise.all(addresses.map((address) => read(address))), addresses);
  });

  it('takes answers in single bytes, and several in one piece', async () => {
    answer = (asked) => {
      for (const byte of frameOf(asked)) asked.socket.write(Buffer.from([byte]));
    };
    assert.equal(await read(77), 77);
    const pieces: Buffer[] = [];
    answer = (asked) => {
      pieces.push(frameOf(asked));
      if (pieces.length === 3) asked.socket.write(Buffer.concat(pieces));
    };
    assert.deepEqual(await Promise.all([read(1), read(2), read(3)]), [1, 2, 3]);
  });

  it('gives a late answer to nobody, though 300 requests follow', async () => {
    let late: AskedRequest | undefined;
    answer = (asked) => {
      if (asked.address === 999) late = asked;
      else good(asked);
    };
    const failure = await modbusFailureOf(link.send(request(999), 50));
    assert.equal(failure.kind, 'timeout');
    for (let i = 0; i < 300; i++) {
      if (i === 255) late?.socket.write(frameOf(late as AskedRequest, {}, [0xdead]));
      assert.equal(await read(i), i);
    }
  });

  it('does not shift answers after a slow one', async () => {
    answer = (asked) => {
      if (asked.address === 31) setTimeout(() => good(asked), 60);
      else good(asked);
    };
    assert.equal((await modbusFailureOf(link.send(request(31), 30))).kind, 'timeout');
    assert.equal(await read(32), 32);
    await until(() => server.asked.length === 2, 'two requests');
    assert.equal(await read(33, 1, 1000), 33);
  });

  it('reports an exception with its code, and goes on', async () => {
    answer = (asked) => {
      if (asked.address === 1) asked.socket.write(exceptionFrame(asked, 2));
      else good(asked);
    };
    const failure = await modbusFailureOf(link.send(request(1), 1000));
    assert.deepEqual([failure.kind, failure.code], ['exception', 2]);
    assert.match(failure.message, /unit 1, holding 1: exception 2 \(illegal data address\)/);
    assert.equal(await read(2), 2);
  });

  it('accepts an answer of a gateway with unit 0', async () => {
    answer = (asked) => void asked.socket.write(frameOf(asked, { unit: 0 }));
    assert.equal(await read(9), 9);
  });

  it('gives an answer with a foreign transaction id to nobody', async () => {
    answer = (asked) => {
      if (asked.address !== 1) good(asked);
      else asked.socket.write(frameOf(asked, { id: (asked.id + 1000) & 0xffff }, [0xdead]));
    };
    const outcomes = await Promise.all([modbusFailureOf(link.send(request(1), 100)), read(2), read(3)]);
    assert.match(outcomes[0].message, /foreign transaction id/);
    assert.deepEqual(outcomes.slice(1), [2, 3]);
    assert.equal(server.connections(), 1);
  });

  it('keeps 300 reads in parallel apart, answered in any order', async () => {
    const waiting: AskedRequest[] = [];
    answer = (asked) => {
      waiting.push(asked);
      if (waiting.length < 300) return;
      // 7 and 300 have no divisor in common: each is taken once.
      for (let i = 0; i < 300; i++) good(waiting[(i * 7) % 300] as AskedRequest);
    };
    const addresses = Array.from({ length: 300 }, (_, i) => 1000 + i);
    assert.deepEqual(await Promise.all(addresses.map((address) => read(address))), addresses);
    assert.equal(new Set(waiting.map(({ id }) => id)).size, 300);
  });

  const malformed: [name: string, (asked: AskedRequest) => Buffer][] = [
    ['another unit', (asked) => frameOf(asked, { unit: 7 })],
    ['another function code', (asked) => frameOf(asked, { functionCode: 4 })],
    ['more registers than were asked for', (asked) => frameOf(asked, {}, [1, 2, 3])],
    ['a byte count larger than the frame', (asked) => frameOf(asked, { byteCount: 200 })],
    ['an endless MBAP length', (asked) => frameOf(asked, { length: 65535 })],
    ['an MBAP length that takes in the next answer', (asked) => frameOf(asked, { length: 16 })],
    ['bytes after its end', (asked) => frameOf(asked, { extra: Buffer.from([1, 2]) })],
  ];
  for (const [name, frame] of malformed)
    it(`refuses an answer with ${name}, and goes on`, async () => {
      answer = (asked) => {
        if (asked.address === 1) asked.socket.write(frame(asked));
        else good(asked);
      };
      assert.equal((await modbusFailureOf(link.send(request(1), 500))).kind, 'malformed');
      assert.equal(await read(2), 2);
      assert.equal(server.connections(), 1);
    });

  it('does not let a header that claims too much swallow the answers behind it', async () => {
    const held: AskedRequest[] = [];
    answer = (asked) => {
      held.push(asked);
      if (held.length < 3) return;
      const [first, second, third] = held as [AskedRequest, AskedRequest, AskedRequest];
      first.socket.write(Buffer.concat([frameOf(first, { length: 16 }), frameOf(second), frameOf(third)]));
    };
    const [first, second, third] = await Promise.allSettled([1, 2, 3].map((address) => read(address)));
    assert.equal(first?.status === 'rejected' && first.reason.kind, 'malformed');
    assert.deepEqual(
      [second, third],
      [2, 3].map((value) => ({ status: 'fulfilled', value })),
    );
    assert.equal(server.connections(), 1);
  });

  const beyondRepair: [name: string, (asked: AskedRequest) => Buffer][] = [
    ['an MBAP length of 0', (asked) => frameOf(asked, { length: 0 })],
    ['another protocol id', (asked) => frameOf(asked, { protocol: 1 })],
    ['an HTTP page', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ];
  for (const [name, frame] of beyondRepair)
    it(`begins a new connection after ${name}`, async () => {
      answer = (asked) => {
        if (asked.address === 1) asked.socket.write(frame(asked));
        else good(asked);
      };
      assert.equal((await modbusFailureOf(link.send(request(1), 2000))).kind, 'disconnected');
      await until(isOpen, 'the link opens again');
      assert.equal(await read(2), 2);
      assert.equal(server.connections(), 2);
    });

  it('lets go of every request at once when the connection is reset', async () => {
    answer = (asked) => {
      if (server.asked.length === 3) asked.socket.resetAndDestroy();
    };
    const failures = await Promise.all(
      [1, 2, 3].map((address) => modbusFailureOf(link.send(request(address), 60_000))),
    );
    assert.ok(failures.every(({ kind }) => kind === 'disconnected'));
    answer = good;
    await until(isOpen, 'the link opens again');
    assert.equal(await read(4), 4);
  });

  it('lets go of every request at once when the device ends the connection', async () => {
    answer = (asked) => {
      if (server.asked.length === 3) asked.socket.end();
    };
    const failures = await Promise.all(
      [1, 2, 3].map((address) => modbusFailureOf(link.send(request(address), 60_000))),
    );
    assert.ok(failures.every(({ kind }) => kind === 'disconnected'));
    answer = good;
    await until(isOpen, 'the link opens again');
    assert.equal(await read(4), 4);
  });

  it('leaves a peer that accepts and never answers', async () => {
    answer = () => {};
    const failures = await Promise.all([1, 2, 3].map((address) => modbusFailureOf(link.send(request(address), 60))));
    assert.ok(failures.every(({ kind }) => kind === 'timeout'));
    await until(() => server.connections() === 2, 'a second connection');
    answer = good;
    await until(isOpen, 'the link opens again');
    assert.equal(await read(5), 5);
  });

  it('settles everything when it is closed, and refuses what comes after', async () => {
    answer = () => {};
    const pending = modbusFailureOf(link.send(request(1), 5000));
    await link.close();
    assert.equal((await pending).kind, 'disconnected');
    assert.equal((await modbusFailureOf(link.send(request(2), 5000))).kind, 'disconnected');
  });

  it('refuses what the protocol does not allow, and sends nothing', async () => {
    for (const wrong of [request(0, 126), request(0, 0), request(65535, 2), request(0, 1, 256)])
      assert.equal((await modbusFailureOf(link.send(wrong, 100))).kind, 'refused');
    assert.equal(server.asked.length, 0);
  });

  it('returns after the server was away', async () => {
    const { port } = server;
    await server.close();
    await until(() => link.state().kind === 'waiting', 'the link waits');
    server = await startScriptedServer((asked) => answer(asked), port);
    await until(isOpen, 'the link opens again');
    assert.equal(await read(6), 6);
  });
});
