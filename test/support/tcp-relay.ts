/** A TCP relay between a client and its server. A test can cut, pause and count its connections. */
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';

export interface TcpRelay {
  port: number;
  /** Connections it has taken since it began. */
  accepted(): number;
  /** Nothing comes through any more, in either direction; the connections stay open. */
  pause(): void;
  /** On the connections there are now, bytes of the client still arrive, and no answer comes back. */
  deafen(): void;
  cut(): void;
  close(): Promise<void>;
}

interface Pair {
  near: Socket;
  far: Socket;
}

/** @param given port; one that is free otherwise */
export const startTcpRelay = async (target: () => number, given = 0): Promise<TcpRelay> => {
  const pairs = new Set<Pair>();
  let accepted = 0;
  const server: Server = createServer((near) => {
    accepted++;
    const far = connectSocket(target(), '127.0.0.1');
    const pair = { near, far };
    pairs.add(pair);
    for (const socket of [near, far]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(given, '127.0.0.1', resolve));
  const address = server.address();
  const cut = (): void => {
    for (const { near } of pairs) near.destroy();
  };
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    accepted: () => accepted,
    pause() {
      for (const { near, far } of pairs) for (const socket of [near, far]) socket.unpipe().pause();
    },
    deafen() {
      for (const { far } of pairs) far.unpipe().resume();
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
};
