/** The hybrid inverter of the house in models 701 to 704 and 713 to 715, as inverters after IEEE 1547-2018 are. */

import { derCapacity, storageCapacity } from './der-capacity.ts';
import { derControls, readDerControls, readStorageRates } from './der-controls.ts';
import { acMeasurement, dcMeasurement } from './der-measurements.ts';
import { derControl, enterService, isInService } from './der-service.ts';
import { stricterBattery, stricterInverter } from './house-orders.ts';
import type { SunSpecDeviceKind } from './sunspec-device.ts';

/** The hybrid inverter once more, as unit 2: it is the same device as unit 1, and a site counts one of the two. */
export const sunSpecDer: SunSpecDeviceKind = {
  unit: 2,
  identity: { model: 'Hybrid 10 DER', serial: 'SIM-DER' },
  models: [acMeasurement, derCapacity, enterService, derControls, storageCapacity, dcMeasurement, derControl],
  heartbeat: { model: 715, point: 'ControllerHb' },
  order(setting, controls, state) {
    const order = { ...readDerControls(setting, state), isConnected: isInService(setting) };
    controls.inverter = stricterInverter(controls.inverter, order);
    controls.hybrid = stricterBattery(controls.hybrid, readStorageRates(setting));
  },
};
