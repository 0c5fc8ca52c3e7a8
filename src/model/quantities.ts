/**
 * The quantity registry: what may be measured of which device type, in which unit, range and class.
 *
 * Signs are role-natural: grid + imports, solar + produces, battery + discharges, generator + produces,
 * every consumer + consumes; so consumption = grid + solar + battery + generator.
 * Counters are split by direction and never negative.
 */
import type { Unit } from './units.ts';

export type Kind = 'gauge' | 'counter' | 'state' | 'text';

/** telemetry: QoS 0, not retained. status: QoS 1, retained. Billing is a mark in meta, not of the quantity. */
type ReadingClass = 'telemetry' | 'status';

export interface Quantity {
  kind: Kind;
  class: ReadingClass;
  value: 'number' | 'integer' | 'boolean' | 'text' | 'enum';
  /** Present exactly where the value is a number. */
  unit?: Unit;
  min?: number;
  max?: number;
  /** Members of an enumeration; open: a reader treats an unknown member as "unknown". */
  members?: readonly string[];
}

const number = (unit: Unit, min: number, max: number, kind: Kind, cls: ReadingClass): Quantity => ({
  kind,
  class: cls,
  value: 'number',
  unit,
  min,
  max,
});
const gauge = (unit: Unit, min: number, max: number): Quantity => number(unit, min, max, 'gauge', 'telemetry');
const slowGauge = (unit: Unit, min: number, max: number): Quantity => number(unit, min, max, 'gauge', 'status');
const counter = (unit: Unit): Quantity => number(unit, 0, 9e15, 'counter', 'status');
const count = (max = 1e9): Quantity => ({ ...number('1', 0, max, 'counter', 'status'), value: 'integer' });
const integer = (min: number, max: number): Quantity => ({
  ...number('1', min, max, 'state', 'status'),
  value: 'integer',
});
const state = (...members: string[]): Quantity => ({ kind: 'state', class: 'status', value: 'enum', members });
const flag: Quantity = { kind: 'state', class: 'status', value: 'boolean' };
const text: Quantity = { kind: 'text', class: 'status', value: 'text' };

/** Largest power that is believed of anything, W. */
const maxPower = 1e7;
const power = gauge('W', -maxPower, maxPower);
const unsignedPower = gauge('W', 0, maxPower);
const powerLimit = slowGauge('W', 0, maxPower);
const celsius = gauge('degC', -50, 200);
const soc = slowGauge('%', 0, 100);

/** Quantities that every type with an AC terminal may have. */
const electrical: Record<string, Quantity> = {
  power,
  reactive_power: gauge('var', -maxPower, maxPower),
  apparent_power: gauge('VA', 0, maxPower),
  power_factor: gauge('1', -1, 1),
  voltage: gauge('V', 0, 1500),
  current: gauge('A', -5000, 5000),
  frequency: gauge('Hz', 40, 70),
  phases_active: integer(1, 3),
  temperature: celsius,
  fault_code: text,
};

const counters: Record<string, Quantity> = {
  energy_import: counter('Wh'),
  energy_export: counter('Wh'),
  energy_reactive_import: counter('varh'),
  energy_reactive_export: counter('varh'),
};

/** Direct current side; strings and modules are indexed components: solar/2/dc_power. */
const direct: Record<string, Quantity> = {
  dc_power: power,
  dc_voltage: gauge('V', 0, 2000),
  dc_current: gauge('A', -5000, 5000),
};

const metered: Record<string, Quantity> = {
  ...electrical,
  ...counters,
  import_power: unsignedPower,
  export_power: unsignedPower,
  demand: gauge('W', 0, maxPower),
  demand_peak: slowGauge('W', 0, maxPower),
  breaker: state('open', 'closed', 'unknown'),
  status: state('ok', 'degraded', 'fault', 'unknown'),
};

const producer: Record<string, Quantity> = {
  ...electrical,
  ...direct,
  energy_produced: counter('Wh'),
  energy_produced_today: counter('Wh'),
  available_power: unsignedPower,
  limit_power: powerLimit,
  curtailed: flag,
};

const heating: Record<string, Quantity> = {
  ...electrical,
  energy_consumed: counter('Wh'),
  thermal_power: power,
  energy_thermal: counter('Wh'),
  flow_temperature: celsius,
  return_temperature: celsius,
  dhw_temperature: celsius,
  buffer_temperature: celsius,
  limit_power: powerLimit,
  status: state(
    'off',
    'standby',
    'heating',
    'cooling',
    'dhw',
    'defrost',
    'backup_heater',
    'locked',
    'fault',
    'unknown',
  ),
};

const digital: Record<string, Quantity> = {
  on: flag,
  status: state('ok', 'fault', 'unknown'),
};

const registry: Record<string, Record<string, Quantity>> = {
  battery: {
    ...electrical,
    ...direct,
    soc,
    soh: slowGauge('%', 0, 100),
    charge_power: unsignedPower,
    discharge_power: unsignedPower,
    energy_charged: counter('Wh'),
    energy_discharged: counter('Wh'),
    energy_remaining: slowGauge('Wh', 0, 1e10),
    capacity_usable: slowGauge('Wh', 0, 1e10),
    max_charge_power: powerLimit,
    max_discharge_power: powerLimit,
    cell_voltage_min: gauge('V', 0, 5),
    cell_voltage_max: gauge('V', 0, 5),
    cell_temperature_min: gauge('degC', -40, 120),
    cell_temperature_max: gauge('degC', -40, 120),
    cycles: count(),
    backup_reserve_soc: soc,
    mode: state('auto', 'hold', 'charge', 'discharge', 'hold_charge', 'standby', 'off', 'unknown'),
    grid_mode: state('on_grid', 'off_grid', 'off_grid_generator', 'unknown'),
    status: state(
      'idle',
      'charging',
      'discharging',
      'full',
      'empty',
      'balancing',
      'standby',
      'starting',
      'fault',
      'off',
      'unknown',
    ),
  },
  solar: {
    ...producer,
    irradiance: gauge('W/m2', 0, 2000),
    status: state('producing', 'idle', 'night', 'starting', 'throttled', 'standby', 'fault', 'off', 'unknown'),
  },
  inverter: {
    ...electrical,
    ...direct,
    ...counters,
    limit_power: powerLimit,
    status: state(
      'off',
      'standby',
      'starting',
      'running',
      'throttled',
      'shutting_down',
      'off_grid',
      'fault',
      'unknown',
    ),
  },
  ev_charger: {
    ...electrical,
    energy_imported: counter('Wh'),
    energy_exported: counter('Wh'),
    energy_reactive_import: counter('varh'),
    energy_reactive_export: counter('varh'),
    session_energy: counter('Wh'),
    session_id: text,
    session_duration: slowGauge('s', 0, 1e8),
    current_limit: slowGauge('A', 0, 500),
    current_offered: slowGauge('A', 0, 500),
    current_total: gauge('A', 0, 1500),
    power_offered: gauge('W', 0, maxPower),
    power_limit: powerLimit,
    min_current: slowGauge('A', 0, 500),
    max_current: slowGauge('A', 0, 500),
    phases_available: integer(1, 3),
    soc,
    id_tag: text,
    cable_locked: flag,
    connected: flag,
    error_code: text,
    status: state(
      'available',
      'preparing',
      'charging',
      'suspended_ev',
      'suspended_evse',
      'finishing',
      'reserved',
      'unavailable',
      'faulted',
      'unknown',
    ),
  },
  ev: {
    soc,
    power,
    charge_limit_soc: soc,
    connected: flag,
    energy_remaining: slowGauge('Wh', 0, 1e7),
    capacity_usable: slowGauge('Wh', 0, 1e7),
    status: state('driving', 'parked', 'charging', 'connected', 'unknown'),
  },
  meter: metered,
  grid: {
    ...metered,
    limit_consumption: powerLimit,
    limit_production: powerLimit,
    limit_state: state('unlimited', 'limited', 'failsafe', 'init', 'autonomous'),
  },
  heat_pump: {
    ...heating,
    cop: gauge('1', 0, 20),
    outside_temperature: celsius,
    room_temperature: celsius,
    sg_ready: state('lock', 'normal', 'recommend', 'force', 'unknown'),
    compressor: flag,
    min_runtime_left: slowGauge('s', 0, 86400),
  },
  heater: heating,
  load: {
    ...electrical,
    energy_consumed: counter('Wh'),
    on: flag,
    runtime_today: slowGauge('s', 0, 86400),
    starts_today: count(86400),
    status: state('off', 'standby', 'running', 'fault', 'unknown'),
  },
  generator: {
    ...electrical,
    energy_produced: counter('Wh'),
    fuel_level: slowGauge('%', 0, 100),
    running_hours: counter('h'),
    status: state('stopped', 'starting', 'running', 'cooldown', 'fault', 'unknown'),
  },
  wind: { ...producer, status: state('producing', 'idle', 'starting', 'standby', 'fault', 'off', 'unknown') },
  switch: digital,
  relay: digital,
  io: digital,
  thermal_storage: { temperature: celsius, energy_remaining: slowGauge('Wh', 0, 1e9), soc },
  weather: {
    irradiance: gauge('W/m2', 0, 2000),
    temperature: celsius,
    outside_temperature: celsius,
  },
  gateway: { status: state('ok', 'degraded', 'fault', 'unknown'), temperature: celsius },
};

export const deviceTypes = Object.keys(registry);

/** Vendor types and quantities start with x_ and are described by the device's meta alone. */
export const isVendorWord = (word: string): boolean => word.startsWith('x_');

/** @returns whether a text is a device type of the model */
export const isKnownType = (type: string): boolean => Object.hasOwn(registry, type);

/** @returns the quantity as the model defines it, or undefined where the model has no such thing. */
export const findQuantity = (type: string, quantity: string): Quantity | undefined => {
  const ofType = Object.hasOwn(registry, type) ? registry[type] : undefined;
  return ofType && Object.hasOwn(ofType, quantity) ? ofType[quantity] : undefined;
};

/** @returns the quantities of a device type by name */
export const quantitiesOf = (type: string): Readonly<Record<string, Quantity>> =>
  (Object.hasOwn(registry, type) ? registry[type] : undefined) ?? {};
