/**
 * Ports of this machine that nobody listens on. They lie below those that the system gives to outgoing connections
 * (Linux: 32768 and above), since such a port could be taken again before a test uses it.
 */
import { createServer } from 'node:net';

const lowest = 10_000;
const highest = 32_000;
/** Test runs beside each other draw from ports of their own: a server may stop for a moment and want its port back. */
const slices = 8;
const perSlice = Math.floor((highest - lowest) / slices);
const first = lowest + (process.pid % slices) * perSlice;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** @returns different ports, free a moment ago */
export const freePorts = async (count: number): Promise<number[]> => {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = first + Math.floor(Math.random() * perSlice);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
};
