/** What a station can be told, as far as it is known by now: on each EVSE, and as a whole. */
import { findVerb } from '../../../model/verbs.ts';
import { carTimeConstantS } from '../../car.ts';
import type { Actuator, ParameterRange, VerbDescription } from '../../driver.ts';
import type { Quirks } from '../quirks.ts';
import type { Facts } from '../station/memory.ts';
import { toleranceA } from './effect.ts';
import { verifyS } from './limit-check.ts';
import { usualPauseS } from './phases.ts';
import { fallbackOf, type LimitSettings } from './settings.ts';

const usualVoltage = 230;
const usualLimitIntervalS = 5;
/** What lies in flash is not written more often, ms. */
const flashIntervalMs = 60_000;

const verbs = (offered: Record<string, Record<string, ParameterRange>>): Actuator['verbs'] =>
  Object.fromEntries(
    Object.entries(offered).map(([name, params]): [string, VerbDescription] => {
      const verb = findVerb('ev_charger', name);
      if (!verb || verb.kind === 'release') throw new Error(`the model has no ${name}`);
      return [name, { kind: verb.kind, params, maxLeaseS: verb.maxLeaseS }];
    }),
  );

const componentOf = (evse: number): { type: string; index?: number } => ({
  type: 'ev_charger',
  ...(evse === 0 ? {} : { index: evse }),
});

/** "limit/1", "phases/1", "actions/1", "availability/1"; of the station "actions/0", "availability/0" */
export const parseKey = (key: string): { what: string; evse: number } => {
  const [what = '', evse = '0'] = key.split('/');
  return { what, evse: Number(evse) };
};

const message: ParameterRange = { choices: ['boot', 'status', 'meter_values', 'heartbeat', 'transaction'] };

/** The same for all stations: thousands of them share it. */
const evseActions = verbs({ start: { id_tag: { isOptional: true } }, stop: {}, unlock: {}, trigger: { message } });
const stationActions = verbs({
  reset: { type: { choices: ['soft', 'hard'], isOptional: true } },
  trigger: { message },
  get_configuration: { key: { isOptional: true } },
  set_configuration: { key: {}, value: {} },
  get_variables: { variables: {} },
  set_variables: { variables: {} },
});
const availability = verbs({ set_availability: { operative: {} } });
const phaseChoice = verbs({ set_phases: { phases: { unit: '1', min: 1, max: 3, choices: ['1', '3'] } } });

const once = { minWriteIntervalMs: 0, verifyS: 30, verification: 'effect', isPersistent: false } as const;

/** As it is looked at (effect.ts): amperes, or the watts of as many. */
const withTolerance = (phases: number, own: Actuator['verbs']): Actuator['verbs'] =>
  Object.fromEntries(
    Object.entries(own).map(([name, verb]) => {
      if (name === 'set_profile') return [name, verb];
      return [
        name,
        { ...verb, tolerance: name === 'set_power_limit' ? toleranceA * usualVoltage * phases : toleranceA },
      ];
    }),
  );

/** By range: most stations of a site have the same. */
const limitVerbs = new Map<string, Actuator['verbs']>();

const limitsWithin = ({ minCurrentA, maxCurrentA, phases }: LimitSettings): Actuator['verbs'] => {
  const range = `${minCurrentA} ${maxCurrentA} ${phases}`;
  const known = limitVerbs.get(range);
  if (known) return known;
  const amperes = { unit: 'A', min: minCurrentA, max: maxCurrentA, step: 0.1, isZeroAllowed: true };
  const minW = minCurrentA * usualVoltage;
  const watts = { unit: 'W', min: minW, max: Math.max(minW, maxCurrentA * usualVoltage * phases), isZeroAllowed: true };
  const own = withTolerance(
    phases,
    verbs({
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

const limitOf = (evse: number, settings: LimitSettings, facts: Facts, quirks: Quirks): Actuator => {
  const { failsafeA, intervalS } = settings;
  const fallbackS = fallbackOf(settings, quirks);
  const isInFlash = facts.limitForm?.purpose === 'station_max';
  const intervalMs = (quirks.limitIntervalS ?? usualLimitIntervalS) * 1000;
  return {
    key: `limit/${evse}`,
    ...componentOf(evse),
    verbs: limitsWithin(settings),
    fallback: { means: { current_a: failsafeA }, verb: 'set_current_limit' },
    minWriteIntervalMs: isInFlash ? Math.max(flashIntervalMs, intervalMs) : intervalMs,
    timeConstantS: carTimeConstantS,
    verifyS: verifyS(intervalS),
    tellsProgress: true,
    verification: 'effect',
    ...(fallbackS === undefined ? {} : { watchdogS: fallbackS }),
    isPersistent: isInFlash,
  };
};

const phasesOf = (evse: number, { phases }: LimitSettings, { phasePauseS = usualPauseS }: Quirks): Actuator => ({
  key: `phases/${evse}`,
  ...componentOf(evse),
  verbs: phaseChoice,
  fallback: { means: { phases } },
  // Whoever asks too early is told so (phases.ts).
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

/**
 * @param evses without the station as a whole
 * @param isLimited from here; somebody else does it otherwise
 */
export const offer = (
  evses: number[],
  settings: LimitSettings,
  facts: Facts,
  quirks: Quirks,
  isLimited = true,
): Actuator[] => {
  const { switchesPhases, limitForm, units } = facts;
  // Told watts, a station chooses its phases by them.
  const takesWatts = limitForm ? limitForm.unit === 'W' : units?.join() === 'W';
  const isSwitching = quirks.switchesPhases ?? (switchesPhases === true || takesWatts);
  const takesAvailability = quirks.takesAvailability !== false;
  return [
    ...evses.flatMap((evse) => [
      ...(isLimited ? [limitOf(evse, settings, facts, quirks)] : []),
      ...(isLimited && isSwitching && settings.phases === 3 ? [phasesOf(evse, settings, quirks)] : []),
      {
        key: `actions/${evse}`,
        ...componentOf(evse),
        verbs: evseActions,
        ...once,
      },
      ...(takesAvailability ? [availabilityOf(evse)] : []),
    ]),
    {
      key: 'actions/0',
      ...componentOf(0),
      verbs: stationActions,
      ...once,
    },
    ...(takesAvailability ? [availabilityOf(0)] : []),
  ];
};
