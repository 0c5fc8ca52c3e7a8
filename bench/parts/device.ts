/**
 * Modbus TCP devices as fast as Node can be one: every read is answered at once with the registers of block.ts, which
 * change with every answer. A process of its own, so that its CPU is not counted: prints its port, ends with its parent.
 */
import { createServer } from 'node:net';
import { blockLength, fillBlock } from './block.ts';

const requestLength = 12;
const headerLength = 9;

const ticks = Array.from({ length: 64 }, (_, tick) => {
  const data = Buffer.alloc(blockLength * 2);
  fillBlock(data, 0, blockLength, tick);
  return data;
});
let tick = 0;

/** MODBUS Application Protocol V1.1b3 §6.3, any number of requests at once. */
const answer = (requests: Buffer): Buffer => {
  const answers: Buffer[] = [];
  for (let at = 0; at + requestLength <= requests.length; at += requestLength) {
    const count = requests.readUInt16BE(at + 10);
    const address = requests.readUInt16BE(at + 8);
    const frame = Buffer.allocUnsafe(headerLength + count * 2);
    requests.copy(frame, 0, at, at + 4);
    frame.writeUInt16BE(3 + count * 2, 4);
    requests.copy(frame, 6, at + 6, at + 8);
    frame[8] = count * 2;
    (ticks[tick++ & 63] as Buffer).copy(frame, headerLength, address * 2, (address + count) * 2);
    answers.push(frame);
  }
  return answers.length === 1 ? (answers[0] as Buffer) : Buffer.concat(answers);
};

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % requestLength);
    rest = bytes.subarray(whole);
    if (whole > 0) socket.write(answer(bytes.subarray(0, whole)));
  });
  socket.on('error', () => socket.destroy());
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 2000 }, () => {
  const address = server.address();
  if (typeof address === 'object' && address) process.send?.(address.port);
});
process.on('disconnect', () => process.exit());
