/**
 * When a connection may be used, and when the station is provisioned on it: after its BootNotification, or without one
 * where the station only lost its connection; again after every boot, and never in a loop of boots.
 */
import type { Timer } from '../../../model/time.ts';
import type { Station } from '../station/station.ts';

export interface BootOptions {
  /** The station did not boot by itself: it is asked to, before anything else. */
  askForBoot(): void;
  /** @param hasBooted the station said on this connection who it is @param signal the connection is over */
  provision(hasBooted: boolean, signal: AbortSignal): Promise<void>;
}

/** A station that reconnects may have nothing to say: it is usable all the same, ms. */
const silentMs = 5000;
/** The station said something, and perhaps its boot comes after all, ms. */
const spokenMs = 2000;
/** Until a station that must boot first is asked to, ms. */
const bootMs = 30_000;
/** The answer to the boot is on its way, ms. */
const answeredMs = 200;
/** Between two runs, ms; more than `most` of them in half an hour are a loop of reboots. */
const everyMs = 60_000;
const loopMs = 1_800_000;
const most = 5;

/** The way of one station from a new connection to a provisioned one. */
export class BootSequence {
  private readonly station: Station;
  private readonly options: BootOptions;
  private isConnected = false;
  /** On this connection. */
  private hasBooted = false;
  private connection = new AbortController();
  private usableTimer: Timer | undefined;
  private provisionTimer: Timer | undefined;
  /** When the station was provisioned, monotonic ms. */
  private done: number[] = [];

  constructor(station: Station, options: BootOptions) {
    this.station = station;
    this.options = options;
  }

  /** The connection is new. */
  begin(): void {
    this.end();
    this.connection = new AbortController();
    this.isConnected = true;
    if (this.station.quirks().needsBoot) this.usableTimer = this.station.clock.after(bootMs, () => this.demandBoot());
    else this.becomeUsableIn(silentMs);
  }

  /** The station said something. */
  heard(isBoot: boolean): void {
    const { hasBooted, station } = this;
    if (!isBoot) {
      if (!station.isUsable && !hasBooted && !station.quirks().needsBoot) this.becomeUsableIn(spokenMs);
      return;
    }
    this.hasBooted = true;
    if (!station.isUsable) this.becomeUsableIn(answeredMs);
    // A boot that was asked for tells nothing new.
    else if (hasBooted) this.plan();
  }

  /** The connection is over, or the driver is closed. */
  end(): void {
    this.connection.abort();
    this.usableTimer?.cancel();
    this.provisionTimer?.cancel();
    this.isConnected = false;
    this.station.isUsable = false;
    this.hasBooted = false;
  }

  private demandBoot(): void {
    this.options.askForBoot();
    this.becomeUsableIn(silentMs);
  }

  private becomeUsableIn(ms: number): void {
    this.usableTimer?.cancel();
    this.usableTimer = this.station.clock.after(ms, () => this.becomeUsable());
  }

  private becomeUsable(): void {
    this.usableTimer = undefined;
    if (this.station.isUsable || !this.isConnected) return;
    this.station.usable();
    this.plan();
  }

  private plan(): void {
    const { clock } = this.station;
    this.provisionTimer?.cancel();
    const now = clock.monotonic();
    this.done = this.done.filter((at) => at > now - loopMs);
    if (this.done.length >= most) {
      const message = `${this.done.length} boots in half an hour: the station is left as it is`;
      this.station.event({ name: 'reboot_loop', severity: 'warning', message });
      return;
    }
    const waitMs = Math.max(answeredMs, (this.done.at(-1) ?? Number.NEGATIVE_INFINITY) + everyMs - now);
    this.provisionTimer = clock.after(waitMs, () => this.provision());
  }

  private provision(): void {
    this.provisionTimer = undefined;
    this.done.push(this.station.clock.monotonic());
    this.options
      .provision(this.hasBooted, this.connection.signal)
      .catch((error) =>
        this.station.event({ name: 'setup_failed', severity: 'warning', message: String(error).slice(0, 1024) }),
      );
  }
}
