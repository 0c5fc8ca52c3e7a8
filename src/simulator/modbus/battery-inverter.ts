/** An SMA Sunny Boy Storage: a battery inverter on the AC side of the house. */
import type { ResolvedProfile } from '../../drivers/modbus/index.ts';
import type { Clock } from '../../model/time.ts';
import type { HouseState } from '../house/house-state.ts';
import { batteryMode, type DeviceControl, type PointValues, SimulatedDevice } from './simulated-device.ts';

/** Highest power in both directions, W. */
const ratedW = 3700;
/** Values of the point battery.op_mode in the profile. */
const operatingMode = { auto: 2424, charge: 2289, discharge: 2290 };

const measure = ({ storage }: HouseState): PointValues => ({
  'ac.power': storage.powerW,
  'energy.total_out': storage.dischargedWh,
  'battery.soc': storage.soc,
});

const createControl = (clock: Clock, watchdogS: number): DeviceControl => {
  /** Monotonic ms. */
  let writtenAt = clock.monotonic();
  return {
    battery: 'storage',
    initial: {
      'battery.op_mode': operatingMode.auto,
      'battery.charge_min_w': 0,
      'battery.charge_max_w': ratedW,
      'battery.discharge_min_w': 0,
      'battery.discharge_max_w': ratedW,
      'battery.grid_setpoint_w': 0,
    },
    onWritten() {
      writtenAt = clock.monotonic();
    },
    isWatchdogExpired: () => clock.monotonic() - writtenAt > watchdogS * 1000,
    readOrder(written) {
      const maxChargeW = written('battery.charge_max_w');
      const maxDischargeW = written('battery.discharge_max_w');
      const byMode: Record<number, number> = {
        [operatingMode.charge]: -written('battery.charge_min_w'),
        [operatingMode.discharge]: written('battery.discharge_min_w'),
      };
      const forcedW = maxChargeW === 0 && maxDischargeW === 0 ? 0 : byMode[written('battery.op_mode')];
      return { mode: batteryMode(forcedW), order: { forcedW, maxChargeW, maxDischargeW } };
    },
  };
};

/** @param watchdogS time without a write after which the inverter goes back to its own control, s */
export const createBatteryInverter = (profile: ResolvedProfile, clock: Clock, watchdogS: number): SimulatedDevice =>
  new SimulatedDevice(profile, { unit: 3, measure, control: createControl(clock, watchdogS) });
