/**
 * The charging profiles of a simulated station, stacked by purpose and level: OCPP 1.6 §3.13, OCPP 2.0.1 part 2 K01.
 * EVSE 0 is the station as a whole; times are ms since 1970 by the clock of the station.
 */

/** ChargingRateUnitType. */
export type ChargingRateUnit = 'A' | 'W';
/** ChargingProfilePurposeType: ChargePointMaxProfile (ChargingStationMaxProfile), TxDefaultProfile, TxProfile. */
type ProfilePurpose = 'station_max' | 'tx_default' | 'tx';

/** ChargingSchedulePeriod. */
export interface SchedulePeriod {
  /** Offset from the start of the schedule, s. */
  startS: number;
  /** A on each phase, or W on all phases together. */
  limit: number;
  phases?: number | undefined;
}

/** ChargingProfile of both versions, with its one schedule. */
export interface ChargingProfile {
  id: number;
  stackLevel: number;
  purpose: ProfilePurpose;
  kind: 'absolute' | 'recurring' | 'relative';
  /** Interval of a recurring profile, s. */
  everyS?: number | undefined;
  validFrom?: number | undefined;
  validTo?: number | undefined;
  transaction?: string | undefined;
  unit: ChargingRateUnit;
  startAt?: number | undefined;
  durationS?: number | undefined;
  periods: SchedulePeriod[];
}

/** A profile in the store. */
interface InstalledProfile {
  evse: number;
  profile: ChargingProfile;
  installedAt: number;
}

/** One limit. */
export interface ProfileLimit {
  unit: ChargingRateUnit;
  /** A on each phase, or W on all phases together. */
  limit: number;
  phases: number | undefined;
}

/** The limits at one time. The lower one is in force. */
export interface ProfileLimits {
  /** Limit of the transaction: its own profile, or the default one. */
  tx: ProfileLimit | undefined;
  /** Limit that all EVSEs of the station share. */
  station: ProfileLimit | undefined;
}

/** Conditions that a profile has to meet, all of them; an absent one holds for all. */
interface ProfileFilter {
  id?: number | undefined;
  evse?: number | undefined;
  purpose?: ProfilePurpose | undefined;
  stackLevel?: number | undefined;
}

/** Start of the transaction; undefined: no transaction runs. */
type TransactionStart = number | undefined;

const startOf = ({ profile, installedAt }: InstalledProfile, at: number, begun: TransactionStart): number => {
  const { kind, startAt, everyS } = profile;
  if (kind === 'relative') return begun ?? at;
  const start = startAt ?? begun ?? installedAt;
  if (kind === 'absolute' || everyS === undefined) return start;
  return start + Math.floor((at - start) / (everyS * 1000)) * everyS * 1000;
};

const periodAt = (installed: InstalledProfile, at: number, begun: TransactionStart): SchedulePeriod | undefined => {
  const { validFrom = -Infinity, validTo = Infinity, durationS = Infinity, periods } = installed.profile;
  if (at < validFrom || at >= validTo) return undefined;
  const elapsedS = (at - startOf(installed, at, begun)) / 1000;
  if (elapsedS < 0 || elapsedS >= durationS) return undefined;
  return periods.findLast(({ startS }) => startS <= elapsedS);
};

const matches = (filter: ProfileFilter, { evse, profile }: InstalledProfile): boolean =>
  (filter.id === undefined || filter.id === profile.id) &&
  (filter.evse === undefined || filter.evse === evse) &&
  (filter.purpose === undefined || filter.purpose === profile.purpose) &&
  (filter.stackLevel === undefined || filter.stackLevel === profile.stackLevel);

/** The installed profiles of one station. */
export class ChargingProfileStore {
  readonly #isSamePlaceRefused: boolean;
  #installed: InstalledProfile[] = [];

  /**
   * @param isSamePlaceRefused OCPP 2.x: a profile with the purpose, stack level and EVSE of another one is refused;
   * OCPP 1.6 replaces the other one
   */
  constructor(isSamePlaceRefused: boolean) {
    this.#isSamePlaceRefused = isSamePlaceRefused;
  }

  /** @returns false where another profile of 2.x holds the place (K01.FR.06, K01.FR.39) */
  set(evse: number, profile: ChargingProfile, now: number): boolean {
    const place = { evse, purpose: profile.purpose, stackLevel: profile.stackLevel };
    const others = this.#installed.filter((each) => each.profile.id !== profile.id);
    if (this.#isSamePlaceRefused && others.some((each) => matches(place, each))) return false;
    this.#installed = [...others.filter((each) => !matches(place, each)), { evse, profile, installedAt: now }];
    return true;
  }

  /** @returns number of profiles that were removed */
  clear(filter: ProfileFilter): number {
    const before = this.#installed.length;
    this.#installed = this.#installed.filter((each) => !matches(filter, each));
    return before - this.#installed.length;
  }

  list(): readonly InstalledProfile[] {
    return this.#installed;
  }

  /** @returns the limits of an EVSE at a time */
  at(at: number, evse: number, begun: TransactionStart): ProfileLimits {
    const ofTransaction = begun === undefined ? undefined : this.#limitOf('tx', [evse], at, begun);
    return {
      tx: ofTransaction ?? this.#limitOf('tx_default', [evse, 0], at, begun),
      station: this.#limitOf('station_max', [0], at, begun),
    };
  }

  /** @returns times at which a limit may change, in order; the first one is `from`, and `to` is not among them */
  changes(from: number, to: number, evse: number, begun: TransactionStart): number[] {
    const times = new Set([from]);
    for (const each of this.#installed.filter((one) => one.evse === evse || one.evse === 0)) {
      const { validFrom = from, validTo = from, durationS = 0, periods, everyS = Infinity } = each.profile;
      let start = startOf(each, from, begun);
      do {
        for (const { startS } of periods) times.add(start + startS * 1000);
        times.add(start + durationS * 1000);
        start += everyS * 1000;
      } while (start < to);
      times.add(validFrom).add(validTo);
    }
    return [...times].filter((time) => time >= from && time < to).sort((a, b) => a - b);
  }

  /** The highest level that says something now wins; on one level, a profile for the EVSE goes before one for all. */
  #limitOf(purpose: ProfilePurpose, evses: number[], at: number, begun: TransactionStart): ProfileLimit | undefined {
    const stack = this.#installed
      .filter(({ evse, profile }) => profile.purpose === purpose && evses.includes(evse))
      .sort((a, b) => b.profile.stackLevel - a.profile.stackLevel || b.evse - a.evse);
    for (const each of stack) {
      const period = periodAt(each, at, begun);
      if (period) return { unit: each.profile.unit, limit: period.limit, phases: period.phases };
    }
    return undefined;
  }
}
