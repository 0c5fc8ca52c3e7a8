/**
 * A broker of bare packets on a real socket, for tests of what our client acknowledges. It answers CONNECT and
 * SUBSCRIBE and sends nothing else by itself, so it can send again what was acknowledged, or see what was not. For
 * tests of what our client publishes: strict-broker.ts.
 */
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import type { Packet } from 'mqtt-packet';
import { until } from '../until.ts';

// The codec is a dependency of the library, wherever that is installed.
const require = createRequire(createRequire(import.meta.url).resolve('mqtt'));
const { generate, parser } = require('mqtt-packet') as typeof import('mqtt-packet');

export interface ScriptedBroker {
  port: number;
  /** Everything that came since it was forgotten, or on the newest connection, as words: "puback 3". */
  received: string[];
  forget(): void;
  /** Waits until the client is connected and has subscribed. */
  subscribed(): Promise<void>;
  /** A message with packet identifier, or with 0 and no promise. */
  publish(qos: 0 | 1 | 2, id: number, payload?: string, topic?: string): void;
  release(id: number): void;
  /** Waits until these, and only these, came of PUBACK, PUBREC, PUBCOMP and DISCONNECT. */
  gets(...words: string[]): Promise<void>;
  /** Changes the next CONNACK, and no other. */
  nextConnack(answer: { returnCode?: number; sessionPresent?: boolean }): void;
  /** Reads nothing any more. */
  pause(): void;
  resume(): void;
  /** Cuts the connection. */
  cut(): void;
  /**
   * Leaves the connection open when the client ends it.
   * @returns ends it as well, and tells whether all was well until then
   */
  stay(): () => Promise<boolean>;
  close(): Promise<void>;
}

const wordsOf = (packet: Packet): string => ('messageId' in packet ? `${packet.cmd} ${packet.messageId}` : packet.cmd);
const answers = /^(puback|pubrec|pubcomp|disconnect)/;

export const startScriptedBroker = async (): Promise<ScriptedBroker> => {
  const ordinary = { returnCode: 0, sessionPresent: true };
  let connack = ordinary;
  const sockets = new Set<Socket>();
  let received: string[] = [];
  let newest: Socket | undefined;
  let isStaying = false;

  const send = (packet: Packet): void => void newest?.write(generate(packet));

  const onPacket = (packet: Packet): void => {
    received.push(wordsOf(packet));
    if (packet.cmd === 'connect') {
      send({ cmd: 'connack', ...connack });
      connack = ordinary;
    }
    if (packet.cmd === 'subscribe')
      send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: packet.subscriptions.map(() => 2) });
    if (packet.cmd === 'unsubscribe') send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: [] });
    if (packet.cmd === 'publish' && packet.qos === 1) send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
  };

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    received = [];
    newest = socket;
    sockets.add(socket);
    const reading = parser({ protocolVersion: 4 });
    reading.on('packet', onPacket);
    socket.on('data', (chunk) => reading.parse(chunk));
    socket.on('error', () => {});
    socket.on('end', () => isStaying || socket.end());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();

  /** The packet identifier of a question that is only asked for its answer. */
  const mark = 65_000;
  const answered = (): string[] => received.filter((words) => answers.test(words) && words !== `pubcomp ${mark}`);

  return {
    port: typeof address === 'object' && address ? address.port : 0,
    get received() {
      return received;
    },
    forget() {
      received = [];
    },
    subscribed: () => until(() => received.some((words) => words.startsWith('subscribe')), 'the subscription'),
    publish(qos, messageId, payload = `message ${messageId}`, topic = 't') {
      send({ cmd: 'publish', topic, payload, qos, dup: false, retain: false, ...(qos > 0 && { messageId }) });
    },
    release: (messageId) => send({ cmd: 'pubrel', messageId }),
    async gets(...words) {
      await until(() => answered().length >= words.length, `${words.join()} after ${answered().join()}`);
      // Whatever else was on its way is before the answer to this.
      const marked = received.filter((each) => each === `pubcomp ${mark}`).length;
      if (!words.includes('disconnect')) {
        send({ cmd: 'pubrel', messageId: mark });
        await until(() => received.filter((each) => each === `pubcomp ${mark}`).length > marked, 'the mark');
      }
      if (answered().join() !== words.join()) throw new Error(`${answered().join()} instead of ${words.join()}`);
    },
    nextConnack(answer) {
      connack = { ...ordinary, ...answer };
    },
    pause: () => newest?.pause(),
    resume: () => newest?.resume(),
    cut() {
      newest?.destroy();
      received = [];
    },
    stay() {
      isStaying = true;
      return () =>
        new Promise((resolve) => {
          if (!newest || newest.destroyed) return resolve(false);
          newest.once('close', (hadError) => resolve(!hadError));
          newest.end();
        });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
