/** Which server to try next: the preferred one first, then the others, with growing pauses between the rounds. */

export interface Server {
  protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  host: string;
  port: number;
  /** Of a websocket. */
  path?: string;
}

const firstPauseMs = 250;
const longestPauseMs = 5000;
/** A refusal for wrong credentials is no passing fault; it may be mended on the server, so trying goes on, slowly. */
const refusedPauseMs = 20_000;

export const describeServer = ({ protocol, host, port }: Server): string => `${protocol}://${host}:${port}`;

/** Whether nobody on the way can read what is sent there, passwords among it. */
export const isEncrypted = ({ protocol }: Server): boolean => protocol === 'mqtts' || protocol === 'wss';

/** @returns a server without TLS that would be tried after one with it */
export const plainFallback = (servers: Server[]): Server | undefined => {
  const first = servers.findIndex(isEncrypted);
  return first < 0 ? undefined : servers.slice(first).find((server) => !isEncrypted(server));
};

const standardPorts: Record<Server['protocol'], number> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };
const addressPattern = /^(?:(mqtts?|wss?):\/\/)?([^:/\s]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?(\/\S*)?$/;

/** @param address like mqtts://broker.example:8883; without a protocol, mqtt */
export const parseServer = (address: string): Server | undefined => {
  const match = addressPattern.exec(address.trim());
  if (!match) return undefined;
  const [, scheme = 'mqtt', name = '', digits, path] = match;
  const protocol = scheme as Server['protocol'];
  const port = Number(digits ?? standardPorts[protocol]);
  if (port < 1 || port > 65_535) return undefined;
  const host = name.replace(/^\[|\]$/g, '');
  return { protocol, host, port, ...(path && protocol.startsWith('ws') ? { path } : {}) };
};

export interface ServerChoice {
  current(): Server;
  isPreferred(): boolean;
  /** A good connection ended. @returns milliseconds until the next attempt, which goes to the preferred server */
  startOver(): number;
  /** The server itself is well. @returns milliseconds until the next attempt, which goes to it again */
  again(): number;
  /** @returns milliseconds until the next attempt, which goes to current() */
  failed(isRefusal: boolean): number;
}

export const createServerChoice = (servers: Server[], random: () => number = Math.random): ServerChoice => {
  let at = 0;
  let round = 0;
  const jitter = (ms: number): number => ms * (0.5 + random() / 2);
  return {
    current: () => servers[at] as Server,
    isPreferred: () => at === 0,
    startOver() {
      at = 0;
      round = 0;
      return jitter(firstPauseMs);
    },
    again: () => jitter(firstPauseMs),
    failed(isRefusal) {
      at = (at + 1) % servers.length;
      if (at !== 0) return jitter(firstPauseMs);
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** round);
      round = Math.min(round + 1, 10);
      return jitter(isRefusal ? refusedPauseMs : pause);
    },
  };
};
