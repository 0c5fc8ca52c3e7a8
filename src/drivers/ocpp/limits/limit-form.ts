/** The forms a limit may take, in the order in which a station is tried, and a limit in one of them. */

import type { Quirks } from '../quirks.ts';
import type { Facts, LimitForm } from '../station/memory.ts';
import type { Period, Profile } from '../words.ts';

/** A limit over time, A per phase. */
export interface Step {
  startS: number;
  currentA: number;
  /** Said in watts: what is sent where the station takes these. */
  powerW?: number;
}

export interface Grid {
  /** Between phase and neutral, V. */
  voltage: number;
  phases: 1 | 2 | 3;
}

export interface Situation {
  /** A transaction runs: only then it can be told of a limit of its own. */
  hasSession: boolean;
  /** There is one EVSE: what limits the station limits it. */
  isAlone: boolean;
  /** How many phases the limit is for matters here. */
  wantsPhases: boolean;
}

/** IEC 61851-1: less than this is no charging current, A. */
export const leastCurrentA = 6;

/** Down to a tenth; what lies between 0 and the least current is a pause. */
export const bringCurrent = (currentA: number, leastA = leastCurrentA): number => {
  const tenths = Math.floor(currentA * 10 + 1e-6) / 10;
  return tenths < leastA ? 0 : tenths;
};

export const toCurrent = (powerW: number, { voltage, phases }: Grid): number => powerW / (voltage * phases);

const unique = <T>(values: T[]): T[] => [...new Set(values)];

const stackLevels = ({ stackLevel }: Quirks, { maxStackLevel = 0 }: Facts): number[] =>
  // Some count the highest as excluded.
  stackLevel === undefined ? unique([maxStackLevel, Math.max(0, maxStackLevel - 1), 0]) : [stackLevel];

/**
 * One thing is changed at a time, and then the two that go together most often: a handful of tries instead of all.
 */
export const formsOf = (quirks: Quirks, facts: Facts, { hasSession, isAlone, wantsPhases }: Situation): LimitForm[] => {
  const levels = stackLevels(quirks, facts);
  const kinds: LimitForm['kind'][] = quirks.kind ? [quirks.kind] : ['absolute', 'relative'];
  const units: LimitForm['unit'][] = quirks.unit ? [quirks.unit] : facts.units?.length ? facts.units : ['A', 'W'];
  const says = quirks.saysPhases === undefined ? [wantsPhases, !wantsPhases] : [quirks.saysPhases];
  const usual: LimitForm['purpose'][] = hasSession ? ['tx_default', 'tx', 'station_max'] : ['tx_default'];
  const purposes = quirks.purpose ? [quirks.purpose] : usual.filter((each) => isAlone || each !== 'station_max');

  const variants = (purpose: LimitForm['purpose']): LimitForm[] => {
    const [kind = 'absolute', otherKind = kind] = purpose === 'station_max' ? ['absolute' as const] : kinds;
    const [unit = 'A', otherUnit = unit] = units;
    const [saysPhases = false, otherSays = saysPhases] = says;
    const [stackLevel = 0, ...lower] = levels;
    const lowest = lower.at(-1) ?? stackLevel;
    const base: LimitForm = { purpose, kind, stackLevel, unit, saysPhases };
    return [
      base,
      ...lower.map((level) => ({ ...base, stackLevel: level })),
      { ...base, kind: otherKind },
      { ...base, kind: otherKind, stackLevel: lowest },
      { ...base, unit: otherUnit },
      { ...base, unit: otherUnit, stackLevel: lowest },
      { ...base, saysPhases: otherSays },
      { ...base, saysPhases: otherSays, stackLevel: lowest },
      { ...base, kind: otherKind, unit: otherUnit, stackLevel: lowest, saysPhases: otherSays },
    ];
  };

  const forms = purposes.filter((purpose) => purpose !== 'tx' || hasSession).flatMap(variants);
  return unique(forms.map((form) => JSON.stringify(form))).map((text) => JSON.parse(text));
};

/** One profile for each purpose and EVSE: told again, it takes the place of the one before (OCPP 1.6 §5.16). */
const idBase: Record<LimitForm['purpose'], number> = { tx_default: 100, tx: 200, station_max: 300 };
/** Where somebody else uses an id, ours lies this much higher, or a multiple of it. */
export const idStep = 1000;

export const idOf = (purpose: LimitForm['purpose'], evse: number): number =>
  idBase[purpose] + (purpose === 'station_max' ? 0 : evse);

/** Of what lies below a dynamic profile. */
export const floorId = (evse: number): number => 400 + evse;

/** A clock of a station may be behind: it begins this much ago, s. */
const leadS = 60;

const toLimit = ({ currentA, powerW }: Step, unit: 'A' | 'W', { voltage, phases }: Grid): number => {
  if (unit === 'A') return currentA;
  if (powerW !== undefined && currentA > 0) return Math.floor(powerW);
  return Math.floor(currentA * voltage * phases);
};

/** What a profile is built from beside its form and its steps. */
export interface Ground {
  evse: number;
  grid: Grid;
  /** Of the limit, where they are not the usual three. */
  phases: 1 | 2 | 3 | undefined;
  /** The station changes between one phase and three: then they are said in any form. */
  isSwitched: boolean;
  /** The transaction that runs, and when it began, ms since 1970. */
  transaction: string | undefined;
  begun: number | undefined;
}

/** @param now ms since 1970; the first step counts from then on */
export const buildProfile = (
  form: LimitForm,
  steps: Step[],
  { evse, grid, phases, isSwitched, transaction, begun }: Ground,
  now: number,
): { evse: number; profile: Profile } => {
  const { purpose, kind, stackLevel, unit, saysPhases } = form;
  // OCPP 1.6 §3.13.1: relative periods count from the start of the session, however long ago that was.
  const shiftS = kind === 'absolute' ? leadS : Math.max(0, Math.floor((now - (begun ?? now)) / 1000));
  const periods = steps.map(
    (step): Period => ({
      startS: step.startS === 0 ? 0 : step.startS + shiftS,
      limit: toLimit(step, unit, grid),
      ...(saysPhases || isSwitched ? { phases: phases ?? grid.phases } : {}),
      ...(isSwitched && phases === 1 ? { phaseToUse: 1 as const } : {}),
    }),
  );
  return {
    evse: purpose === 'station_max' ? 0 : evse,
    profile: {
      id: idOf(purpose, evse),
      stackLevel,
      purpose,
      kind,
      unit,
      periods,
      ...(kind === 'absolute' ? { startAt: now - leadS * 1000 } : {}),
      ...(purpose === 'tx' && transaction !== undefined ? { transaction } : {}),
    },
  };
};
