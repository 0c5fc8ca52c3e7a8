/**
 * The current that a station may give on each EVSE: set in the form that the station takes, kept while the order lasts,
 * and watched, because a station that accepts a limit need not obey it.
 */
import type { Applied } from '../../driver.ts';
import type { StartLimit } from '../remote-control/remote-start.ts';
import type { Station } from '../station/station.ts';
import { EvseLimiter, type OrderedLimit } from './evse-limiter.ts';
import type { LimiterContext, LimiterOptions } from './limit-settings.ts';
import { ProfileSetter } from './profile-setter.ts';
import type { SetpointSchedule } from './setpoint-schedule.ts';

/** The limits of all EVSEs of one station. */
export class Limiter {
  private readonly context: LimiterContext;
  private readonly evses = new Map<number, EvseLimiter>();

  constructor(station: Station, options: LimiterOptions) {
    this.context = { ...options, station, profiles: new ProfileSetter(station, options) };
  }

  /** @throws CommandFailure */
  apply(order: OrderedLimit, signal: AbortSignal): Promise<Applied> {
    return this.on(order.evse).apply(order, signal);
  }

  /** A car came, a session began or ended: what could not be set before can be now. */
  onStatusChange(evse: number): void {
    this.on(evse).onStatusChange();
  }

  /** The connection is new: the station may hold anything. */
  onConnected(): void {
    for (const evse of this.evses.values()) evse.onConnected();
    this.context.profiles.onConnected();
  }

  /** Sets all limits again, now. @param isForced also where the station should have them already */
  async setAgain(isForced = true): Promise<void> {
    await Promise.all([...this.evses.values()].map((evse) => evse.setAgain(isForced)));
  }

  /** Compares what is drawn and offered with what is allowed. */
  tick(): void {
    for (const evse of this.evses.values()) evse.tick();
  }

  /** No current, whatever is asked for, until resume. */
  suspend(evse: number): Promise<void> {
    return this.on(evse).suspend(true);
  }

  resume(evse: number): Promise<void> {
    return this.on(evse).suspend(false);
  }

  /**
   * A transaction is about to be started from here.
   * @param setpoints the limit that is given with the start; undefined: none
   * @throws CommandFailure, CallFailure
   */
  prepareStart(evse: number, setpoints: SetpointSchedule | undefined): Promise<StartLimit | undefined> {
    return this.on(evse).prepareStart(setpoints);
  }

  /** @returns the limit in a profile of ours, A or W as it was set; undefined where nobody wants it any more */
  limitOfProfile(profile: number): number | undefined {
    return [...this.evses.values()].find((evse) => evse.hasProfile(profile))?.limitInProfile();
  }

  close(): void {
    for (const evse of this.evses.values()) evse.close();
  }

  private on(evse: number): EvseLimiter {
    const known = this.evses.get(evse);
    if (known) return known;
    const limiter = new EvseLimiter(this.context, evse);
    this.evses.set(evse, limiter);
    return limiter;
  }
}
