/**
 * Charging profiles as a station stacks them: OCPP 1.6 §3.13, OCPP 2.0.1 part 2 K01. Evse 0 is the station; times are
 * ms since 1970 by the clock of the station.
 */

export type Unit = 'A' | 'W';
export type Purpose = 'station_max' | 'tx_default' | 'tx';

export interface Period {
  startS: number;
  /** A per phase, or W of all phases. */
  limit: number;
  phases?: number | undefined;
}

export interface ChargingProfile {
  id: number;
  stackLevel: number;
  purpose: Purpose;
  kind: 'absolute' | 'recurring' | 'relative';
  /** recurring */
  everyS?: number | undefined;
  validFrom?: number | undefined;
  validTo?: number | undefined;
  transaction?: string | undefined;
  unit: Unit;
  startAt?: number | undefined;
  durationS?: number | undefined;
  periods: Period[];
}

export interface InstalledProfile {
  evse: number;
  profile: ChargingProfile;
  installedAt: number;
}

export interface Ceiling {
  unit: Unit;
  limit: number;
  phases: number | undefined;
}

/** What holds at one time: of the transaction, and of the station as a whole. The lower one is in force. */
export interface Ceilings {
  tx: Ceiling | undefined;
  station: Ceiling | undefined;
}

export interface Filter {
  id?: number | undefined;
  evse?: number | undefined;
  purpose?: Purpose | undefined;
  stackLevel?: number | undefined;
}

/** The transaction for which it is asked, if there is one. */
export type Begun = number | undefined;

export interface ProfileStore {
  /** @returns false where another profile of 2.x holds the place (K01.FR.06, .39) */
  set(evse: number, profile: ChargingProfile, now: number): boolean;
  /** @returns how many are gone */
  clear(filter: Filter): number;
  list(): readonly InstalledProfile[];
  at(at: number, evse: number, begun: Begun): Ceilings;
  /** Times at which something may change, in order, the first of them `from`. */
  changes(from: number, to: number, evse: number, begun: Begun): number[];
}

const beginOf = ({ profile, installedAt }: InstalledProfile, at: number, begun: Begun): number => {
  const { kind, startAt, everyS } = profile;
  if (kind === 'relative') return begun ?? at;
  const start = startAt ?? begun ?? installedAt;
  if (kind === 'absolute' || everyS === undefined) return start;
  return start + Math.floor((at - start) / (everyS * 1000)) * everyS * 1000;
};

const periodAt = (installed: InstalledProfile, at: number, begun: Begun): Period | undefined => {
  const { validFrom = -Infinity, validTo = Infinity, durationS = Infinity, periods } = installed.profile;
  if (at < validFrom || at >= validTo) return undefined;
  const elapsedS = (at - beginOf(installed, at, begun)) / 1000;
  if (elapsedS < 0 || elapsedS >= durationS) return undefined;
  return periods.findLast(({ startS }) => startS <= elapsedS);
};

/** @param isSamePlaceRefused 2.x; 1.6 replaces what has the same purpose, stack level and connector */
export const createProfileStore = (isSamePlaceRefused: boolean): ProfileStore => {
  let installed: InstalledProfile[] = [];

  const has = (filter: Filter, { evse, profile }: InstalledProfile): boolean =>
    (filter.id === undefined || filter.id === profile.id) &&
    (filter.evse === undefined || filter.evse === evse) &&
    (filter.purpose === undefined || filter.purpose === profile.purpose) &&
    (filter.stackLevel === undefined || filter.stackLevel === profile.stackLevel);

  /** The highest of its purpose that says something now; what is meant for the evse goes before what is for all. */
  const pick = (purpose: Purpose, evses: number[], at: number, begun: Begun): Ceiling | undefined => {
    const stack = installed
      .filter(({ evse, profile }) => profile.purpose === purpose && evses.includes(evse))
      .sort((a, b) => b.profile.stackLevel - a.profile.stackLevel || b.evse - a.evse);
    for (const each of stack) {
      const period = periodAt(each, at, begun);
      if (period) return { unit: each.profile.unit, limit: period.limit, phases: period.phases };
    }
    return undefined;
  };

  return {
    set(evse, profile, now) {
      const place = { evse, purpose: profile.purpose, stackLevel: profile.stackLevel };
      const others = installed.filter((each) => each.profile.id !== profile.id);
      if (isSamePlaceRefused && others.some((each) => has(place, each))) return false;
      installed = [...others.filter((each) => !has(place, each)), { evse, profile, installedAt: now }];
      return true;
    },
    clear(filter) {
      const before = installed.length;
      installed = installed.filter((each) => !has(filter, each));
      return before - installed.length;
    },
    list: () => installed,
    at: (at, evse, begun) => ({
      tx: (begun === undefined ? undefined : pick('tx', [evse], at, begun)) ?? pick('tx_default', [evse, 0], at, begun),
      station: pick('station_max', [0], at, begun),
    }),
    changes(from, to, evse, begun) {
      const times = new Set([from]);
      for (const each of installed.filter((one) => one.evse === evse || one.evse === 0)) {
        const { validFrom = from, validTo = from, durationS = 0, periods, everyS = Infinity } = each.profile;
        let begin = beginOf(each, from, begun);
        do {
          for (const { startS } of periods) times.add(begin + startS * 1000);
          times.add(begin + durationS * 1000);
          begin += everyS * 1000;
        } while (begin < to);
        times.add(validFrom).add(validTo);
      }
      return [...times].filter((time) => time >= from && time < to).sort((a, b) => a - b);
    },
  };
};
