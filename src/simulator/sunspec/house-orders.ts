/** Orders of several faces of one device: the stricter one holds, wherever it comes from. */
import type { BatteryOrder } from '../house/battery.ts';
import type { InverterOrder } from '../house/inverter-power.ts';

/** @returns both orders of an inverter in one; where both name a power, the second one holds */
export const stricterInverter = (first: InverterOrder, second: InverterOrder): InverterOrder => ({
  isConnected: first.isConnected && second.isConnected,
  maxW: Math.min(first.maxW, second.maxW),
  setW: second.setW ?? first.setW,
  reactive: second.reactive.kind === 'none' ? first.reactive : second.reactive,
});

/** @returns both orders of a battery in one; where both name a power, the second one holds */
export const stricterBattery = (first: BatteryOrder, second: BatteryOrder): BatteryOrder => ({
  forcedW: second.forcedW ?? first.forcedW,
  maxChargeW: Math.min(first.maxChargeW, second.maxChargeW),
  maxDischargeW: Math.min(first.maxDischargeW, second.maxDischargeW),
});
