/**
 * Limits of another master, seen on their way to the station. They stay as they are: ours take other places, above
 * them, because of one purpose the highest is in force, whatever it says; so ours never says more than theirs.
 */
import { z } from 'zod';
import { asFields } from '../codec/lenient.ts';
import { bringCurrent, type Grid, idStep, type Step } from '../limits/limit-form.ts';
import type { LimitForm } from '../station/memory.ts';
import type { Ledger } from '../station/store.ts';
import {
  changesOf,
  type ForeignProfile,
  foreignProfileSchema,
  limitAt,
  purposeOf,
  readForeignProfile,
} from './foreign-profile.ts';

type Payload = Readonly<Record<string, unknown>>;

export interface ForeignLimits {
  /** Counts what came and went. */
  revision(): number;
  /** Whether there is any on this EVSE. */
  isPresent(evse: number): boolean;
  /** Whether a profile of theirs has this id. */
  holds(id: number): boolean;
  /** @returns the id, or one that they do not use */
  freeId(id: number): number;
  /**
   * A form that none of theirs lies over.
   * @param maxStackLevel of the station, where it says so
   * @returns the form, on a higher level where needed; undefined: there is no room above them
   */
  above(form: LimitForm, evse: number, maxStackLevel: number | undefined, hasSession: boolean): LimitForm | undefined;
  /** Our steps with theirs: the lower limit at each time. @param begun the transaction, ms */
  merge(evse: number, steps: Step[], grid: Grid, begun: number | undefined, leastA: number, now: number): Step[];
}

export interface ForeignBook extends ForeignLimits {
  /**
   * Somebody else is about to ask the station for something: what it limits counts from now on, so that ours has made
   * room when it comes.
   * @returns how to take it back; undefined: it sets no limit
   */
  asked(action: string, payload: Payload, now: number): (() => void) | undefined;
  /** The station has cleared limits for somebody else, ours perhaps among them. */
  cleared(payload: Payload): void;
  /** A transaction runs there, or none. */
  moved(evse: number, hasSession: boolean): void;
}

/** Nobody else limits this station. */
export const noForeign: ForeignLimits = {
  revision: () => 0,
  isPresent: () => false,
  holds: () => false,
  freeId: (id) => id,
  above: (form) => form,
  merge: (_evse, steps) => steps,
};

const record = z.object({ foreignProfiles: z.array(foreignProfileSchema) });
/** How far ahead theirs are told with ours. */
const horizonMs = 86_400_000;
/** OCPP 1.6 §9.4.3: few stations take more periods. */
const mostPeriods = 24;
const setters = new Set(['SetChargingProfile', 'RemoteStartTransaction', 'RequestStartTransaction']);

const numberOf = (...values: unknown[]): number | undefined => values.find((each) => typeof each === 'number');

/** @param isSamePlaceReplaced 1.6: one of the same purpose, level and connector goes as well (§5.16) */
export const createForeignBook = (ledger: Ledger, isSamePlaceReplaced: () => boolean): ForeignBook => {
  let profiles: ForeignProfile[] = [];
  let revision = 0;

  for (const given of ledger.records) {
    const parsed = record.safeParse(given);
    if (parsed.success) profiles = parsed.data.foreignProfiles;
  }
  ledger.keep(() => [{ foreignProfiles: profiles }]);

  const change = (next: ForeignProfile[]): void => {
    profiles = next;
    revision++;
    ledger.append({ foreignProfiles: profiles }, false);
  };

  const at = (evse: number): ForeignProfile[] => profiles.filter((each) => each.evse === evse || each.evse === 0);

  /** @returns how to take it back */
  const set = (profile: ForeignProfile): (() => void) => {
    const isReplaced = (each: ForeignProfile): boolean =>
      each.id === profile.id ||
      (isSamePlaceReplaced() &&
        each.purpose === profile.purpose &&
        each.stackLevel === profile.stackLevel &&
        each.evse === profile.evse);
    const replaced = profiles.filter(isReplaced);
    change([...profiles.filter((each) => !isReplaced(each)), profile]);
    return () => change([...profiles.filter((each) => each !== profile), ...replaced]);
  };

  /** 1.6 §5.2: an id goes before the rest; 2.x K10. */
  const clear = (payload: Payload): void => {
    const criteria = asFields(payload.chargingProfileCriteria) ?? payload;
    const id = numberOf(payload.id, payload.chargingProfileId);
    const evse = numberOf(criteria.connectorId, criteria.evseId);
    const level = numberOf(criteria.stackLevel);
    const purpose = purposeOf(criteria.chargingProfilePurpose);
    const isMeant = (each: ForeignProfile): boolean =>
      id === undefined
        ? (evse === undefined || each.evse === evse) &&
          (level === undefined || each.stackLevel === level) &&
          (purpose === undefined || each.purpose === purpose)
        : each.id === id;
    change(profiles.filter((each) => !isMeant(each)));
  };

  /** The highest of a purpose that says something; that of an EVSE goes before that of all. */
  const ceiling = (
    purpose: ForeignProfile['purpose'],
    evse: number,
    time: number,
    begun: number | undefined,
    grid: Grid,
  ): number | undefined =>
    at(evse)
      .filter((each) => each.purpose === purpose)
      .sort((a, b) => b.stackLevel - a.stackLevel || b.evse - a.evse)
      .map((each) => limitAt(each, time, begun, grid))
      .find((limit) => limit !== undefined);

  const allowed = (evse: number, time: number, begun: number | undefined, grid: Grid): number => {
    const of = (purpose: ForeignProfile['purpose']) => ceiling(purpose, evse, time, begun, grid);
    const session = (begun === undefined ? undefined : of('tx')) ?? of('tx_default');
    return Math.min(session ?? Number.POSITIVE_INFINITY, of('station_max') ?? Number.POSITIVE_INFINITY);
  };

  return {
    revision: () => revision,
    isPresent: (evse) => at(evse).length > 0,
    holds: (id) => profiles.some((each) => each.id === id),
    freeId(id) {
      let free = id;
      while (profiles.some((each) => each.id === free)) free += idStep;
      return free;
    },
    above(form, evse, maxStackLevel, hasSession) {
      const theirs = form.purpose === 'station_max' ? profiles : at(evse);
      // A profile of the transaction goes before every default (OCPP 1.6 §3.13.2).
      if (form.purpose === 'tx_default' && hasSession && theirs.some(({ purpose }) => purpose === 'tx'))
        return undefined;
      const levels = theirs.filter(({ purpose }) => purpose === form.purpose).map(({ stackLevel }) => stackLevel);
      const stackLevel = Math.max(form.stackLevel, ...levels.map((level) => level + 1));
      if (stackLevel === form.stackLevel) return form;
      return stackLevel > (maxStackLevel ?? Number.POSITIVE_INFINITY) ? undefined : { ...form, stackLevel };
    },
    merge(evse, steps, grid, begun, leastA, now) {
      const theirs = at(evse);
      if (theirs.length === 0) return steps;
      const changes = theirs.flatMap((each) => changesOf(each, now, now + horizonMs, begun));
      const starts = [...steps.map(({ startS }) => startS), ...changes.map((time) => Math.floor((time - now) / 1000))];
      const merged = [...new Set(starts)]
        .sort((a, b) => a - b)
        .slice(0, mostPeriods)
        .map((startS): Step => {
          const own = steps.findLast((each) => each.startS <= startS) ?? { startS, currentA: 0 };
          // Their change may fall into this second.
          const most = allowed(evse, now + (startS + 1) * 1000, begun, grid);
          return own.currentA <= most ? { ...own, startS } : { startS, currentA: bringCurrent(most, leastA) };
        });
      return merged.filter((step, i) => i === 0 || step.currentA !== merged[i - 1]?.currentA);
    },
    asked(action, payload, now) {
      if (!setters.has(action)) return undefined;
      const evse = numberOf(payload.connectorId, payload.evseId) ?? 0;
      const wire = payload.csChargingProfiles ?? payload.chargingProfile;
      const profile = readForeignProfile(wire, evse, action !== 'SetChargingProfile', now);
      return profile && set(profile);
    },
    cleared: clear,
    moved(evse, hasSession) {
      const isTheirs = (each: ForeignProfile): boolean =>
        each.purpose === 'tx' && (each.evse === evse || each.evse === 0);
      if (hasSession) {
        if (!profiles.some((each) => isTheirs(each) && !each.hasBegun)) return;
        change(profiles.map((each) => (isTheirs(each) ? { ...each, hasBegun: true, evse } : each)));
        return;
      }
      if (profiles.some((each) => isTheirs(each) && each.hasBegun))
        change(profiles.filter((each) => !(isTheirs(each) && each.hasBegun)));
    },
  };
};
