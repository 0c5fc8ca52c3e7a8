/**
 * Values that cannot be: kilowatts called watts, kilowatt-hours called watt-hours, registers that jump or drop. Nothing is put
 * right by guessing: what contradicts other values is not told, and why is said once.
 */
import type { Reason } from '../../../model/common.ts';
import type { SampledValue } from '../messages.ts';
import { jitter, mostPowerW, mostRise } from './session-energy.ts';

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

/** The measured values of one EVSE, with which the next ones are compared. NaN: not known. Times are ms since 1970. */
export class Plausibility {
  /** The last reading of the register that was believed. */
  registerWh = Number.NaN;
  registerAt = Number.NaN;
  /** The register contradicts the power, in words. */
  suspectEnergy: string | undefined;
  private suspectPower: string | undefined;
  /** Apparent power by the currents, VA. */
  private apparentVa = Number.NaN;
  private apparentAt = Number.NaN;
  /** Voltage of a phase, V. */
  private voltage = usualVoltage;
  private powerW = Number.NaN;
  private powerAt = Number.NaN;
  /** Too far above the register to be believed, until another one stands there too. */
  private jumpedWh = Number.NaN;
  private jumpedAt = Number.NaN;
  /** Below the register, and not confirmed. */
  private fallenWh = Number.NaN;
  /** Register at the last comparison of energy with power, and what power has made of it since. */
  private comparedWh = Number.NaN;
  private sinceWh = 0;

  /** The suspected mistake in the units, in words; undefined: none. */
  get suspicion(): string | undefined {
    return this.suspectEnergy ?? this.suspectPower;
  }

  /** Notes the values of one time before each of them is checked. @param at ms since 1970 */
  noteTogether(sampledValues: SampledValue[], at: number): void {
    let [volts, voltages, amperes, currents] = [0, 0, 0, 0];
    for (const { quantity, part, value } of sampledValues) {
      if (!isPhase(part)) continue;
      if (quantity === 'voltage') [volts, voltages] = [volts + value, voltages + 1];
      if (quantity === 'current') [amperes, currents] = [amperes + Math.abs(value), currents + 1];
    }
    if (voltages > 0) this.voltage = volts / voltages;
    if (currents === 0) return;
    this.apparentVa = amperes * this.voltage;
    this.apparentAt = at;
  }

  /** @returns why the value cannot be; undefined: the value is believed */
  check({ quantity, part, value }: SampledValue, at: number): Reason | undefined {
    if (!Number.isFinite(value)) return 'out_of_range';
    if (part !== undefined) return undefined;
    if (quantity === 'energy_imported') return this.checkEnergy(value, at);
    if (quantity !== 'power') return undefined;
    const reason = this.checkPower(value, at);
    if (reason === undefined) this.notePower(value, at);
    return reason;
  }

  private checkPower(value: number, at: number): Reason | undefined {
    if (Math.abs(value) > mostPowerW) return 'out_of_range';
    const { apparentVa, apparentAt } = this;
    const isComparable = Math.abs(at - apparentAt) <= togetherMs && apparentVa >= leastVa;
    if (!isComparable || value === 0) return undefined;
    const factor = factorOff(Math.abs(value) / apparentVa);
    this.suspectPower = suspicionOf('power', factor);
    return factor === undefined ? undefined : 'unit_unknown';
  }

  private notePower(watts: number, at: number): void {
    if (at > this.powerAt) this.sinceWh += (this.powerW * (at - this.powerAt)) / hourMs;
    this.powerW = watts;
    this.powerAt = at;
  }

  private checkEnergy(wh: number, at: number): Reason | undefined {
    if (this.isDropout(wh) || this.isJump(wh, at)) return 'spike';
    if (wh < this.registerWh) this.compareFrom(Number.NaN);
    this.registerWh = wh;
    this.registerAt = at;
    this.compareEnergy(wh);
    return undefined;
  }

  /** A register that begins anew says so twice; one that drops out says 0, and goes on where it was. */
  private isDropout(wh: number): boolean {
    const { registerWh, fallenWh } = this;
    const hasFallen = registerWh - wh > jitter(registerWh);
    const isConfirmed = wh >= fallenWh && wh > 0;
    const isOut = hasFallen && !isConfirmed;
    this.fallenWh = isOut ? wh : Number.NaN;
    return isOut;
  }

  /** Too much for the time that has passed, until another one stands there too. */
  private isJump(wh: number, at: number): boolean {
    const { registerWh, registerAt, jumpedWh, jumpedAt } = this;
    const isAgain = wh >= jumpedWh;
    const [fromWh, fromAt] = isAgain ? [jumpedWh, jumpedAt] : [registerWh, registerAt];
    const isTooMuch = wh - fromWh > mostRise(at - fromAt);
    // Once is a spike; what rises like that on and on is in another unit.
    if (isTooMuch && isAgain) this.suspectEnergy = suspicionOf('energy', 0.001);
    this.jumpedWh = isTooMuch ? wh : Number.NaN;
    this.jumpedAt = at;
    // There it stands from now on.
    if (isAgain && !isTooMuch) this.compareFrom(Number.NaN);
    return isTooMuch;
  }

  private compareEnergy(wh: number): void {
    if (Number.isNaN(this.comparedWh)) this.compareFrom(wh);
    if (this.sinceWh < leastWh) return;
    this.suspectEnergy = suspicionOf('energy', factorOff((wh - this.comparedWh) / this.sinceWh));
    this.compareFrom(wh);
  }

  private compareFrom(wh: number): void {
    this.comparedWh = wh;
    this.sinceWh = 0;
  }
}
