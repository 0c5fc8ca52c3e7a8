/** The actuators of a station, as far as the station is known by now: on each EVSE, and of the station as a whole. */
import { carTimeConstantS } from '../../car.ts';
import type { Actuator } from '../../driver.ts';
import { type BlockCommands, describeVerbs } from '../block-commands.ts';
import type { Quirks } from '../quirks.ts';
import { componentOf } from '../station/alarms.ts';
import type { StationFacts } from '../station/station-facts.ts';
import { verifyTimeS } from './limit-check.ts';
import { toleranceA } from './limit-compliance.ts';
import { fallbackTimeS, type LimitSettings } from './limit-settings.ts';
import { usualPauseS } from './phase-switching.ts';

interface ActuatorOptions {
  settings: LimitSettings;
  facts: StationFacts;
  quirks: Quirks;
  /** Limited from here; false: only by a backend. */
  isLimited: boolean;
  /** Carried out once, by whichever block knows them. */
  actions: Required<BlockCommands>;
}

/** Between phase and neutral, V. */
const usualVoltage = 230;
/** Between two different limits, s. */
const usualLimitIntervalS = 5;
/** Between two limits that the station writes to its flash, ms. */
const flashIntervalMs = 60_000;

/** @param key "limit/1", "phases/1", "actions/1", "availability/1"; of the station "actions/0", "availability/0" */
export const parseKey = (key: string): { what: string; evse: number } => {
  const [what = '', evse = '0'] = key.split('/');
  return { what, evse: Number(evse) };
};

const availability = describeVerbs({ set_availability: { operative: {} } });
const phaseChoice = describeVerbs({ set_phases: { phases: { unit: '1', min: 1, max: 3, choices: ['1', '3'] } } });

const once = { minWriteIntervalMs: 0, verifyS: 30, verification: 'effect', isPersistent: false } as const;

/** Adds how far the effect may be from the limit (limit-compliance.ts): A, or the W of as many on all phases. */
const withTolerance = (phases: number, verbs: Actuator['verbs']): Actuator['verbs'] =>
  Object.fromEntries(
    Object.entries(verbs).map(([name, verb]) => {
      if (name === 'set_profile') return [name, verb];
      return [
        name,
        { ...verb, tolerance: name === 'set_power_limit' ? toleranceA * usualVoltage * phases : toleranceA },
      ];
    }),
  );

/** The verbs of a limit by its range: most stations of a site have the same. */
const limitVerbs = new Map<string, Actuator['verbs']>();

const limitVerbsWithin = ({ minCurrentA, maxCurrentA, phases }: LimitSettings): Actuator['verbs'] => {
  const range = `${minCurrentA} ${maxCurrentA} ${phases}`;
  const known = limitVerbs.get(range);
  if (known) return known;
  const amperes = { unit: 'A', min: minCurrentA, max: maxCurrentA, step: 0.1, isZeroAllowed: true };
  const minW = minCurrentA * usualVoltage;
  const watts = { unit: 'W', min: minW, max: Math.max(minW, maxCurrentA * usualVoltage * phases), isZeroAllowed: true };
  const own = withTolerance(
    phases,
    describeVerbs({
      set_current_limit: { current_a: amperes },
      set_power_limit: { power_w: watts },
      pause: {},
      resume: { current_a: { ...amperes, isOptional: true, default: maxCurrentA } },
      set_profile: { schedule: {} },
    }),
  );
  limitVerbs.set(range, own);
  return own;
};

const limitOf = (evse: number, { settings, facts, quirks }: ActuatorOptions): Actuator => {
  const { failsafeA, intervalS } = settings;
  const fallbackS = fallbackTimeS(settings, quirks);
  const isInFlash = facts.limitForm?.purpose === 'station_max';
  const intervalMs = (quirks.limitIntervalS ?? usualLimitIntervalS) * 1000;
  return {
    key: `limit/${evse}`,
    ...componentOf(evse),
    verbs: limitVerbsWithin(settings),
    fallback: { means: { current_a: failsafeA }, verb: 'set_current_limit' },
    minWriteIntervalMs: isInFlash ? Math.max(flashIntervalMs, intervalMs) : intervalMs,
    timeConstantS: carTimeConstantS,
    verifyS: verifyTimeS(intervalS),
    tellsProgress: true,
    verification: 'effect',
    ...(fallbackS === undefined ? {} : { watchdogS: fallbackS }),
    isPersistent: isInFlash,
  };
};

const phasesOf = (
  evse: number,
  { settings: { phases }, quirks: { phasePauseS = usualPauseS } }: ActuatorOptions,
): Actuator => ({
  key: `phases/${evse}`,
  ...componentOf(evse),
  verbs: phaseChoice,
  fallback: { means: { phases } },
  // A command that comes too early is refused with the time at which it may come (phase-switching.ts).
  minWriteIntervalMs: 0,
  latencyS: phasePauseS,
  verifyS: 180,
  verification: 'effect',
  isPersistent: false,
});

const availabilityOf = (evse: number): Actuator => ({
  key: `availability/${evse}`,
  ...componentOf(evse),
  verbs: availability,
  ...once,
  isPersistent: true,
});

const actionsOf = (evse: number, verbs: Actuator['verbs']): Actuator => ({
  key: `actions/${evse}`,
  ...componentOf(evse),
  verbs,
  ...once,
});

/** Whether an EVSE can change between one phase and three: a station that takes watts chooses its phases by them. */
const isPhaseSwitching = ({ settings, facts, quirks }: ActuatorOptions): boolean => {
  const { switchesPhases, limitForm, units } = facts;
  const takesWatts = limitForm ? limitForm.unit === 'W' : units?.join() === 'W';
  return settings.phases === 3 && (quirks.switchesPhases ?? (switchesPhases === true || takesWatts));
};

/** @param evses without 0, the station as a whole */
export const describeActuators = (evses: number[], options: ActuatorOptions): Actuator[] => {
  const { isLimited, quirks, actions } = options;
  const isSwitching = isPhaseSwitching(options);
  const takesAvailability = quirks.takesAvailability !== false;
  return [
    ...evses.flatMap((evse) => [
      ...(isLimited ? [limitOf(evse, options)] : []),
      ...(isLimited && isSwitching ? [phasesOf(evse, options)] : []),
      actionsOf(evse, actions.evse),
      ...(takesAvailability ? [availabilityOf(evse)] : []),
    ]),
    actionsOf(0, actions.station),
    ...(takesAvailability ? [availabilityOf(0)] : []),
  ];
};
