/** The end of a list of models: devices append models while they run. */
import { type Bus, ModbusFailure, valueAt } from '../../modbus/index.ts';
import { findChainChange, watchedHeaders } from '../discovery/chain-changes.ts';
import type { SunSpecDevice } from '../discovery/discovered-device.ts';

/**
 * Reads the end of the list of a device that is polled.
 * @returns whether a model begins there; false as well if the device does not answer
 */
export const hasGrown = async (bus: Bus, device: SunSpecDevice): Promise<boolean> => {
  const { end, unit } = device;
  const header = watchedHeaders(device).find(({ address }) => address === end.address);
  if (!header) return false;
  try {
    const data = await bus.read({ unit, table: 'holding', ...header });
    const change = findChainChange(device, (address) =>
      address === end.address ? valueAt(data, 'holding', 0) : undefined,
    );
    return change?.kind === 'grown';
  } catch (error) {
    if (error instanceof ModbusFailure) return false;
    throw error;
  }
};
