/**
 * Dynamic charging profiles (OCPP 2.1 K28): UpdateDynamicSchedule changes the limit inside a profile that is in the
 * station, with no new profile each time. Where the station falls back by itself, the dynamic profile is only valid for
 * so long without an update (K28.FR.13), and a fixed profile below it holds the failsafe current until the next update
 * revives it (K28.FR.14).
 */
import type { ChargingProfile } from '../messages.ts';
import type { Station } from '../station/station.ts';
import type { LimitForm } from '../station/station-facts.ts';
import { type AskStation, askRefusable, isAccepted } from './ask-station.ts';
import type { OtherLimits } from './backend-limits.ts';
import type { ProfileRequest } from './set-charging-profile.ts';
import { buildProfile, fallbackProfileId } from './set-charging-profile.ts';

/** The station asks for its limit by itself after this share of the fallback time: an update was lost by then. */
const pullShare = 2 / 3;

/** All of a profile but its limits: only these can be updated. */
const shapeOf = ({ periods, ...rest }: ChargingProfile): string =>
  JSON.stringify([rest, periods.map(({ limit: _, ...period }) => period)]);

/** The dynamic profiles in one station. */
export class DynamicProfiles {
  private readonly station: Station;
  private readonly otherLimits: OtherLimits;
  /** The dynamic profiles in the station, by EVSE. */
  private readonly profiles = new Map<number, ChargingProfile>();
  /** The fallback profiles below them, by EVSE, as text. */
  private readonly fallbacks = new Map<number, string>();

  constructor(station: Station, otherLimits: OtherLimits) {
    this.station = station;
    this.otherLimits = otherLimits;
  }

  /**
   * @param form that the station is known to take
   * @returns the profile as it is now; undefined: the limit has to be set in a fixed profile
   * @throws CallFailure
   */
  async set(form: LimitForm, request: ProfileRequest): Promise<ChargingProfile | undefined> {
    const { single, fallback } = request;
    if (!single || !this.isSupported()) return undefined;
    const { evse, profile } = this.build(form, request);
    const ask = askRefusable(this.station.calls, request.options);
    if (await this.update(ask, request.evse, profile)) return profile;
    if (fallback && !(await this.setFallback(ask, form, request))) return undefined;
    if (isAccepted(await ask({ kind: 'set_profile', evse, profile }))) {
      this.profiles.set(request.evse, profile);
      return profile;
    }
    this.station.factStore.note({ refusedDynamic: this.firmware() });
    return undefined;
  }

  /** Another profile has replaced the dynamic one. */
  onReplaced(evse: number): void {
    this.profiles.delete(evse);
  }

  /** The connection is new: the station may hold anything. */
  onConnected(): void {
    this.profiles.clear();
    this.fallbacks.clear();
  }

  private firmware(): string {
    return this.station.factStore.facts.boot?.firmware ?? '';
  }

  private isSupported(): boolean {
    const { calls, factStore } = this.station;
    const { supportsDynamic, refusedDynamic } = factStore.facts;
    return calls.version() === '2.1' && supportsDynamic === true && refusedDynamic !== this.firmware();
  }

  private build(form: LimitForm, request: ProfileRequest): { evse: number; profile: ChargingProfile } {
    const { single, fallback } = request;
    const periods = single ? [single] : [];
    const { otherLimits, station } = this;
    const { evse, profile } = buildProfile({ ...form, kind: 'relative' }, { ...request, periods }, station.clock.now());
    return {
      evse,
      profile: {
        ...profile,
        id: otherLimits.freeId(profile.id),
        kind: 'dynamic',
        ...(fallback && { durationS: fallback.afterS, pullIntervalS: Math.ceil(fallback.afterS * pullShare) }),
      },
    };
  }

  /** @returns false where the station has no such profile, or has lost it */
  private async update(ask: AskStation, evse: number, profile: ChargingProfile): Promise<boolean> {
    const before = this.profiles.get(evse);
    if (!before || shapeOf(before) !== shapeOf(profile)) return false;
    const limit = profile.periods[0]?.limit ?? 0;
    const isUpdated = isAccepted(await ask({ kind: 'update_dynamic', profile: profile.id, limit }));
    if (isUpdated) this.profiles.set(evse, profile);
    else this.profiles.delete(evse);
    return isUpdated;
  }

  /** @returns false where no stack level is free below the dynamic profile, or the station refuses the fallback */
  private async setFallback(ask: AskStation, form: LimitForm, request: ProfileRequest): Promise<boolean> {
    const { otherLimits, station } = this;
    if (form.stackLevel === 0) return false;
    const lower: LimitForm = { ...form, kind: 'absolute', stackLevel: form.stackLevel - 1 };
    const periods = [{ startS: 0, currentA: request.fallback?.currentA ?? 0 }];
    const { evse, profile } = buildProfile(lower, { ...request, periods }, station.clock.now());
    const { startAt: _, ...rest } = profile;
    const text = JSON.stringify(rest);
    if (this.fallbacks.get(request.evse) === text) return true;
    const id = otherLimits.freeId(fallbackProfileId(evse));
    if (!isAccepted(await ask({ kind: 'set_profile', evse, profile: { ...profile, id } }))) return false;
    this.fallbacks.set(request.evse, text);
    return true;
  }
}
