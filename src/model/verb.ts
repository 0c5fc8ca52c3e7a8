/** A command of the model: its kind, its parameters, and how long its effect may last. */
import type { Unit } from './units.ts';

export interface Parameter {
  value: 'number' | 'boolean' | 'word' | 'list';
  /** Present where the value is a number. */
  unit?: Unit;
  min?: number;
  max?: number;
  members?: readonly string[];
  isOptional?: boolean;
}

/**
 * setpoint: competes for its actuator, the strongest wins. limit: intersects with all others. config: kept by the
 * device, without a lease. action: done once, and over; nothing takes its place. release: ends the requester's own
 * leases.
 */
export type VerbKind = 'setpoint' | 'limit' | 'config' | 'action' | 'release';

export interface Verb {
  kind: VerbKind;
  params: Readonly<Record<string, Parameter>>;
  /** Longest lease, s. */
  maxLeaseS: number;
}

/** Shortest and longest time an effect may be asked for, s. */
export const leaseRange = { minS: 10, maxS: 3600 } as const;

/** Largest power that anybody may ask for, W. */
export const maxPower = 1e7;
/** A power, W. */
export const watts: Parameter = { value: 'number', unit: 'W', min: 0, max: maxPower };
/** A share, %. */
export const percent: Parameter = { value: 'number', unit: '%', min: 0, max: 100 };
/** @returns a parameter that may be left out */
export const optional = (parameter: Parameter): Parameter => ({ ...parameter, isOptional: true });

/** @param maxLeaseS longest lease, s @returns a command */
export const verb = (
  kind: VerbKind,
  params: Record<string, Parameter> = {},
  maxLeaseS: number = leaseRange.maxS,
): Verb => ({
  kind,
  params,
  maxLeaseS,
});
