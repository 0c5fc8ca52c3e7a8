/**
 * The limits of the backend, read on their way to the station. They stay as they are: ours are set on other stack levels
 * above them. Among profiles of one purpose the highest level is in force, whatever its limit; so ours is never higher
 * than theirs.
 */
import { z } from 'zod';
import type { ProfileFilter, RelayedProfile } from '../codec/relayed-requests.ts';
import type { LimitForm } from '../station/station-facts.ts';
import type { StationRecords } from '../station/station-records.ts';
import { type SchedulePeriod, type Supply, toSettableCurrent } from './amperes-and-watts.ts';
import {
  type BackendProfile,
  backendProfileSchema,
  changesOf,
  limitAt,
  type ProfileMoment,
  toBackendProfile,
} from './backend-profile.ts';
import { idStep } from './set-charging-profile.ts';
import { maxPeriods } from './setpoint-schedule.ts';

/** An EVSE of ours whose limit has to respect those of the backend. */
interface LimitedEvse {
  evse: number;
  supply: Supply;
  /** When the transaction began, ms since 1970; undefined: none runs. */
  begun: number | undefined;
  /** A per phase; less is a pause. */
  minCurrentA: number;
  /** ms since 1970 */
  now: number;
}

/** The limits of a backend as the limiter sees them. */
export interface OtherLimits {
  /** Counts the changes. */
  revision(): number;
  isPresent(evse: number): boolean;
  hasProfile(id: number): boolean;
  /** @returns the id, or the next of ours that no profile of the backend has */
  freeId(id: number): number;
  /**
   * @returns the form, on a higher stack level where one of the backend would override it; undefined: no level is free
   * above those of the backend
   */
  above(form: LimitForm, place: StackPlace): LimitForm | undefined;
  /** @returns our periods within the limits of the backend: the lower limit at each time */
  restrict(periods: SchedulePeriod[], evse: LimitedEvse): SchedulePeriod[];
}

/** The place of a profile of ours. */
interface StackPlace {
  evse: number;
  /** The highest level of the station, where known. */
  maxStackLevel: number | undefined;
  hasTransaction: boolean;
}

/** A station without a backend. */
export const noOtherLimits: OtherLimits = {
  revision: () => 0,
  isPresent: () => false,
  hasProfile: () => false,
  freeId: (id) => id,
  above: (form) => form,
  restrict: (periods) => periods,
};

interface BackendLimitsContext {
  records: StationRecords;
  /** 1.6: a profile replaces one of the same purpose, stack level and connector (§5.16); 2.x: only one with its id. */
  isSamePlaceReplaced(): boolean;
}

const record = z.object({ foreignProfiles: z.array(backendProfileSchema) });
/** How far ahead the limits of the backend become periods of ours, ms. */
const horizonMs = 86_400_000;

const matches = (profile: BackendProfile, { id, evse, stackLevel, purpose }: ProfileFilter): boolean =>
  // An id goes before the other criteria (OCPP 1.6 §5.2, OCPP 2.x K10).
  id === undefined
    ? (evse === undefined || profile.evse === evse) &&
      (stackLevel === undefined || profile.stackLevel === stackLevel) &&
      (purpose === undefined || profile.purpose === purpose)
    : profile.id === id;

/** @returns the limit of the highest profile that has one at this time; a profile of an EVSE goes before one of all */
const limitOf = (profiles: BackendProfile[], moment: ProfileMoment): number | undefined =>
  profiles
    .toSorted((a, b) => b.stackLevel - a.stackLevel || b.evse - a.evse)
    .map((each) => limitAt(each, moment))
    .find((limit) => limit !== undefined);

/** @returns A per phase that all profiles together allow; a TxProfile goes before every default (OCPP 1.6 §3.13.2) */
const allowedAt = (profiles: BackendProfile[], moment: ProfileMoment): number => {
  const limitFor = (purpose: BackendProfile['purpose']): number | undefined =>
    limitOf(
      profiles.filter((each) => each.purpose === purpose),
      moment,
    );
  const ofTransaction = (moment.begun === undefined ? undefined : limitFor('tx')) ?? limitFor('tx_default');
  return Math.min(ofTransaction ?? Number.POSITIVE_INFINITY, limitFor('station_max') ?? Number.POSITIVE_INFINITY);
};

/** The charging profiles that the backend has in one station; kept over restarts. */
export class BackendLimits implements OtherLimits {
  private readonly context: BackendLimitsContext;
  private profiles: BackendProfile[] = [];
  private changes = 0;

  constructor(context: BackendLimitsContext) {
    this.context = context;
    for (const given of context.records.loaded) {
      const parsed = record.safeParse(given);
      if (parsed.success) this.profiles = parsed.data.foreignProfiles;
    }
    context.records.keep(() => [{ foreignProfiles: this.profiles }]);
  }

  /**
   * The backend is about to set a profile: its limit counts from now on, so that ours has made room when it arrives.
   * @param isStart the profile comes with a remote start
   * @param now ms since 1970
   * @returns how to take the profile back where the station refuses it
   */
  set(given: RelayedProfile, isStart: boolean, now: number): () => void {
    const profile = toBackendProfile(given, isStart, now);
    const isReplaced = (each: BackendProfile): boolean =>
      each.id === profile.id ||
      (this.context.isSamePlaceReplaced() &&
        each.purpose === profile.purpose &&
        each.stackLevel === profile.stackLevel &&
        each.evse === profile.evse);
    const replaced = this.profiles.filter(isReplaced);
    this.change([...this.profiles.filter((each) => !isReplaced(each)), profile]);
    return () => this.change([...this.profiles.filter((each) => each !== profile), ...replaced]);
  }

  /** The station has cleared profiles for the backend, ours perhaps among them. */
  clear(filter: ProfileFilter): void {
    this.change(this.profiles.filter((each) => !matches(each, filter)));
  }

  /** A transaction runs on the EVSE, or none: a TxProfile ends with the transaction it was for. */
  onTransaction(evse: number, isRunning: boolean): void {
    const isOfTransaction = (each: BackendProfile): boolean =>
      each.purpose === 'tx' && (each.evse === evse || each.evse === 0);
    const isOver = (each: BackendProfile): boolean => isOfTransaction(each) && each.hasBegun;
    const isBeginning = (each: BackendProfile): boolean => isOfTransaction(each) && !each.hasBegun;
    if (!isRunning) {
      if (this.profiles.some(isOver)) this.change(this.profiles.filter((each) => !isOver(each)));
      return;
    }
    if (!this.profiles.some(isBeginning)) return;
    this.change(this.profiles.map((each) => (isOfTransaction(each) ? { ...each, hasBegun: true, evse } : each)));
  }

  revision(): number {
    return this.changes;
  }

  isPresent(evse: number): boolean {
    return this.on(evse).length > 0;
  }

  hasProfile(id: number): boolean {
    return this.profiles.some((each) => each.id === id);
  }

  freeId(id: number): number {
    let free = id;
    while (this.hasProfile(free)) free += idStep;
    return free;
  }

  above(form: LimitForm, { evse, maxStackLevel, hasTransaction }: StackPlace): LimitForm | undefined {
    const theirs = form.purpose === 'station_max' ? this.profiles : this.on(evse);
    // A profile of the transaction goes before every default (OCPP 1.6 §3.13.2).
    if (form.purpose === 'tx_default' && hasTransaction && theirs.some(({ purpose }) => purpose === 'tx'))
      return undefined;
    const levels = theirs.filter(({ purpose }) => purpose === form.purpose).map(({ stackLevel }) => stackLevel);
    const stackLevel = Math.max(form.stackLevel, ...levels.map((level) => level + 1));
    if (stackLevel === form.stackLevel) return form;
    return stackLevel > (maxStackLevel ?? Number.POSITIVE_INFINITY) ? undefined : { ...form, stackLevel };
  }

  restrict(periods: SchedulePeriod[], { evse, supply, begun, minCurrentA, now }: LimitedEvse): SchedulePeriod[] {
    const theirs = this.on(evse);
    if (theirs.length === 0) return periods;
    const changes = theirs.flatMap((each) => changesOf(each, { from: now, to: now + horizonMs, begun }));
    const starts = [...periods.map(({ startS }) => startS), ...changes.map((time) => Math.floor((time - now) / 1000))];
    const restricted = [...new Set(starts)]
      .sort((a, b) => a - b)
      .slice(0, maxPeriods)
      .map((startS): SchedulePeriod => {
        const own = periods.findLast((each) => each.startS <= startS) ?? { startS, currentA: 0 };
        // A change of theirs may fall anywhere into this second.
        const mostA = allowedAt(theirs, { at: now + (startS + 1) * 1000, begun, supply });
        return own.currentA <= mostA ? { ...own, startS } : { startS, currentA: toSettableCurrent(mostA, minCurrentA) };
      });
    return restricted.filter((period, i) => i === 0 || period.currentA !== restricted[i - 1]?.currentA);
  }

  private on(evse: number): BackendProfile[] {
    return this.profiles.filter((each) => each.evse === evse || each.evse === 0);
  }

  private change(profiles: BackendProfile[]): void {
    this.profiles = profiles;
    this.changes++;
    this.context.records.append({ foreignProfiles: profiles }, false);
  }
}
