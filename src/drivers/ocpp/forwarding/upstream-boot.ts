/**
 * The registration of the station at the backend: BootNotification first (OCPP 1.6 §4.2, OCPP 2.0.1 B01), with the
 * payload that the station last booted with here, then Heartbeat at the interval that the backend asks for. Other
 * messages are for a backend that has accepted the station.
 */
import { z } from 'zod';
import type { Clock, Timer } from '../../../model/time.ts';
import type { StationRecords } from '../station/station-records.ts';

interface UpstreamBootContext {
  records: StationRecords;
  clock: Clock;
  /** A call to the backend. */
  call(action: string, payload: object): Promise<unknown>;
  /** The backend has accepted the station; once per connection. */
  onRegistered(): void;
}

/** The name in the store of the last BootNotification of the station. */
const bootRecord = z.object({ forwardBoot: z.looseObject({}) });
const bootNotificationResult = z.looseObject({ status: z.string(), interval: z.number() });
/** Some stations never boot, or reconnect without it before one was seen: after this long they count as registered, ms. */
const withoutBootMs = 60_000;
/** Until a BootNotification is repeated that was not answered, ms. */
const retryMs = 30_000;
/** No interval of the backend is taken for shorter, ms. */
const minIntervalMs = 10_000;
/** Between two heartbeats, where the backend does not say it, s. */
const defaultHeartbeatS = 300;

/** The registration of one station. */
export class UpstreamBoot {
  private readonly context: UpstreamBootContext;
  /** The last BootNotification of the station. */
  private boot: object | undefined;
  private isOpen = false;
  private isRegistered = false;
  /** Booted since the station has connected: a boot that follows was asked for, or the station has started anew. */
  private hasBooted = false;
  /** The BootNotification that was sent on this connection of the backend. */
  private sent: object | undefined;
  private retryTimer: Timer | undefined;
  private heartbeatTimer: Timer | undefined;

  constructor(context: UpstreamBootContext) {
    this.context = context;
    for (const record of context.records.loaded) {
      const parsed = bootRecord.safeParse(record);
      if (parsed.success) this.boot = parsed.data.forwardBoot;
    }
    context.records.keep(() => (this.boot ? [{ forwardBoot: this.boot }] : []));
  }

  /** The connection of the backend is open. */
  onUpstreamOpen(): void {
    this.isOpen = true;
    if (this.boot) void this.send(this.boot);
    else this.retryTimer = this.context.clock.after(withoutBootMs, () => this.register(defaultHeartbeatS));
  }

  /** The connection of the backend is over. */
  onUpstreamLost(): void {
    this.isOpen = false;
    this.isRegistered = false;
    this.sent = undefined;
    this.retryTimer?.cancel();
    this.heartbeatTimer?.cancel();
  }

  /** The station has connected here. */
  onStationConnected(): void {
    this.hasBooted = false;
  }

  /** The station has booted here. */
  onBootNotification(payload: object): void {
    const isSame = JSON.stringify(payload) === JSON.stringify(this.boot);
    const isNews = this.hasBooted || !isSame || this.sent === undefined;
    this.hasBooted = true;
    if (!isSame) {
      this.boot = payload;
      this.context.records.append({ forwardBoot: payload }, false);
    }
    if (this.isOpen && isNews) void this.send(payload);
  }

  private async send(payload: object): Promise<void> {
    const { clock, call } = this.context;
    this.retryTimer?.cancel();
    this.sent = payload;
    const result = await call('BootNotification', payload).catch(() => undefined);
    if (this.sent !== payload) return;
    const { data } = bootNotificationResult.safeParse(result);
    const intervalS = data && data.interval > 0 ? data.interval : undefined;
    if (data?.status === 'Accepted') {
      this.register(intervalS ?? defaultHeartbeatS);
      return;
    }
    const waitMs = intervalS === undefined ? retryMs : intervalS * 1000;
    this.retryTimer = clock.after(Math.max(minIntervalMs, waitMs), () => void this.send(payload));
  }

  private register(heartbeatS: number): void {
    this.startHeartbeat(heartbeatS);
    if (this.isRegistered) return;
    this.isRegistered = true;
    this.context.onRegistered();
  }

  /** The station and this server may have agreed on another interval, or on none. */
  private startHeartbeat(intervalS: number): void {
    const { clock, call } = this.context;
    this.heartbeatTimer?.cancel();
    this.heartbeatTimer = clock.every(Math.max(minIntervalMs, intervalS * 1000), () => {
      call('Heartbeat', {}).catch(() => {});
    });
  }
}
