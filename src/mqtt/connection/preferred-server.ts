/** Looks, while another server is connected, whether the preferred one listens again. */
import { connect } from 'node:net';
import type { Server } from '../../model/server-address.ts';
import type { Clock, Timer } from '../../model/time.ts';

/** The pause doubles with each return that did not last, up to this many times the first. */
const longestFactor = 15;

interface PreferredServerOptions {
  server: Server;
  /** Pause between two looks, ms. */
  everyMs: number;
  /** How long a look waits for an answer, ms. */
  timeoutMs: number;
}

/** Watches for the first server of the list while another one is connected. */
export class PreferredServerWatch {
  readonly #options: PreferredServerOptions;
  readonly #clock: Clock;
  #pauseMs: number;
  #timer: Timer | undefined;
  #isWanted = false;

  constructor(options: PreferredServerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#pauseMs = options.everyMs;
  }

  /** Looks after each pause. @param listening called once, when the server listens */
  start(listening: () => void): void {
    this.#isWanted = true;
    this.#wait(listening);
  }

  stop(): void {
    this.#isWanted = false;
    this.#timer?.cancel();
  }

  /** The preferred server is connected: the next time begins with the short pause. */
  onConnected(): void {
    this.#pauseMs = this.#options.everyMs;
  }

  #wait(listening: () => void): void {
    this.#timer = this.#clock.after(this.#pauseMs, () => this.#look(listening));
  }

  #look(listening: () => void): void {
    const { server, everyMs, timeoutMs } = this.#options;
    const { host, port } = server;
    const socket = connect({ host, port, timeout: timeoutMs });
    const again = (): void => {
      socket.destroy();
      if (this.#isWanted) this.#wait(listening);
    };
    socket.on('error', again);
    socket.on('timeout', again);
    socket.on('connect', () => {
      socket.destroy();
      if (!this.#isWanted) return;
      this.#isWanted = false;
      this.#pauseMs = Math.min(this.#pauseMs * 2, longestFactor * everyMs);
      listening();
    });
  }
}
