/** A SunSpec device as its driver is told of it. */
import type { DeviceDescription } from '../../driver.ts';
import type { Bus, ModbusDriverOptions } from '../../modbus/index.ts';
import type { DiscoveryNote } from '../discovery/discovery-notes.ts';
import type { RecordedDevice } from './device-record.ts';

/** A SunSpec device: its place on a bus, and what the integrator entered. */
export interface SunSpecDriverOptions extends RecordedDevice {
  /** Outlives the driver. */
  bus: Bus;
  /** Interval of the fast points, and of the polls. */
  intervalMs: number;
  /** Name of the device in the source of its readings. */
  name: string;
  /** Time before the first look at the device, so that many devices do not ask at once. */
  phaseMs?: number;
  settings?: ModbusDriverOptions['settings'];
  /** Points of the integrator that the device does not have, in words; told with each new profile. */
  onMissing?(points: string[]): void;
  /** @returns a note of the discovery in the language of this machine; by default in English */
  say?(note: DiscoveryNote): string;
}

/** A device of a profile that names points of models is told as a Modbus device. */
const protocolOf = ({ named }: SunSpecDriverOptions): string => (named ? 'modbus' : 'sunspec');

/** @returns a device that has not shown itself yet, or whose profile describes the rest */
export const describeUnprofiled = (options: SunSpecDriverOptions): DeviceDescription => {
  const protocol = protocolOf(options);
  return { protocol, source: `${protocol}/${options.name}`, channels: [], components: {} };
};

/**
 * @param onDisplaced called when the models of the device are not where they were
 * @returns what the drivers that poll its profiles are told
 */
export const modbusOptionsOf = (
  options: SunSpecDriverOptions,
  onDisplaced: () => void,
): Omit<ModbusDriverOptions, 'resolved' | 'toldBits'> => {
  const { bus, unit, intervalMs, name, settings = {} } = options;
  return { bus, unit, intervalMs, name, settings, protocol: protocolOf(options), onDisplaced };
};
