/** Hostile frames: of WebSocket, of JSON and of OCPP, on a connection that has come in. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { upgradeText } from '../support/ocpp/raw-station.ts';
import type { Dice } from './dice.ts';

interface Header {
  opcode?: number;
  isFinal?: boolean;
  reserved?: number;
  isMasked?: boolean;
  /** Another length than the true one. */
  length?: number;
}

/** RFC 6455 §5.2, with everything in it that can be wrong. */
const frame = (
  payload: Buffer,
  { opcode = 1, isFinal = true, reserved = 0, isMasked = true, length }: Header = {},
): Buffer => {
  const size = length ?? payload.length;
  const head = Buffer.alloc(14);
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  const lengthBytes = size < 126 ? 0 : size < 65_536 ? 2 : 8;
  head[1] = (isMasked ? 0x80 : 0) | (lengthBytes === 0 ? size : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(size, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(size), 2);
  const at = 2 + lengthBytes;
  if (!isMasked) return Buffer.concat([head.subarray(0, at), payload]);
  // A mask of zeros masks nothing, and is allowed.
  return Buffer.concat([head.subarray(0, at + 4), payload]);
};

const message = (text: string | Buffer): Buffer => frame(Buffer.from(text as string));

const actions = [
  'BootNotification',
  'Heartbeat',
  'StatusNotification',
  'StartTransaction',
  'StopTransaction',
  'TransactionEvent',
  'MeterValues',
  'DataTransfer',
  'Sentinel',
  'Nonsense',
  '__proto__',
  'constructor',
  'toString',
  '',
] as const;

/** Anything that JSON can say, and at times a lot of it. */
const anyJson = (dice: Dice, depth = 0): string =>
  dice.pick<() => string>([
    () => 'null',
    () => 'true',
    () => String(dice.int(1e9) - 5e8),
    () => '1e999',
    () => JSON.stringify(dice.text(20)),
    () => (depth > 4 ? '[]' : `[${anyJson(dice, depth + 1)},${anyJson(dice, depth + 1)}]`),
    () => (depth > 4 ? '{}' : `{"a":${anyJson(dice, depth + 1)},"__proto__":${anyJson(dice, depth + 1)}}`),
    () => '{}',
    () => '{"constructor":{"prototype":{"polluted":true}},"__proto__":{"polluted":true}}',
  ])();

const anyId = (dice: Dice): string =>
  dice.pick<() => string>([
    () => `"${dice.int(5)}"`,
    () => `"${randomBytes(8).toString('hex')}"`,
    () => '""',
    () => '"-1"',
    () => JSON.stringify(dice.text(40)),
    () => `"${'i'.repeat(dice.int(2000))}"`,
    () => anyJson(dice),
  ])();

const mutate = (text: string, dice: Dice): string => {
  const at = dice.int(text.length);
  return text.slice(0, at) + dice.bytes(dice.int(4)).toString('latin1') + text.slice(at + dice.int(3));
};

/** Messages that are no worse than their contents. */
const hostileText = (dice: Dice): Buffer => {
  const call = (): string => `[2,${anyId(dice)},${JSON.stringify(dice.pick([...actions]))},${anyJson(dice)}]`;
  return dice.pick<() => Buffer>([
    () => message(call()),
    () => message(call()),
    () => message(mutate(call(), dice)),
    () => message(`[3,${anyId(dice)},${anyJson(dice)}]`),
    () => message(`[4,${anyId(dice)},${anyJson(dice)},${anyJson(dice)},${anyJson(dice)}]`),
    () =>
      message(`[${dice.pick(['0', '1', '5', '6', '7', '-2', '2.5', '"2"', '1e400', 'null'])},${anyId(dice)},"X",{}]`),
    () => message(anyJson(dice)),
    () => message(dice.text(30)),
    () => message(dice.bytes(dice.int(100)).toString('latin1')),
    () => frame(dice.bytes(dice.int(100)), { opcode: 2 }),
    () => message(''),
    () =>
      Buffer.concat([message(call()), message('[2,"twice","Authorize",{}]'), message('[2,"twice","Authorize",{}]')]),
    // In pieces, and with a ping between them.
    () =>
      Buffer.concat([
        frame(Buffer.from('[2,"p",'), { isFinal: false }),
        frame(Buffer.from('?'), { opcode: 9 }),
        frame(Buffer.from('"Heartbeat",{}]'), { opcode: 0 }),
      ]),
  ])();
};

const hugeText = (dice: Dice): Buffer =>
  dice.pick<() => Buffer>([
    () => message(`[2,"deep","DataTransfer",${'['.repeat(20_000)}${']'.repeat(20_000)}]`),
    () => message('['.repeat(50_000)),
    () => message(`[2,"big","DataTransfer",{"data":"${'x'.repeat(dice.int(900_000))}"}]`),
    () => message(`[2,"${'i'.repeat(300_000)}","DataTransfer",{}]`),
    () => message('x'.repeat(1_200_000)),
  ])();

/** After these a connection has to end. */
const brokenFrame = (dice: Dice): Buffer =>
  dice.pick<() => Buffer>([
    () => frame(Buffer.from('[]'), { isMasked: false }),
    () => frame(Buffer.from('[]'), { reserved: 1 + dice.int(7) }),
    () => frame(Buffer.from('[]'), { opcode: 3 + dice.int(5) }),
    () => frame(Buffer.from([0xff, 0xfe, 0x80])),
    () => frame(Buffer.alloc(126), { opcode: 9 }),
    () => frame(Buffer.from('x'), { opcode: 9, isFinal: false }),
    () => frame(Buffer.from('x'), { opcode: 0 }),
    () => frame(Buffer.from([3, 231]), { opcode: 8 }),
    () => frame(Buffer.from([3]), { opcode: 8 }),
    () => frame(Buffer.alloc(0), { opcode: 8 }),
    () => frame(Buffer.alloc(10), { length: 2 ** 40 }),
    () => dice.bytes(50),
  ])();

const flood = (dice: Dice): Buffer =>
  Buffer.concat(Array.from({ length: 5000 }, (_, i) => message(`[2,"f${i}","MeterValues",{"n":${dice.int(9)}}]`)));

export interface Batch {
  protocol: string;
  /** One case each. */
  cases: Buffer[];
  /** Nothing in it breaks the connection, so that a call at the end has to be answered. */
  isBearable: boolean;
}

export const makeBatch = (dice: Dice, size: number): Batch => {
  const cases = Array.from({ length: size }, () => (dice.chance(0.003) ? hugeText(dice) : hostileText(dice)));
  const isBroken = dice.chance(0.1);
  const isFlooding = dice.chance(0.005);
  if (isBroken) cases[cases.length - 1] = brokenFrame(dice);
  if (isFlooding) cases[cases.length - 1] = flood(dice);
  const isTooLong = cases.some(({ length }) => length > 1024 * 1024);
  return {
    protocol: dice.pick(['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1']),
    cases,
    isBearable: !isBroken && !isFlooding && !isTooLong,
  };
};

const sentinel = '[2,"sentinel","Sentinel",{}]';
const patienceMs = 60_000;

/** Answers of a hostile station to a call of ours. */
const hostileAnswer = (id: string, dice: Dice): Buffer =>
  message(
    dice.pick([
      `[3,"${id}",${anyJson(dice)}]`,
      `[4,"${id}",${anyJson(dice)},${anyJson(dice)},${anyJson(dice)}]`,
      `[3,"${id}"]`,
      `[3,"${id}x",{}]`,
      `[3,"${id}",{}],`,
      `[2,"${id}","Heartbeat",{}]`,
    ]),
  );

/** @returns "answered": the call at the end was; "ended": by the server; else what the server did instead */
export const runBatch = (port: number, identity: string, { protocol, cases }: Batch, dice: Dice): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(upgradeText(`/${identity}`, [`Sec-WebSocket-Protocol: ${protocol}`])),
    );
    let received = '';
    let isOpen = false;
    const done = (outcome: string): void => {
      clearTimeout(patience);
      socket.resetAndDestroy();
      resolve(outcome);
    };
    const patience = setTimeout(() => done(isOpen ? 'silent' : 'not let in'), patienceMs);
    socket.on('data', (data) => {
      received = received.slice(-200) + data.toString('latin1');
      if (!isOpen) {
        if (!received.startsWith('HTTP/1.1 101')) return done(`refused: ${received.slice(0, 40)}`);
        isOpen = true;
        for (const bytes of cases) socket.write(bytes);
        socket.write(message(sentinel));
        return;
      }
      for (const [, id = ''] of received.matchAll(/\[2,"([0-9a-f-]{36})","GetConfiguration"/g))
        if (dice.chance(0.8)) socket.write(hostileAnswer(id, dice));
      if (/\[[34],"sentinel",/.test(received)) done('answered');
    });
    socket.on('end', () => done('ended'));
    socket.on('error', () => done('ended'));
    socket.on('close', () => done('ended'));
  });
