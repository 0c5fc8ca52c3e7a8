/**
 * The command registry: what may be asked of which device type, with which parameters. Directions are words and
 * magnitudes are >= 0: nobody sends a signed watt.
 */
import { maxPower, optional, type Parameter, percent, type Verb, verb, watts } from './verb.ts';

export { leaseRange, type Parameter, type Verb, type VerbKind } from './verb.ts';

const sgReadyLockS = 7200;

/** Without a command: everything of one's own. */
const release = verb('release', { command: { value: 'word', isOptional: true } });
/** A share of the rated power, or watts: exactly one of them. */
const powerLimit = verb('limit', { power_w: optional(watts), percent: optional(percent) });
const amperes: Parameter = { value: 'number', unit: 'A', min: 0, max: 500 };
const word: Parameter = { value: 'word' };
const flag: Parameter = { value: 'boolean' };
const list: Parameter = { value: 'list' };
const seconds = (min: number, max: number): Parameter => ({ value: 'number', unit: 's', min, max });
const identifier: Parameter = { value: 'number', unit: '1', min: 0, max: 2 ** 31 - 1 };
/** A file that a device uploads or downloads. */
const transfer = {
  url: word,
  retries: optional({ value: 'number', unit: '1', min: 0, max: 100 }),
  retry_interval_s: optional(seconds(1, 86_400)),
};
/** Times are ISO 8601. */
const logUpload = { ...transfer, oldest: optional(word), latest: optional(word) };
const phaseCount: Parameter = { value: 'number', unit: '1', min: 1, max: 3 };

/** A share of the apparent power; over-excited gives reactive power, under-excited takes it. */
const powerFactor = {
  power_factor: { value: 'number', unit: '1', min: 0, max: 1 },
  excitation: { value: 'word', members: ['over_excited', 'under_excited'] },
} as const;
/** Commands of everything that is connected to the grid through an inverter. */
const gridConnection: Record<string, Verb> = {
  connect: verb('setpoint'),
  disconnect: verb('setpoint'),
  set_reactive_power: verb('setpoint', {
    power_var: { value: 'number', unit: 'var', min: 0, max: maxPower },
    direction: { value: 'word', members: ['inject', 'absorb'] },
  }),
  set_power_factor: verb('setpoint', powerFactor),
};

const battery: Record<string, Verb> = {
  charge: verb('setpoint', {
    power_w: watts,
    until_soc: optional(percent),
    source: { value: 'word', members: ['any', 'solar_only'], isOptional: true },
  }),
  discharge: verb('setpoint', {
    power_w: watts,
    until_soc: optional(percent),
    allow_export: { value: 'boolean', isOptional: true },
  }),
  hold: verb('setpoint', { allow: { value: 'word', members: ['none', 'charge', 'discharge'], isOptional: true } }),
  limit_charge: verb('limit', { power_w: watts }),
  limit_discharge: verb('limit', { power_w: watts }),
  set_reserve_soc: verb('config', { soc: percent }),
  ...gridConnection,
  release,
};

const source: Record<string, Verb> = { limit_power: powerLimit, ...gridConnection, release };

const sessionLimit = { current_a: optional(amperes), power_w: optional(watts), schedule: optional(list) };
const transferStates = ['diagnostics_status', 'log_status', 'firmware_status'] as const;

const evCharger: Record<string, Verb> = {
  set_current_limit: verb('setpoint', { current_a: amperes, phases: optional(phaseCount) }),
  set_power_limit: verb('setpoint', { power_w: watts }),
  pause: verb('setpoint'),
  /** Charging again, with up to current_a or as much as the charger may. */
  resume: verb('setpoint', { current_a: optional(amperes) }),
  set_phases: verb('setpoint', { phases: phaseCount }),
  /** From start_s on: current_a or power_w of each period; the last lasts as long as the lease. */
  set_profile: verb('setpoint', { schedule: list }),
  /** At most with current_a, power_w or a schedule as set_profile has, until the transaction ends or another limit is set. */
  start: verb('action', { id_tag: optional(word), ...sessionLimit }),
  stop: verb('action'),
  unlock: verb('action'),
  reset: verb('action', { type: optional({ value: 'word', members: ['soft', 'hard'] }) }),
  set_availability: verb('config', { operative: flag }),
  trigger: verb('action', {
    message: {
      value: 'word',
      members: ['boot', 'status', 'meter_values', 'heartbeat', 'transaction', ...transferStates],
    },
  }),
  /** Without a key: all of them. */
  get_configuration: verb('action', { key: optional(word) }),
  set_configuration: verb('action', { key: word, value: word }),
  /** Names as "SmartChargingCtrlr.RateUnit", in rows of name and evse. */
  get_variables: verb('action', { variables: list }),
  set_variables: verb('action', { variables: list }),
  get_local_list_version: verb('action'),
  /** Asks for the limits that follow from all charging profiles of the station together. */
  get_composite_schedule: verb('action', {
    duration_s: seconds(1, 604_800),
    unit: optional({ value: 'word', members: ['A', 'W'] }),
  }),
  /** With an id or a filter, also profiles of somebody else. */
  clear_charging_profile: verb('action', {
    profile_id: optional(identifier),
    purpose: optional({ value: 'word', members: ['station_max', 'tx_default', 'tx'] }),
    stack_level: optional({ value: 'number', unit: '1', min: 0, max: 1000 }),
  }),
  /** For whoever has this id token; without an id of the reservation, one is chosen. */
  reserve: verb('action', {
    id_tag: word,
    duration_s: seconds(60, 604_800),
    reservation_id: optional(identifier),
    group_id_tag: optional(word),
  }),
  cancel_reservation: verb('action', { reservation_id: identifier }),
  get_diagnostics: verb('action', logUpload),
  get_log: verb('action', { ...logUpload, log: { value: 'word', members: ['diagnostics', 'security'] } }),
  /** At once, or at these times (ISO 8601); the certificate is PEM, the signature base64. */
  update_firmware: verb('action', {
    ...transfer,
    retrieve_at: optional(word),
    install_at: optional(word),
    signing_certificate: optional(word),
    signature: optional(word),
  }),
  release,
};

const heat: Record<string, Verb> = {
  set_sg_ready: verb(
    'setpoint',
    { state: { value: 'word', members: ['lock', 'normal', 'recommend', 'force'] } },
    sgReadyLockS,
  ),
  /** Surplus the device may turn into heat. */
  set_power: verb('setpoint', { power_w: watts }),
  limit_power: verb('limit', { power_w: watts }),
  set_target_temperature: verb('setpoint', {
    temperature_c: { value: 'number', unit: 'degC', min: -50, max: 200 },
  }),
  boost_dhw: verb('setpoint'),
  release,
};

const switchable: Record<string, Verb> = {
  on: verb('setpoint'),
  off: verb('setpoint'),
  set_power: verb('setpoint', { power_w: watts }),
  release,
};

const verbs: Record<string, Record<string, Verb>> = {
  battery,
  solar: source,
  wind: source,
  inverter: source,
  ev_charger: evCharger,
  heat_pump: heat,
  heater: heat,
  load: switchable,
  switch: switchable,
  relay: switchable,
  io: switchable,
  generator: switchable,
};

/** Device types that can be commanded. */
export const commandedTypes: readonly string[] = Object.keys(verbs);

/** @returns the commands of a device type by verb */
export const verbsOf = (type: string): Readonly<Record<string, Verb>> =>
  Object.hasOwn(verbs, type) ? (verbs[type] as Record<string, Verb>) : {};

/** @returns the command of a device type; undefined where the type has none of this verb */
export const findVerb = (type: string, name: string): Verb | undefined =>
  Object.hasOwn(verbsOf(type), name) ? verbsOf(type)[name] : undefined;
