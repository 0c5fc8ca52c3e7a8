/**
 * A charging station of another hand in a process of its own: the Python or the Go implementation of OCPP below
 * test/peers. Needs `npm run test:peers`; everything that runs in `npm test` uses scripted-station.ts or the
 * simulator's station.
 */
import { peerFile, startPeerProcess } from '../line-process.ts';
import { until } from '../until.ts';

type Line = Record<string, unknown>;

/** The state of the station itself, whatever it was told. */
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

export interface PeerStationOptions {
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

export interface PeerStation {
  /** The newest it said; before the first it is not registered. */
  state(): PeerState;
  events: Line[];
  /** Resolves when it has done it. */
  do(what: string, more?: Line): Promise<void>;
  /** Its own state, from now on. */
  becomes(fits: (state: PeerState) => boolean, what: string): Promise<PeerState>;
  close(): Promise<void>;
}

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

export const startPeerStation = (options: PeerStationOptions): PeerStation => {
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
  const program = hand === 'python' ? ['.venv/bin/python', peerFile('ocpp_station.py')] : ['ocpp-go/station'];
  const events: Line[] = [];
  let state = nothing;
  let told = 0;
  const peer = startPeerProcess<Line>([...program, ...words], (line) => {
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
      peer.say({ do: what, ...more });
      await until(() => events.slice(from).some((line) => line.event === 'done'), `${identity} does: ${what}`);
    },
    async becomes(fits, what) {
      const from = told;
      await until(() => told > from && fits(state), `${identity}: ${what}; it says ${JSON.stringify(state)}`);
      return state;
    },
    close: peer.close,
  };
};
