/**
 * The SetChargingProfile that sets a limit (OCPP 1.6 §5.16, OCPP 2.x K01): the forms of a profile that a station may take,
 * in the order in which they are tried, and the profile of a limit in one of them.
 */
import type { ChargingProfile, ChargingSchedulePeriod } from '../messages.ts';
import type { CallOptions } from '../ocpp-j/station-link.ts';
import type { Quirks } from '../quirks.ts';
import type { Status } from '../station/evse-status.ts';
import type { LimitForm, StationFacts } from '../station/station-facts.ts';
import { type SchedulePeriod, type Supply, toLimit } from './amperes-and-watts.ts';

/** The conditions that decide which forms can work. */
interface FormConditions {
  /** A transaction runs: only then a TxProfile is taken. */
  hasTransaction: boolean;
  /** There is one EVSE: a limit of the station is one of this EVSE. */
  isAlone: boolean;
  /** The limit depends on the number of phases. */
  namesPhases: boolean;
}

const unique = <T>(values: T[]): T[] => [...new Set(values)];

const stackLevels = ({ stackLevel }: Quirks, { maxStackLevel = 0 }: StationFacts): number[] =>
  // Some stations count their highest level as excluded.
  stackLevel === undefined ? unique([maxStackLevel, Math.max(0, maxStackLevel - 1), 0]) : [stackLevel];

/** The parts of a form that are still open. */
interface Choices {
  kinds: LimitForm['kind'][];
  units: LimitForm['unit'][];
  levels: number[];
  /** Whether phases are named. */
  naming: boolean[];
}

/**
 * One thing is changed at a time, then the two that go together most often: a handful of tries instead of all.
 * OCPP 2.x K01.FR.38: a limit of the station is never relative.
 */
const variantsOf = (purpose: LimitForm['purpose'], { kinds, units, levels, naming }: Choices): LimitForm[] => {
  const [kind = 'absolute', otherKind = kind] = purpose === 'station_max' ? ['absolute' as const] : kinds;
  const [unit = 'A', otherUnit = unit] = units;
  const [saysPhases = false, otherNaming = saysPhases] = naming;
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
    { ...base, saysPhases: otherNaming },
    { ...base, saysPhases: otherNaming, stackLevel: lowest },
    { ...base, kind: otherKind, unit: otherUnit, stackLevel: lowest, saysPhases: otherNaming },
  ];
};

/** @returns the forms to try, the likeliest first; what a preset says is not tried but done */
export const profileForms = (quirks: Quirks, facts: StationFacts, conditions: FormConditions): LimitForm[] => {
  const { hasTransaction, isAlone, namesPhases } = conditions;
  const choices: Choices = {
    kinds: quirks.kind ? [quirks.kind] : ['absolute', 'relative'],
    units: quirks.unit ? [quirks.unit] : facts.units?.length ? facts.units : ['A', 'W'],
    levels: stackLevels(quirks, facts),
    naming: quirks.saysPhases === undefined ? [namesPhases, !namesPhases] : [quirks.saysPhases],
  };
  const usual: LimitForm['purpose'][] = hasTransaction ? ['tx_default', 'tx', 'station_max'] : ['tx_default'];
  const purposes = quirks.purpose ? [quirks.purpose] : usual.filter((each) => isAlone || each !== 'station_max');
  const forms = purposes
    .filter((purpose) => purpose !== 'tx' || hasTransaction)
    .flatMap((purpose) => variantsOf(purpose, choices));
  return unique(forms.map((form) => JSON.stringify(form))).map((text) => JSON.parse(text));
};

/** One profile for each purpose and EVSE: set again, it replaces the one before (OCPP 1.6 §5.16). */
const idBase: Record<LimitForm['purpose'], number> = { tx_default: 100, tx: 200, station_max: 300 };
/** Ours lies this much higher, or a multiple of it, if somebody else uses an id. */
export const idStep = 1000;

/** @returns the id of our profile for this purpose on this EVSE */
export const profileId = (purpose: LimitForm['purpose'], evse: number): number =>
  idBase[purpose] + (purpose === 'station_max' ? 0 : evse);

/** @returns the id of the fixed profile that lies below a dynamic one as its fallback */
export const fallbackProfileId = (evse: number): number => 400 + evse;

/** The clock of a station may be behind: an absolute profile begins this much ago, s. */
const leadS = 60;

/** A limit for one EVSE, with all that decides the charging profile it is set with. */
export interface ProfileRequest {
  evse: number;
  /** With the fallback of the station, and within the limits of a backend. */
  periods: SchedulePeriod[];
  /** The limit where it is a single one until further notice, and no backend limits the station. */
  single: SchedulePeriod | undefined;
  /** After this long without us, the station goes to this current by itself (A per phase). */
  fallback: { afterS: number; currentA: number } | undefined;
  supply: Supply;
  /** To be named in the profile: they are to change, or are not the usual three. */
  phases: 1 | 2 | 3 | undefined;
  /** The EVSE was switched to these phases. */
  isSwitched: boolean;
  status: Status;
  /** The transaction that runs here. */
  transaction: string | undefined;
  /** When that transaction began, ms since 1970: a relative profile counts from there. */
  begun: number | undefined;
  /** The station has one EVSE: a limit of the station is one of this EVSE. */
  isAlone: boolean;
  options: Partial<CallOptions>;
}

/** The parts of a request that its profile is built from, beside its form. */
type ProfileContent = Pick<
  ProfileRequest,
  'evse' | 'periods' | 'supply' | 'phases' | 'isSwitched' | 'transaction' | 'begun'
>;

/** @param now ms since 1970; the first period begins then */
export const buildProfile = (
  form: LimitForm,
  content: ProfileContent,
  now: number,
): { evse: number; profile: ChargingProfile } => {
  const { purpose, kind, stackLevel, unit, saysPhases } = form;
  const { evse, supply, phases, isSwitched, transaction, begun } = content;
  // OCPP 1.6 §3.13.1: relative periods count from the start of the transaction, however long ago that was.
  const shiftS = kind === 'absolute' ? leadS : Math.max(0, Math.floor((now - (begun ?? now)) / 1000));
  const periods = content.periods.map(
    (period): ChargingSchedulePeriod => ({
      startS: period.startS === 0 ? 0 : period.startS + shiftS,
      limit: toLimit(period, unit, supply),
      ...(saysPhases || isSwitched ? { phases: phases ?? supply.phases } : {}),
      ...(isSwitched && phases === 1 ? { phaseToUse: 1 as const } : {}),
    }),
  );
  return {
    evse: purpose === 'station_max' ? 0 : evse,
    profile: {
      id: profileId(purpose, evse),
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
