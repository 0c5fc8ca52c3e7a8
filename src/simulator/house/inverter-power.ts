/** The hybrid inverter of the house between its DC and its AC side: losses, orders at the AC terminal, reactive power. */
import { clamp } from '../../common/clamp.ts';
import type { BatteryOrder } from './battery.ts';

/** Reactive power that was asked for. The inverter supplies var where the sign is positive, and draws it otherwise. */
export type ReactiveOrder =
  | { kind: 'none' }
  /** Share of the active power in the apparent power, 0 to 1, with the sign of the reactive power. */
  | { kind: 'power_factor'; cos: number }
  | { kind: 'fixed'; var: number };

/** The order that an EMS has given for the AC terminal of the inverter. */
export interface InverterOrder {
  /** An inverter that is not connected gives and takes nothing. */
  isConnected: boolean;
  /** Highest power into the house, W. */
  maxW: number;
  /** Power that roof and battery bring about together, W; positive feeds the house; undefined: no order. */
  setW: number | undefined;
  reactive: ReactiveOrder;
}

/** Apparent power of the inverter, VA. */
export const ratedVa = 10_000;
/** Share that is lost between the DC and the AC side. */
export const inverterLoss = 0.03;
/** Power that the inverter needs for itself, W. */
const ownW = 25;

/** The order of an inverter that no EMS has told anything. */
export const freeInverter = (): InverterOrder => ({
  isConnected: true,
  maxW: Number.POSITIVE_INFINITY,
  setW: undefined,
  reactive: { kind: 'none' },
});

/** @returns AC power of a DC power, W */
export const acPower = (dcW: number): number => dcW * (dcW >= 0 ? 1 - inverterLoss : 1 + inverterLoss) - ownW;

/** @returns DC power of an AC power, W */
const dcPower = (acW: number): number => (acW + ownW) / (acW + ownW >= 0 ? 1 - inverterLoss : 1 + inverterLoss);

/** @returns the highest DC power of roof and battery together that an order allows, W */
export const highestDc = ({ maxW, setW }: InverterOrder): number => dcPower(Math.min(maxW, setW ?? maxW));

/**
 * Fits the order of the battery into that of the inverter.
 * @param availableW power that the roof could give, W
 */
export const batteryWithin = (inverter: InverterOrder, battery: BatteryOrder, availableW: number): BatteryOrder => {
  const highestW = highestDc(inverter);
  if (inverter.setW !== undefined) return { ...battery, forcedW: highestW - availableW };
  return { ...battery, maxDischargeW: Math.min(battery.maxDischargeW, Math.max(0, highestW)) };
};

/** @returns reactive power that the inverter supplies beside its active power, var */
export const reactivePower = ({ reactive }: InverterOrder, acW: number): number => {
  const most = Math.sqrt(Math.max(0, ratedVa ** 2 - acW ** 2));
  switch (reactive.kind) {
    case 'none':
      return 0;
    case 'power_factor':
      return clamp(Math.sign(reactive.cos) * Math.abs(acW) * Math.tan(Math.acos(Math.abs(reactive.cos))), -most, most);
    case 'fixed':
      return clamp(reactive.var, -most, most);
  }
};
