/** The line alone, in virtual time: what a request that nobody can answer must not wait for, and what it must. */
import assert from 'node:assert/strict';
import { ModbusFailure } from '../../../../../src/drivers/modbus/failures.ts';
import type { Request } from '../../../../../src/drivers/modbus/messages.ts';
import { rtuFraming } from '../../../../../src/drivers/modbus/transport/serial/rtu.ts';
import { SerialLine } from '../../../../../src/drivers/modbus/transport/serial/serial-line.ts';
import { request } from '../../../../support/modbus/read-requests.ts';
import { withCheckSum } from '../../../../support/modbus/scripted-server.ts';
import { createVirtualClock, type VirtualClock } from '../../../../support/virtual-clock.ts';

const silentMs = 50;
const timeoutMs = 1000;

describe('a line without ids, by its times', () => {
  let clock: VirtualClock;
  let line: SerialLine;
  /** Requests that were sent, and when. */
  let sent: { bytes: Buffer; at: number }[];

  beforeEach(() => {
    clock = createVirtualClock();
    sent = [];
    line = new SerialLine(
      {
        framing: rtuFraming,
        silentMs,
        write: (bytes) => sent.push({ bytes: Buffer.from(bytes), at: clock.monotonic() }),
        notify() {},
      },
      clock,
    );
  });

  interface Outcome {
    data?: Buffer;
    failure?: ModbusFailure;
    at: number;
  }
  /** @returns what became of it so far */
  const ask = (asked: Request): (() => Outcome | undefined) => {
    let outcome: Outcome | undefined;
    line.exchange(asked, timeoutMs).then(
      (data) => {
        outcome = { data, at: clock.monotonic() };
      },
      (failure: unknown) => {
        assert.ok(failure instanceof ModbusFailure, String(failure));
        outcome = { failure, at: clock.monotonic() };
      },
    );
    return () => outcome;
  };
  const registers = (...words: number[]): Buffer =>
    withCheckSum(Buffer.from([1, 3, words.length * 2, ...words.flatMap((word) => [word >> 8, word & 0xff])]));
  const chatter = (everyMs: number): { cancel(): void } =>
    clock.every(everyMs, () => line.receive(Buffer.from([0x41])));

  it('gives up, and says why, where something else never lets it be silent', async () => {
    chatter(silentMs / 2);
    clock.advance(silentMs);
    const outcome = ask(request(100));
    await clock.advanceAsync(60_000);
    assert.equal(sent.length, 0, 'nothing is sent into what another one says');
    assert.match(outcome()?.failure?.message ?? '', /never silent for 50 ms/);
    assert.ok((outcome()?.at ?? 0) < 15_000, `after ${outcome()?.at} ms`);
  });

  for (const [name, answer] of [
    ['without an answer', undefined],
    ['behind the answer', registers(7)],
  ] as const)
    it(`gives up where bytes come without an end ${name}`, async () => {
      const outcome = ask(request(100));
      if (answer) line.receive(answer);
      chatter(silentMs / 2);
      await clock.advanceAsync(60_000);
      assert.equal(outcome()?.failure?.kind, 'malformed', String(outcome()?.failure));
      assert.ok((outcome()?.at ?? 0) < 15_000, `after ${outcome()?.at} ms`);
    });

  it('does not keep a silence that has grown where it is the reason that nothing can be asked', async () => {
    const outcome = ask(request(100));
    line.receive(registers(7));
    await clock.advanceAsync(600);
    assert.ok(outcome()?.data);
    line.receive(registers(7));
    const other = chatter(300);
    const first = ask(request(110));
    await clock.advanceAsync(15_000);
    assert.match(first()?.failure?.message ?? '', /never silent for 7\d\d ms/);
    ask(request(110));
    await clock.advanceAsync(400);
    other.cancel();
    assert.equal(sent.length, 2);
  });

  it('takes a long answer of a slow line, however long its bytes take', async () => {
    const outcome = ask(request(100, 125));
    const frame = registers(...Array.from({ length: 125 }, (_, i) => i));
    // 300 baud: 30 bytes per second.
    for (const [i, byte] of frame.entries()) clock.after((i + 1) * 33, () => line.receive(Buffer.from([byte])));
    await clock.advanceAsync(30_000);
    assert.equal(outcome()?.data?.length, 250, String(outcome()?.failure));
  });

  it('waits a little longer than the timeout: an answer that comes then still belongs to its request', async () => {
    const outcome = ask(request(100));
    await clock.advanceAsync(timeoutMs * 1.4);
    line.receive(registers(100));
    await clock.advanceAsync(200);
    assert.equal(outcome()?.data?.readUInt16BE(0), 100, String(outcome()?.failure));
  });

  it('asks nothing on a new connection that the answer of the old one could be taken for', async () => {
    ask(request(100));
    await clock.advanceAsync(200);
    line.end(() => new ModbusFailure('disconnected', 'gone'));
    const outcome = ask(request(110));
    await clock.advanceAsync(300);
    line.receive(registers(5001));
    await clock.advanceAsync(timeoutMs);
    line.receive(registers(110));
    await clock.advanceAsync(timeoutMs);
    assert.notEqual(outcome()?.data?.readUInt16BE(0), 5001);
  });

  it('takes bits of another count for an answer of the same length', async () => {
    const coils = (address: number, count: number): Request => ({ unit: 1, table: 'coil', address, count });
    ask(coils(0, 9));
    await clock.advanceAsync(timeoutMs * 1.6);
    const outcome = ask(coils(100, 12));
    await clock.advanceAsync(500);
    line.receive(withCheckSum(Buffer.from([1, 1, 2, 0xff, 0x01])));
    await clock.advanceAsync(200);
    assert.equal(outcome()?.data, undefined);
  });

  it('believes the answer to a write of an adapter that has echoed once, and does not any more', async () => {
    const read = ask(request(100));
    const echo = sent[0]?.bytes ?? Buffer.alloc(0);
    line.receive(Buffer.concat([echo, registers(7)]));
    await clock.advanceAsync(200);
    assert.ok(read()?.data);
    ask(request(100));
    line.receive(registers(7));
    await clock.advanceAsync(200);
    const write = ask({ unit: 1, functionCode: 6, address: 5, values: [3] });
    line.receive(sent.at(-1)?.bytes ?? Buffer.alloc(0));
    await clock.advanceAsync(5000);
    assert.deepEqual(write()?.data, Buffer.alloc(0), String(write()?.failure));
  });
});
