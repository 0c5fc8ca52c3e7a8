/**
 * Values that cannot be: kilowatts called watts, kilowatt-hours called watt-hours, registers that jump or drop. Nothing is put
 * right by guessing: what contradicts other values is not told, and why is said once.
 */
import type { Reason } from '../../../model/common.ts';
import type { Measure } from '../words.ts';
import { jitter } from './register.ts';

export interface Gate {
  /** What is measured at one time, before each of it is judged. @param at ms since 1970 */
  note(measures: Measure[], at: number): void;
  /** @returns why it cannot be; undefined: it is believed */
  judge(measure: Measure, at: number): Reason | undefined;
  /** What seems to be wrong with its units, in words. */
  suspicion(): string | undefined;
}

/** No charger of one EVSE has more, W. */
const mostPowerW = 1_000_000;
/** Off by a thousand, give or take: nothing else is this far off. */
const farOff = 300;
/** Below this, rounding and standby power make ratios worthless. */
const leastVa = 500;
const leastWh = 500;
/** Currents of one sample are compared with the power of another this close, ms. */
const togetherMs = 30_000;
const hourMs = 3_600_000;
const usualVoltage = 230;
/** A register may rise by this much at once, Wh. */
const leastJumpWh = 1000;

const isPhase = (part: string | undefined): boolean => part === 'l1' || part === 'l2' || part === 'l3';

/** @returns 1000 or 0.001 where a value is that far from what it should be */
const factorOff = (ratio: number): number | undefined => {
  if (ratio > farOff) return 0.001;
  return ratio < 1 / farOff ? 1000 : undefined;
};

const suspicionOf = (what: string, factor: number | undefined): string | undefined =>
  factor === undefined ? undefined : `its ${what} seems to be off: the factor ${factor} would put it right`;

export const createGate = (): Gate => {
  let apparent: { va: number; at: number } | undefined;
  let voltage = usualVoltage;
  let power: { w: number; at: number } | undefined;
  let register: { wh: number; at: number } | undefined;
  let jumped: { wh: number; at: number } | undefined;
  /** Below the register, and not confirmed. */
  let fallen: number | undefined;
  /** Since the last comparison of energy with power. */
  let since: { wh: number; integral: number } | undefined;
  let suspectPower: string | undefined;
  let suspectEnergy: string | undefined;

  const note = (measures: Measure[], at: number): void => {
    let [volts, voltages, amperes, currents] = [0, 0, 0, 0];
    for (const { quantity, part, value } of measures) {
      if (!isPhase(part)) continue;
      if (quantity === 'voltage') [volts, voltages] = [volts + value, voltages + 1];
      if (quantity === 'current') [amperes, currents] = [amperes + Math.abs(value), currents + 1];
    }
    if (voltages > 0) voltage = volts / voltages;
    if (currents > 0) apparent = { va: amperes * voltage, at };
  };

  const judgePower = (value: number, at: number): Reason | undefined => {
    if (Math.abs(value) > mostPowerW) return 'out_of_range';
    if (!apparent || Math.abs(at - apparent.at) > togetherMs || apparent.va < leastVa || value === 0) return undefined;
    const factor = factorOff(Math.abs(value) / apparent.va);
    suspectPower = suspicionOf('power', factor);
    return factor === undefined ? undefined : 'unit_unknown';
  };

  const notePower = (w: number, at: number): void => {
    if (since && power && at > power.at) since.integral += (power.w * (at - power.at)) / hourMs;
    power = { w, at };
  };

  const compare = (wh: number): void => {
    since ??= { wh, integral: 0 };
    if (since.integral < leastWh) return;
    const risen = wh - since.wh;
    suspectEnergy = suspicionOf('energy', factorOff(risen / since.integral));
    since = { wh, integral: 0 };
  };

  /** A register that begins anew says so twice; one that drops out says 0, and goes on where it was. */
  const isDropout = (wh: number): boolean => {
    const hasFallen = register !== undefined && register.wh - wh > jitter(register.wh);
    const isConfirmed = fallen !== undefined && wh >= fallen && wh > 0;
    fallen = hasFallen && !isConfirmed ? wh : undefined;
    return fallen !== undefined;
  };

  const judgeEnergy = (wh: number, at: number): Reason | undefined => {
    if (isDropout(wh)) return 'spike';
    const from = jumped && wh >= jumped.wh ? jumped : register;
    const possible = from ? leastJumpWh + (mostPowerW * Math.max(0, at - from.at)) / hourMs : Number.POSITIVE_INFINITY;
    if (from && wh - from.wh > possible) {
      jumped = { wh, at };
      return 'spike';
    }
    if (from === jumped || (register && wh < register.wh)) since = undefined;
    jumped = undefined;
    register = { wh, at };
    compare(wh);
    return undefined;
  };

  const judge = ({ quantity, part, value }: Measure, at: number): Reason | undefined => {
    if (!Number.isFinite(value)) return 'out_of_range';
    if (quantity === 'power') {
      const reason = part === undefined ? judgePower(value, at) : undefined;
      if (part === undefined && reason === undefined) notePower(value, at);
      return reason;
    }
    if (quantity === 'energy_imported' && part === undefined) return judgeEnergy(value, at);
    return undefined;
  };

  return {
    note,
    judge,
    suspicion: () => suspectEnergy ?? suspectPower,
  };
};
