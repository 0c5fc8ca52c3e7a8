/**
 * A mosquitto with the configuration of the test, and mosquitto_sub and mosquitto_pub beside it. Needs the package
 * mosquitto; tests that run everywhere use test-broker.ts.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../free-ports.ts';
import { endProcess } from '../line-process.ts';
import { until } from '../until.ts';

/** Path of an installed program; system folders hold what the PATH of a user may lack. */
export const findProgram = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

const requireProgram = (name: string): string => {
  const path = findProgram(name);
  if (!path) throw new Error(`${name} is missing: apt-get install mosquitto mosquitto-clients`);
  return path;
};

export interface Mosquitto {
  port: number;
  /** Everything it has written. */
  log(): string;
  close(): Promise<void>;
  /** Ends it as kill -9 does: what it held in memory is gone. */
  kill(): Promise<void>;
}

/**
 * @param lines configuration of its listener; without any, it lets everyone in
 * @param given port; one that is free otherwise
 */
export const startMosquitto = async (
  lines: string[] = ['allow_anonymous true'],
  given?: number,
): Promise<Mosquitto> => {
  const program = requireProgram('mosquitto');
  const port = given ?? ((await freePorts(1))[0] as number);
  const folder = mkdtempSync(join(tmpdir(), 'ems-mosquitto-'));
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, [`listener ${port} 127.0.0.1`, 'set_tcp_nodelay true', ...lines, ''].join('\n'));
  const child = spawn(program, ['-c', file]);
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  await until(() => log.includes('running') || child.exitCode !== null, 'mosquitto runs');
  if (!log.includes('running')) throw new Error(`mosquitto does not run: ${log}`);
  const end = async (signal?: NodeJS.Signals): Promise<void> => {
    await endProcess(child, signal);
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, log: () => log, close: () => end(), kill: () => end('SIGKILL') };
};

export interface Received {
  retain: boolean;
  qos: number;
  topic: string;
  payload: string;
}

/** mosquitto_sub -F 'r=%r q=%q %t %p' */
const parseLine = (line: string): Received | undefined => {
  const match = /^r=([01]) q=([012]) (\S+) (.*)$/.exec(line);
  if (!match) return;
  return { retain: match[1] === '1', qos: Number(match[2]), topic: match[3] ?? '', payload: match[4] ?? '' };
};

/**
 * Subscribes to everything with mosquitto_sub, MQTT 5: each message comes with the retain flag of its publisher.
 * @param words further words of its command line: how to log in, TLS
 */
export const subscribe = (port: number, words: string[] = []) =>
  subscribeToAll(port, ['--retain-as-published', ...words]);

/**
 * Subscribes late: only what the broker had kept carries the retain flag. Not by --retained-only, with which
 * mosquitto_sub exits at the first live message, before the handshakes of QoS 2 have ended.
 */
export const subscribeLate = (port: number) => subscribeToAll(port, []);

const subscribeToAll = (port: number, words: string[]) => {
  const received: Received[] = [];
  const host = ['-h', '127.0.0.1', '-p', String(port), '-V', 'mqttv5', '-q', '2'];
  const child = spawn(requireProgram('mosquitto_sub'), [...host, ...words, '-F', 'r=%r q=%q %t %p', '-t', '#']);
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    received.push(...lines.map(parseLine).filter((line) => line !== undefined));
  });
  // A handler of SIGTERM that takes locks: about one mosquitto_sub in two thousand never ends by it.
  return { received, close: () => endProcess(child, 'SIGKILL') };
};

/** Publishes one message for each line with mosquitto_pub, which stays. */
export const publishLines = (port: number, topic: string, qos: 1 | 2) => {
  const words = ['-h', '127.0.0.1', '-p', String(port), '-V', 'mqttv5', '-q', String(qos), '-t', topic, '-l'];
  const child = spawn(requireProgram('mosquitto_pub'), words);
  return {
    qos,
    say: (lines: string[]): Promise<void> =>
      new Promise((resolve, reject) =>
        child.stdin.write(`${lines.join('\n')}\n`, (error) => (error ? reject(error) : resolve())),
      ),
    close: () => endProcess(child),
  };
};
