/** Inverters that switch themselves off at night: what is silent then gives nothing (aggregation §2.2). */
import type { Clock } from '../model/time.ts';
import type { Composition, HybridSources } from './composition.ts';
import type { PowerSample } from './integrate.ts';
import type { Known } from './known.ts';
import { createDayProfile, type DayProfile, isDark, noteLight } from './night.ts';
import type { Source } from './sources.ts';
import type { Coordinates } from './sun.ts';

export interface SleepRules {
  /** An inverter without a connection counts as 0 at any time. */
  offlineMeansZero: boolean;
  coordinates?: Coordinates;
}

export interface Sleepers {
  /** Looks who sleeps now. */
  look(composition: Composition): void;
  /** Its power is 0, as far as anybody can know. */
  has(source: Source): boolean;
  all(): Iterable<Source>;
  /** Survives a restart. */
  save(): Record<string, DayProfile>;
}

/** @param lastPower the last one of a source that was measured, in this run or before */
export const createSleepers = (
  { offlineMeansZero, coordinates }: SleepRules,
  known: Known,
  lastPower: (source: Source) => PowerSample | undefined,
  clock: Clock,
  saved: Record<string, DayProfile> = {},
): Sleepers => {
  /** By the topic of the power. */
  const profiles = new Map<string, DayProfile>(Object.entries(saved));
  /** The same: sources are described anew with each meta. */
  let asleep = new Map<string, Source>();

  const profileOf = (power: string): DayProfile => {
    const profile = profiles.get(power) ?? createDayProfile();
    profiles.set(power, profile);
    return profile;
  };
  const isSilent = (source: Source): boolean => known.current(source.power, source).value === null;
  const wasIdle = (source: Source): boolean =>
    Math.abs(lastPower(source)?.w ?? Number.POSITIVE_INFINITY) <= source.idleW;
  const awayMs = (source: Source): number => clock.monotonic() - (lastPower(source)?.at ?? Number.NEGATIVE_INFINITY);

  // A meter has no reason to switch itself off: where it is silent, nobody knows.
  const sleepsAlone = (source: Source): boolean => {
    if (source.isMeter || !isSilent(source)) return false;
    if (offlineMeansZero && known.isOffline(source)) return true;
    return wasIdle(source) && isDark(profileOf(source.power), coordinates, clock.now(), awayMs(source));
  };
  /**
   * A battery behind an inverter may have been at work when the connection broke: only if it and the inverter did
   * nothing when they were last heard have they gone to sleep.
   */
  const sleepsWhole = ({ inverters, battery, solar }: HybridSources): boolean => {
    const all = [...inverters, ...battery];
    if (!all.every(isSilent)) return false;
    const isIdle = all.every(wasIdle);
    if (offlineMeansZero && all.every(known.isOffline)) return battery.length === 0 || isIdle;
    return isIdle && solar.length > 0 && solar.every(sleepsAlone);
  };

  const watchLight = (source: Source): void => {
    const { value } = known.current(source.power, source);
    if (value === null && !asleep.has(source.power)) return;
    noteLight(profileOf(source.power), clock.now(), value !== null && value > source.idleW);
  };

  return {
    look({ ac, hybrids }) {
      const suns = [...ac.solar, ...hybrids.flatMap(({ solar }) => solar)].filter(({ isMeter }) => !isMeter);
      const wholes = hybrids.filter(sleepsWhole).flatMap(({ inverters, battery }) => [...inverters, ...battery]);
      asleep = new Map([...suns.filter(sleepsAlone), ...wholes].map((source) => [source.power, source]));
      for (const source of suns) watchLight(source);
    },
    has: ({ power }) => asleep.has(power),
    all: () => asleep.values(),
    save: () => Object.fromEntries(profiles),
  };
};
