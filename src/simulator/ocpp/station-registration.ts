/** The registration of a simulated station at its CSMS: BootNotification, Heartbeat, and the time that both give. */
import { z } from 'zod';
import type { Clock, Timer } from '../../model/time.ts';
import type { BootReason, Call, OutgoingCalls } from './outgoing-calls.ts';
import type { StationClock } from './station-clock.ts';

interface StationRegistrationOptions {
  calls: OutgoingCalls;
  stationClock: StationClock;
  /** @returns the answer; undefined when the request fails */
  request(call: Call): Promise<unknown>;
  isConnected(): boolean;
  /** Called when the CSMS has accepted the station. */
  onRegistered(): void;
}

const bootAnswer = z.object({ status: z.string(), currentTime: z.string(), interval: z.number() });
const heartbeatAnswer = z.object({ currentTime: z.string() });
/** Pause before the next BootNotification when the answer fails or names no interval, s. */
const retryBootS = 10;

/** The registration of one station. */
export class StationRegistration {
  readonly #options: StationRegistrationOptions;
  readonly #clock: Clock;
  #isAccepted = false;
  #wasAccepted = false;
  #bootReason: BootReason = 'PowerUp';
  #booting: Timer | undefined;
  #heartbeats: Timer | undefined;

  constructor(options: StationRegistrationOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @returns whether the CSMS has accepted the station in this connection */
  isOnline(): boolean {
    return this.#isAccepted;
  }

  /** The station is switched on. */
  onPowerUp(reason: BootReason): void {
    [this.#bootReason, this.#wasAccepted] = [reason, false];
  }

  /** @param bootsOnce the station sends no BootNotification after it was accepted once */
  onConnected(bootsOnce: boolean): void {
    if (bootsOnce && this.#wasAccepted) this.#goOnline(this.#options.calls.heartbeatS());
    else void this.boot();
  }

  onDisconnected(): void {
    this.#isAccepted = false;
    this.#booting?.cancel();
    this.#heartbeats?.cancel();
  }

  /** Sends BootNotification until the CSMS accepts the station: OCPP 1.6 §4.2, 2.0.1 B01 to B03. */
  async boot(): Promise<void> {
    const { calls, stationClock, request, isConnected } = this.#options;
    const { success, data } = bootAnswer.safeParse(await request(calls.bootNotification(this.#bootReason)));
    if (!isConnected()) return;
    if (success) stationClock.set(data.currentTime);
    const intervalS = data?.interval || retryBootS;
    if (data?.status === 'Accepted') this.#goOnline(intervalS);
    else {
      this.onDisconnected();
      this.#booting = this.#clock.after(intervalS * 1000, () => void this.boot());
    }
  }

  async sendHeartbeat(): Promise<void> {
    const { calls, stationClock, request } = this.#options;
    const answer = heartbeatAnswer.safeParse(await request(calls.heartbeat()));
    if (answer.success) stationClock.set(answer.data.currentTime);
  }

  #goOnline(heartbeatS: number): void {
    this.onDisconnected();
    [this.#isAccepted, this.#wasAccepted] = [true, true];
    if (heartbeatS > 0) this.#heartbeats = this.#clock.every(heartbeatS * 1000, () => void this.sendHeartbeat());
    this.#options.onRegistered();
  }
}
