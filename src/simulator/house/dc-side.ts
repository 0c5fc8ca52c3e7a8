/** Voltages on the DC side of the inverters of the house, which their devices measure. */
import type { BatteryState } from './battery.ts';
import type { HouseState } from './house-state.ts';

/** Voltages of the two strings in operation, V. */
const stringVoltages = [612, 540] as const;
/** Below this power a string has no voltage, W. */
const leastStringW = 20;

/** Voltage, current and power of a string. */
export interface StringValues {
  voltageV: number;
  currentA: number;
  powerW: number;
}

/** @returns the two strings on the hybrid inverter */
export const measureStrings = ({ stringsW }: HouseState): [StringValues, StringValues] => {
  const measure = (i: 0 | 1): StringValues => {
    const powerW = stringsW[i];
    const isOn = powerW > leastStringW;
    return { powerW, voltageV: isOn ? stringVoltages[i] : 0, currentA: isOn ? powerW / stringVoltages[i] : 0 };
  };
  return [measure(0), measure(1)];
};

/** @returns voltage of the battery on the DC side of the hybrid inverter, V */
export const hybridBatteryVoltage = ({ soc }: BatteryState): number => 205 + soc * 0.3;

/** @returns voltage of the battery of the storage, V */
export const storageVoltage = ({ soc }: BatteryState): number => 340 + soc * 0.4;
