/** A battery with its inverter: how it follows a set power, and what its state of charge allows. */
import { clamp } from '../../common/clamp.ts';

/** The state of a battery. */
export interface BatteryState {
  /** W; positive discharges. */
  powerW: number;
  /** State of charge, 0 to 100 %. */
  soc: number;
  capacityWh: number;
  /** Highest power in both directions, W. */
  maxPowerW: number;
  /** Energy taken in since it was built, Wh. */
  chargedWh: number;
  /** Energy given out since it was built, Wh. */
  dischargedWh: number;
}

/** The limits and the power that an EMS has set on a battery, W. */
export interface BatteryOrder {
  /** Positive discharges, negative charges; undefined: the battery keeps the grid at zero by itself. */
  forcedW: number | undefined;
  maxChargeW: number;
  maxDischargeW: number;
}

/** The order of a battery that no EMS has told anything. */
export const ownControl = (): BatteryOrder => ({
  forcedW: undefined,
  maxChargeW: Number.POSITIVE_INFINITY,
  maxDischargeW: Number.POSITIVE_INFINITY,
});

/** Share of the energy that survives the way in, and again the way out. */
const efficiency = 0.95;
/** Share of the distance to a new set power that power electronics cover in a second. */
const followPerS = 0.5;
/** Below this state of charge a battery gives nothing, %. */
const emptySoc = 5;
/** Charging power falls to zero over the last part of the state of charge, %. */
const taperSoc = 5;

/** @returns the power of both directions that the state of charge and the order leave, W */
const limitPower = (battery: BatteryState, wantedW: number, { maxChargeW, maxDischargeW }: BatteryOrder): number => {
  const charge = battery.maxPowerW * clamp((100 - battery.soc) / taperSoc, 0, 1);
  const discharge = battery.soc <= emptySoc ? 0 : battery.maxPowerW;
  return clamp(wantedW, -Math.min(charge, maxChargeW), Math.min(discharge, maxDischargeW));
};

/** @param dischargedWh energy that the battery has given out before the simulation begins */
export const createBattery = (
  capacityWh: number,
  maxPowerW: number,
  { soc, dischargedWh }: { soc: number; dischargedWh: number },
): BatteryState => ({ powerW: 0, soc, capacityWh, maxPowerW, chargedWh: dischargedWh * 1.08, dischargedWh });

/**
 * Lets time pass for a battery; its state is changed in place.
 * @param order set by an EMS
 * @param wantedW the power that would bring the grid to zero; positive discharges
 */
export const stepBattery = (battery: BatteryState, order: BatteryOrder, wantedW: number, seconds: number): void => {
  const target = limitPower(battery, order.forcedW ?? wantedW, order);
  battery.powerW += (target - battery.powerW) * (1 - (1 - followPerS) ** seconds);
  const wh = (battery.powerW * seconds) / 3600;
  if (wh >= 0) battery.dischargedWh += wh;
  else battery.chargedWh -= wh;
  const storedWh = wh >= 0 ? -wh / efficiency : -wh * efficiency;
  battery.soc = clamp(battery.soc + (storedWh / battery.capacityWh) * 100, 0, 100);
};
