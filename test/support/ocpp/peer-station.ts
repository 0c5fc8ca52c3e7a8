/** Charging stations and a backend of other hands, in processes of their own: lines of JSON in and out. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../until.ts';

type Line = Record<string, unknown>;

/** What a station says of itself, not of what it was told. */
export interface PeerState {
  /** Status of 1.6 or, between plug and end, charging state of 2.x. */
  status: string;
  /** A by phase. */
  currents: [number, number, number];
  offered: number;
  phases: number;
  power: number;
  /** Wh */
  meter: number;
  soc: number | null;
  transaction: string | null;
  charging: boolean;
  /** Messages that are not told yet. */
  waiting: number;
  profiles: number;
  registered: boolean;
}

export interface PeerOptions {
  hand: 'python' | 'go';
  url: string;
  identity: string;
  version: '1.6' | '2.0.1' | '2.1';
  password?: string;
  phases?: 1 | 3;
  maxA?: number;
  canSwitch?: boolean;
  /** Profiles of another master that lie in it, "purpose:stack level:A"; hand python. */
  leftOver?: string[];
  /** Seconds of energy per second. */
  speed?: number;
  /** PEM files, for wss. */
  tls?: Record<'ca' | 'cert' | 'key', string>;
}

export interface Peer {
  /** The newest it said; before the first it is not registered. */
  state(): PeerState;
  events: Line[];
  /** Resolves when it has done it. */
  do(what: string, more?: Line): Promise<void>;
  /** Its own state, from now on. */
  becomes(fits: (state: PeerState) => boolean, what: string): Promise<PeerState>;
  close(): Promise<void>;
}

const file = (name: string): string => fileURLToPath(new URL(`../../peers/${name}`, import.meta.url));

const start = (command: string, words: string[]): ChildProcessWithoutNullStreams => {
  if (!existsSync(command)) throw new Error(`${command} is not there: npm run test:peers makes it`);
  const child = spawn(command, words, { cwd: file('') });
  child.stderr.pipe(process.stderr);
  return child;
};

const linesOf = (child: ChildProcessWithoutNullStreams, heard: (line: Line) => void): void => {
  createInterface(child.stdout).on('line', (text) => heard(JSON.parse(text)));
};

/** Ends with its input. */
const end = async (child: ChildProcessWithoutNullStreams): Promise<void> => {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.stdin.end();
  await exit;
};

const nothing: PeerState = {
  status: 'Available',
  currents: [0, 0, 0],
  offered: 0,
  phases: 0,
  power: 0,
  meter: 0,
  soc: null,
  transaction: null,
  charging: false,
  waiting: 0,
  profiles: 0,
  registered: false,
};

export const startPeer = (options: PeerOptions): Peer => {
  const {
    hand,
    url,
    identity,
    version,
    password,
    phases = 3,
    maxA = 16,
    canSwitch,
    leftOver = [],
    speed = 1,
    tls,
  } = options;
  const words = ['--url', url, '--identity', identity, '--version', version, '--phases', String(phases)];
  words.push('--max-a', String(maxA), '--speed', String(speed));
  if (password !== undefined) words.push('--password', password);
  if (canSwitch) words.push('--can-switch');
  for (const profile of leftOver) words.push('--left-over', profile);
  for (const [name, path] of Object.entries(tls ?? {})) words.push(`--${name}`, path);
  const child =
    hand === 'python'
      ? start(file('.venv/bin/python'), [file('ocpp_station.py'), ...words])
      : start(file('ocpp-go/station'), words);
  const events: Line[] = [];
  let state = nothing;
  let told = 0;
  linesOf(child, (line) => {
    if (!('state' in line)) {
      events.push(line);
      return;
    }
    state = line.state as PeerState;
    told += 1;
  });
  return {
    events,
    state: () => state,
    async do(what, more = {}) {
      const from = events.length;
      child.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`);
      await until(() => events.slice(from).some((line) => line.event === 'done'), `${identity} does: ${what}`);
    },
    async becomes(fits, what) {
      const from = told;
      await until(() => told > from && fits(state), `${identity}: ${what}; it says ${JSON.stringify(state)}`);
      return state;
    },
    close: () => end(child),
  };
};

export interface Backend {
  url: string;
  /** Everything it said. */
  lines: Line[];
  /** What stations said to it. */
  calls(action: string): Line[];
  do(what: string, more?: Line): void;
  /** Asks a station. @returns its CALLRESULT */
  ask(identity: string, action: string, payload: Line): Promise<Line>;
  close(): Promise<void>;
}

export const startBackend = async (password?: string): Promise<Backend> => {
  const child = start(file('.venv/bin/python'), [
    file('ocpp_backend.py'),
    ...(password === undefined ? [] : ['--password', password]),
  ]);
  const lines: Line[] = [];
  linesOf(child, (line) => lines.push(line));
  await until(() => lines.length > 0, 'the backend listens');
  const write = (line: Line): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  return {
    url: `ws://127.0.0.1:${lines[0]?.port}`,
    lines,
    calls: (action) => lines.filter(({ call }) => call === action).map(({ payload }) => payload as Line),
    do: (what, more = {}) => write({ do: what, ...more }),
    async ask(identity, action, payload) {
      const from = lines.length;
      write({ do: 'call', identity, action, payload });
      const find = () =>
        lines.slice(from).find((line) => line.action === action && ('result' in line || 'error' in line));
      await until(() => find() !== undefined, `${identity} answers ${action}`);
      const answer = find() as Line;
      if ('error' in answer) throw new Error(String(answer.error));
      return answer.result as Line;
    },
    close: () => end(child),
  };
};
