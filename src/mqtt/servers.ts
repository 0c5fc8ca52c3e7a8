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

export interface ServerChoice {
  current(): Server;
  isPreferred(): boolean;
  /** A good connection ended. @returns milliseconds until the next attempt, which goes to the preferred server */
  startOver(): number;
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
    failed(isRefusal) {
      at = (at + 1) % servers.length;
      if (at !== 0) return jitter(firstPauseMs);
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** round);
      round = Math.min(round + 1, 10);
      return jitter(isRefusal ? refusedPauseMs : pause);
    },
  };
};
