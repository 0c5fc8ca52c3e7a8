/**
 * Which server is tried next: the preferred one first, then the others, with growing pauses between the rounds. A Server
 * Reference is shown to people and not followed: only a server that somebody has entered gets the login.
 */
import { BackOff } from '../../common/back-off.ts';
import type { Server } from '../../model/server-address.ts';

const shortPauseMs = 250;
const longestPauseMs = 5000;
/** A refusal for wrong credentials may be mended on the server, so trying goes on, slowly. */
const refusedPauseMs = 20_000;

/** Chooses the server of the next attempt, and the pause before it. */
export class ServerSelection {
  readonly #servers: Server[];
  readonly #short: BackOff;
  readonly #rounds: BackOff;
  readonly #refused: BackOff;
  /** Place of the current server in #servers. */
  #at = 0;

  /** @param random 0 up to, not including, 1 */
  constructor(servers: Server[], random: () => number = Math.random) {
    this.#servers = servers;
    this.#short = new BackOff(shortPauseMs, shortPauseMs, random);
    this.#rounds = new BackOff(shortPauseMs, longestPauseMs, random);
    this.#refused = new BackOff(refusedPauseMs, refusedPauseMs, random);
  }

  get current(): Server {
    return this.#servers[this.#at] as Server;
  }

  get isPreferred(): boolean {
    return this.#at === 0;
  }

  /** A good connection ended: the preferred server is next. @returns milliseconds until the next attempt */
  startOver(): number {
    this.#at = 0;
    this.#rounds.reset();
    return this.#short.next();
  }

  /** The server itself is well, and is tried again. @returns milliseconds until the next attempt */
  again(): number {
    return this.#short.next();
  }

  /**
   * The attempt failed: the server after this one is next.
   * @param isRefusal trying again soon makes no sense
   * @returns milliseconds until the next attempt
   */
  failed(isRefusal: boolean): number {
    this.#at = (this.#at + 1) % this.#servers.length;
    if (this.#at !== 0) return this.#short.next();
    const pauseMs = this.#rounds.next();
    return isRefusal ? this.#refused.next() : pauseMs;
  }
}
