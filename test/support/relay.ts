/** A TCP relay whose connections a test can cut. */
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';

export interface Relay {
  port: number;
  /** Nothing comes through any more, and nobody is told. */
  pause(): void;
  cut(): void;
  close(): Promise<void>;
}

/** @param port one that is free, where none is given */
export const startRelay = async (target: () => number, port = 0): Promise<Relay> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connectSocket(target(), '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    pause() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
};
