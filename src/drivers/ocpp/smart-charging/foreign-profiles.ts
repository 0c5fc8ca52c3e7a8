/**
 * Charging profiles that others have left in a station: reported, because they may keep our limits from being in force,
 * and cleared only as far as the policy allows. OCPP 2.x reports its profiles (K09); 1.6 only says what holds in the end.
 */
import type { foreignPolicies } from '../codec/limits.ts';
import type { StationMessage } from '../messages.ts';
import { Alarms } from '../station/alarms.ts';
import type { Station } from '../station/station.ts';
import { type AskStation, askRefusable, askUnlessSilent } from './ask-station.ts';
import type { OtherLimits } from './backend-limits.ts';
import { clearProfile, clearTransactionProfiles } from './clear-charging-profile.ts';
import { type AppliedLimit, CompositeScheduleCheck } from './get-composite-schedule.ts';
import {
  describeProfile,
  type FoundProfile,
  hasOwnId,
  isFallbackProfile,
  isTransactionProfile,
  mayOverride,
  type OwnProfile,
  ProfileReport,
} from './on-report-charging-profiles.ts';

/**
 * once: cleared before the first limit of all, later ones are only reported. clear: whenever they are found. keep: never.
 * Limits of the station as a whole are the installer's, and always stay.
 */
export type ForeignPolicy = (typeof foreignPolicies)[number];

interface ForeignProfilesOptions {
  policy: ForeignPolicy;
  /** Profiles of a backend are no foreign ones. */
  otherLimits: OtherLimits;
}

/** The charging profiles of others in one station. */
export class ForeignProfiles {
  private readonly station: Station;
  private readonly options: ForeignProfilesOptions;
  private readonly ask: AskStation;
  private readonly alarms: Alarms;
  private readonly report: ProfileReport;
  private readonly compositeSchedule: CompositeScheduleCheck;
  /** All profiles of the last report. */
  private found: FoundProfile[] = [];
  /** A station of 2.x that does not report its profiles is asked as 1.6 is. */
  private isReporting = false;

  constructor(station: Station, options: ForeignProfilesOptions) {
    const { clock, sink } = station;
    this.station = station;
    this.options = options;
    this.ask = askUnlessSilent(station);
    this.alarms = new Alarms(sink);
    this.report = new ProfileReport({ ask: this.ask, clock });
    this.compositeSchedule = new CompositeScheduleCheck({
      ask: this.ask,
      clock,
      clearsForeign: options.policy === 'clear',
      onCompared: (evse, what) => this.setAlarm(evse, what),
    });
  }

  /** Has the profiles in the station reported. @param signal the connection is over */
  async survey(signal: AbortSignal): Promise<void> {
    if (this.station.calls.version() === '1.6') return;
    const found = await this.report.request(signal);
    this.isReporting = found !== undefined;
    if (!found) return;
    this.found = found;
    await this.clear(this.leftovers());
    if (this.options.policy === 'clear') {
      const overriding = this.station.evseIds().flatMap((evse) => this.overridingOn(evse));
      await this.clear([...new Set(overriding.filter(isTransactionProfile))]);
    }
    this.raiseAlarms();
  }

  onReportChargingProfiles(event: Extract<StationMessage, { kind: 'profiles' }>): void {
    this.report.onReportChargingProfiles(event);
  }

  /** Once in the life of a station here, before its first limit. @throws CallFailure */
  async clearBeforeFirstLimit(): Promise<void> {
    const { calls, factStore } = this.station;
    if (this.options.policy === 'keep' || factStore.facts.isTakenOver) return;
    await clearTransactionProfiles(askRefusable(calls));
    factStore.note({ isTakenOver: true });
    this.found = this.found.filter((each) => !isTransactionProfile(each));
    this.raiseAlarms();
  }

  /** A transaction runs under a limit of ours: looks whether that limit is in force. */
  checkInForce(limit: AppliedLimit): void {
    if (!this.isReporting) this.compositeSchedule.check(limit);
  }

  /** @returns the profiles of others in the station, in words */
  describe(): string[] {
    return this.found.filter((each) => !this.isOwn(each)).map(describeProfile);
  }

  /**
   * @returns in words: profiles of others that a TxProfile of ours would go before, or why nobody knows of them;
   * undefined: there are none
   */
  describeOutranked(evse: number): string | undefined {
    const isOn = (each: FoundProfile): boolean => each.evse === 0 || each.evse === evse;
    const others = this.found.filter((each) => isOn(each) && isTransactionProfile(each) && !this.isOwn(each));
    if (others.length > 0) return `another profile limits this station: ${others.map(describeProfile).join('; ')}`;
    if (this.compositeSchedule.isDeviating(evse)) return 'another profile limits this station';
    return this.options.policy === 'keep' && !this.isReporting
      ? 'profiles of others are kept, and the station does not tell them'
      : undefined;
  }

  onConnected(): void {
    this.report.cancel();
    this.isReporting = false;
    this.compositeSchedule.onConnected();
  }

  close(): void {
    this.compositeSchedule.close();
  }

  private setAlarm(evse: number, what: string | undefined): void {
    const severity = this.options.policy === 'keep' ? 'info' : 'warning';
    this.alarms.set({ evse, name: 'foreign_profile', severity }, what);
  }

  private raiseAlarms(): void {
    for (const evse of this.station.evseIds()) {
      const overriding = this.overridingOn(evse).map(describeProfile);
      this.setAlarm(
        evse,
        overriding.length === 0 ? undefined : `another profile limits this station: ${overriding.join('; ')}`,
      );
    }
  }

  /** Our profile as it is set, or as it will be tried first. */
  private ownProfile(evse: number): OwnProfile {
    const { limitForm, maxStackLevel = 0 } = this.station.factStore.facts;
    return { evse, purpose: limitForm?.purpose ?? 'tx_default', stackLevel: limitForm?.stackLevel ?? maxStackLevel };
  }

  /** A profile of the station as a whole is the installer's, unless we know that we have set it. */
  private isOwn(profile: FoundProfile): boolean {
    const { limitIds = {} } = this.station.factStore.facts;
    return (
      isFallbackProfile(profile) ||
      (hasOwnId(profile) && (isTransactionProfile(profile) || Object.values(limitIds).includes(profile.id)))
    );
  }

  private overridingOn(evse: number): FoundProfile[] {
    const own = this.ownProfile(evse);
    return this.found.filter(
      (each) => !this.isOwn(each) && !this.options.otherLimits.hasProfile(each.id) && mayOverride(each, own),
    );
  }

  private async clear(profiles: FoundProfile[]): Promise<void> {
    for (const profile of profiles)
      if (await clearProfile(this.ask, profile.id)) this.found = this.found.filter((each) => each !== profile);
  }

  /**
   * Profiles of ours that are not in use any more: one for each EVSE is enough. Where the store was lost, the first that
   * is found is taken for the one in use.
   */
  private leftovers(): FoundProfile[] {
    const { factStore } = this.station;
    const { limitIds, startProfiles = {} } = factStore.facts;
    const inUse = { ...limitIds };
    const leftovers = this.found
      .filter((each) => hasOwnId(each) && isTransactionProfile(each))
      .filter(({ id, evse }) => startProfiles[String(evse)]?.id !== id)
      .filter(({ id, evse }) => {
        const place = String(evse);
        inUse[place] ??= id;
        return inUse[place] !== id;
      });
    factStore.note({ limitIds: inUse });
    return leftovers;
  }
}
