/** While connected to another server: sees whether the preferred one listens again. */
import { connect } from 'node:net';
import type { Clock, Timer } from '../model/time.ts';
import type { Server } from './servers.ts';

export interface PreferredWatch {
  /** Looks again after the pause; calls back once when it listens. */
  start(listening: () => void): void;
  stop(): void;
  /** We are back: the next time begins with the short pause. */
  arrived(): void;
}

/** The pause doubles with each return that did not last, up to this many times the first. */
const longest = 15;

export const createPreferredWatch = (
  { host, port }: Server,
  everyMs: number,
  timeoutMs: number,
  clock: Clock,
): PreferredWatch => {
  let pauseMs = everyMs;
  let timer: Timer | undefined;
  let isWanted = false;

  const look = (listening: () => void): void => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const again = (): void => {
      socket.destroy();
      if (isWanted) wait(listening);
    };
    socket.on('error', again);
    socket.on('timeout', again);
    socket.on('connect', () => {
      socket.destroy();
      if (!isWanted) return;
      isWanted = false;
      pauseMs = Math.min(pauseMs * 2, longest * everyMs);
      listening();
    });
  };
  const wait = (listening: () => void): void => {
    timer = clock.after(pauseMs, () => look(listening));
  };

  return {
    start(listening) {
      isWanted = true;
      wait(listening);
    },
    stop() {
      isWanted = false;
      timer?.cancel();
    },
    arrived() {
      pauseMs = everyMs;
    },
  };
};
