import assert from 'node:assert/strict';
import type { ModbusFailure } from '../../../../../src/drivers/modbus/failures.ts';
import type { ModbusLink } from '../../../../../src/drivers/modbus/transport/modbus-link.ts';
import { createSerialLink } from '../../../../../src/drivers/modbus/transport/serial/serial-link.ts';
import { systemClock } from '../../../../../src/shell/clock.ts';
import { modbusFailureOf, request } from '../../../../support/modbus/read-requests.ts';
import {
  type AskedRequest,
  rtuExceptionFrame,
  rtuFrameOf,
  type ScriptedServer,
  startScriptedServer,
} from '../../../../support/modbus/scripted-server.ts';
import { until } from '../../../../support/until.ts';

describe('Modbus link without ids (RTU over TCP)', () => {
  let server: ScriptedServer;
  let link: ModbusLink;
  let answer: (asked: AskedRequest) => void;

  const good = (asked: AskedRequest): void => void asked.socket.write(rtuFrameOf(asked));
  const isOpen = (): boolean => link.state().kind === 'open';
  const read = async (address: number, timeoutMs = 500): Promise<number> =>
    (await link.send(request(address), timeoutMs)).readUInt16BE(0);
  /** The first request is answered in another way. */
  const answerFirst = (first: (asked: AskedRequest) => void): void => {
    answer = (asked) => (server.asked.length === 1 ? first(asked) : good(asked));
  };

  beforeEach(async () => {
    answer = good;
    server = await startScriptedServer((asked) => answer(asked), 0, 'rtu');
    const options = { framing: 'rtu', silentMs: 20 } as const;
    link = createSerialLink({ host: '127.0.0.1', port: server.port }, systemClock, options);
    link.open();
    await until(isOpen, 'the link opens');
  });
  afterEach(async () => {
    await link.close();
    await server.close();
  });

  it('reads registers', async () => {
    assert.deepEqual([...(await link.send(request(5, 3), 500))], [0, 5, 0, 6, 0, 7]);
  });

  it('takes an answer in single bytes', async () => {
    answer = (asked) => {
      for (const byte of rtuFrameOf(asked)) asked.socket.write(Buffer.from([byte]));
    };
    assert.equal(await read(7), 7);
  });

  it('never gives a late answer to the next request', async () => {
    let late: (() => void) | undefined;
    answerFirst((asked) => {
      late = () => good(asked);
    });
    assert.equal((await modbusFailureOf(link.send(request(1), 60))).kind, 'timeout');
    late?.();
    // It may fall into the open request: then nobody knows which of the two answers belongs to it.
    const second = await read(2).catch((failure: ModbusFailure) => failure.kind);
    assert.ok(second === 2 || second === 'malformed', String(second));
    assert.equal(await read(3), 3);
  });

  it('reports an exception with its code, and goes on', async () => {
    answerFirst((asked) => asked.socket.write(rtuExceptionFrame(asked, 2)));
    const failure = await modbusFailureOf(link.send(request(1), 500));
    assert.deepEqual([failure.kind, failure.code], ['exception', 2]);
    assert.equal(await read(2), 2);
  });

  const refused: [name: string, frame: (asked: AskedRequest) => Buffer][] = [
    ['a wrong check sum', (asked) => Buffer.concat([rtuFrameOf(asked).subarray(0, -1), Buffer.from([0])])],
    ['the answer of another unit', (asked) => rtuFrameOf(asked, { unit: 7 })],
    ['another function code', (asked) => rtuFrameOf(asked, { functionCode: 4 })],
    ['fewer registers than were asked for', (asked) => rtuFrameOf(asked, {}, [])],
  ];
  for (const [name, frame] of refused)
    it(`believes nothing of ${name}, and goes on`, async () => {
      answerFirst((asked) => asked.socket.write(frame(asked)));
      const failure = await modbusFailureOf(link.send(request(1), 100));
      assert.ok(failure.kind === 'timeout' || failure.kind === 'malformed', failure.kind);
      assert.equal(await read(2), 2);
    });

  it('lets go of its request at once when the connection is reset, and comes back', async () => {
    answerFirst((asked) => asked.socket.resetAndDestroy());
    assert.equal((await modbusFailureOf(link.send(request(1), 1000))).kind, 'disconnected');
    await until(isOpen, 'the link opens again');
    assert.equal(await read(2), 2);
  });

  it('takes one request at a time, and none after it was closed', async () => {
    answer = () => {};
    const first = modbusFailureOf(link.send(request(1), 5000));
    assert.equal((await modbusFailureOf(link.send(request(2), 5000))).kind, 'disconnected');
    await until(() => server.asked.length > 0, 'the first request');
    await link.close();
    assert.equal((await first).kind, 'disconnected');
    assert.equal((await modbusFailureOf(link.send(request(3), 100))).kind, 'disconnected');
    assert.equal(server.asked.length, 1);
  });
});

describe('Modbus link without ids, where nothing is there', () => {
  for (const framing of ['rtu', 'ascii'] as const)
    it(`says which port it cannot open (${framing}), and goes on trying`, async () => {
      const settings = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 } as const;
      const link = createSerialLink({ path: '/dev/nothing-here', ...settings }, systemClock, { framing });
      const reasons: string[] = [];
      link.onState((state) => state.kind === 'waiting' && reasons.push(state.reason));
      link.open();
      await until(() => reasons.length >= 2, 'a second attempt');
      assert.match(reasons[0] ?? '', /nothing-here/);
      await link.close();
    });
});
