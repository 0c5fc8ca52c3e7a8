/**
 * Values that cannot be: kilowatts called watts, kilowatt-hours called watt-hours, registers that jump or drop. Nothing is put
 * right by guessing: what contradicts other values is not told, and why is said once.
 */
import type { Reason } from '../../../model/common.ts';
import type { SampledValue } from '../messages.ts';
import { jitter, mostPowerW, mostRise } from './energy-register.ts';

/**
 * Measured values of one EVSE, with which the next values are compared. NaN: not known. Times are ms since 1970.
 * Thousands of them are at work: a record, and no function of its own.
 */
export interface Plausibility {
  /** Apparent power by the currents, VA. */
  apparentVa: number;
  apparentAt: number;
  /** Voltage of a phase, V. */
  voltage: number;
  powerW: number;
  powerAt: number;
  registerWh: number;
  registerAt: number;
  /** Too far above the register to be believed, until another one stands there too. */
  jumpedWh: number;
  jumpedAt: number;
  /** Below the register, and not confirmed. */
  fallenWh: number;
  /** Register at the last comparison of energy with power, and what power has made of it since. */
  comparedWh: number;
  sinceWh: number;
  suspectPower: string | undefined;
  suspectEnergy: string | undefined;
}

/** Off by a thousand, give or take: nothing else is this far off. */
const farOff = 300;
/** Below this, rounding and standby power make ratios worthless. */
const leastVa = 500;
const leastWh = 500;
/** Currents of one sample are compared with the power of another this close, ms. */
const togetherMs = 30_000;
const hourMs = 3_600_000;
const usualVoltage = 230;

const isPhase = (part: string | undefined): boolean => part === 'l1' || part === 'l2' || part === 'l3';

/** @returns 1000 or 0.001 where a value is that far from what it should be */
const factorOff = (ratio: number): number | undefined => {
  if (ratio > farOff) return 0.001;
  return ratio < 1 / farOff ? 1000 : undefined;
};

const suspicionOf = (what: string, factor: number | undefined): string | undefined =>
  factor === undefined ? undefined : `its ${what} seems to be off: the factor ${factor} would put it right`;

/** The state before the first value. */
export const createPlausibility = (): Plausibility => ({
  apparentVa: Number.NaN,
  apparentAt: Number.NaN,
  voltage: usualVoltage,
  powerW: Number.NaN,
  powerAt: Number.NaN,
  registerWh: Number.NaN,
  registerAt: Number.NaN,
  jumpedWh: Number.NaN,
  jumpedAt: Number.NaN,
  fallenWh: Number.NaN,
  comparedWh: Number.NaN,
  sinceWh: 0,
  suspectPower: undefined,
  suspectEnergy: undefined,
});

/** Notes the values of one time before each of them is checked. @param at ms since 1970 */
export const noteTogether = (gate: Plausibility, sampledValues: SampledValue[], at: number): void => {
  let [volts, voltages, amperes, currents] = [0, 0, 0, 0];
  for (const { quantity, part, value } of sampledValues) {
    if (!isPhase(part)) continue;
    if (quantity === 'voltage') [volts, voltages] = [volts + value, voltages + 1];
    if (quantity === 'current') [amperes, currents] = [amperes + Math.abs(value), currents + 1];
  }
  if (voltages > 0) gate.voltage = volts / voltages;
  if (currents === 0) return;
  gate.apparentVa = amperes * gate.voltage;
  gate.apparentAt = at;
};

const checkPower = (gate: Plausibility, value: number, at: number): Reason | undefined => {
  if (Math.abs(value) > mostPowerW) return 'out_of_range';
  const { apparentVa, apparentAt } = gate;
  const isComparable = Math.abs(at - apparentAt) <= togetherMs && apparentVa >= leastVa;
  if (!isComparable || value === 0) return undefined;
  const factor = factorOff(Math.abs(value) / apparentVa);
  gate.suspectPower = suspicionOf('power', factor);
  return factor === undefined ? undefined : 'unit_unknown';
};

const notePower = (gate: Plausibility, watts: number, at: number): void => {
  if (at > gate.powerAt) gate.sinceWh += (gate.powerW * (at - gate.powerAt)) / hourMs;
  gate.powerW = watts;
  gate.powerAt = at;
};

const compareFrom = (gate: Plausibility, wh: number): void => {
  gate.comparedWh = wh;
  gate.sinceWh = 0;
};

const compareEnergy = (gate: Plausibility, wh: number): void => {
  if (Number.isNaN(gate.comparedWh)) compareFrom(gate, wh);
  if (gate.sinceWh < leastWh) return;
  gate.suspectEnergy = suspicionOf('energy', factorOff((wh - gate.comparedWh) / gate.sinceWh));
  compareFrom(gate, wh);
};

/** A register that begins anew says so twice; one that drops out says 0, and goes on where it was. */
const isDropout = (gate: Plausibility, wh: number): boolean => {
  const { registerWh, fallenWh } = gate;
  const hasFallen = registerWh - wh > jitter(registerWh);
  const isConfirmed = wh >= fallenWh && wh > 0;
  const isOut = hasFallen && !isConfirmed;
  gate.fallenWh = isOut ? wh : Number.NaN;
  return isOut;
};

/** Too much for the time that has passed, until another one stands there too. */
const isJump = (gate: Plausibility, wh: number, at: number): boolean => {
  const { registerWh, registerAt, jumpedWh, jumpedAt } = gate;
  const isAgain = wh >= jumpedWh;
  const [fromWh, fromAt] = isAgain ? [jumpedWh, jumpedAt] : [registerWh, registerAt];
  const isTooMuch = wh - fromWh > mostRise(at - fromAt);
  // Once is a spike; what rises like that on and on is in another unit.
  if (isTooMuch && isAgain) gate.suspectEnergy = suspicionOf('energy', 0.001);
  gate.jumpedWh = isTooMuch ? wh : Number.NaN;
  gate.jumpedAt = at;
  // There it stands from now on.
  if (isAgain && !isTooMuch) compareFrom(gate, Number.NaN);
  return isTooMuch;
};

const checkEnergy = (gate: Plausibility, wh: number, at: number): Reason | undefined => {
  if (isDropout(gate, wh) || isJump(gate, wh, at)) return 'spike';
  if (wh < gate.registerWh) compareFrom(gate, Number.NaN);
  gate.registerWh = wh;
  gate.registerAt = at;
  compareEnergy(gate, wh);
  return undefined;
};

/** @returns why it cannot be; undefined: it is believed */
export const checkPlausibility = (
  gate: Plausibility,
  { quantity, part, value }: SampledValue,
  at: number,
): Reason | undefined => {
  if (!Number.isFinite(value)) return 'out_of_range';
  if (part !== undefined) return undefined;
  if (quantity === 'energy_imported') return checkEnergy(gate, value, at);
  if (quantity !== 'power') return undefined;
  const reason = checkPower(gate, value, at);
  if (reason === undefined) notePower(gate, value, at);
  return reason;
};

/** The suspected mistake in the units, in words; undefined: none. */
export const suspicion = ({ suspectEnergy, suspectPower }: Plausibility): string | undefined =>
  suspectEnergy ?? suspectPower;
