/**
 * Ports of this machine that nobody listens on. They lie below those that the system gives to outgoing connections
 * (Linux: 32768 and above), since such a port could be taken again before a test uses it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const lowest = 10_000;
const highest = 32_000;

/**
 * Holds one file for each port that a test process has drawn, with the process id in it. Test runs beside each other
 * keep off these ports: a server may stop for a moment and want its port back.
 */
const claims = join(tmpdir(), `ems-test-ports-${userInfo().uid}`);
const claimed: string[] = [];
process.once('exit', () => {
  for (const file of claimed) rmSync(file, { force: true });
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process of another user is alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** @returns the process that claims a port; 0: it is writing its claim, or has just given it up */
const ownerOf = (file: string): number => {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
};

const tryClaim = (file: string): boolean => {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    claimed.push(file);
    return true;
  } catch {
    return false;
  }
};

/** @returns whether the port is this process's own from now on */
const claim = (port: number): boolean => {
  const file = join(claims, String(port));
  if (tryClaim(file)) return true;
  const owner = ownerOf(file);
  if (owner === 0 || isAlive(owner)) return false;
  // The process that claimed the port was killed.
  rmSync(file, { force: true });
  return tryClaim(file);
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** @returns different ports, free a moment ago, that no other test process is given */
export const freePorts = async (count: number): Promise<number[]> => {
  mkdirSync(claims, { recursive: true });
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (claim(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
};
