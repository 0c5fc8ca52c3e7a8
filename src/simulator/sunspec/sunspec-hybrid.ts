/** The hybrid inverter of the house in models 103, 120 to 124 and 160, as most hybrids of the field are. */
import { stricterBattery, stricterInverter } from './house-orders.ts';
import { immediateControls, readImmediateControls } from './immediate-controls.ts';
import { inverterModel, statusModel } from './inverter-model.ts';
import { mpptModel } from './mppt-model.ts';
import { nameplateModel, settingsModel } from './nameplate-models.ts';
import { readStorageControls, storageControls } from './storage-controls.ts';
import type { SunSpecDeviceKind } from './sunspec-device.ts';

/** The hybrid inverter as unit 1. */
export const sunSpecHybrid: SunSpecDeviceKind = {
  unit: 1,
  identity: { model: 'Hybrid 10', serial: 'SIM-HYBRID' },
  models: [inverterModel, nameplateModel, settingsModel, statusModel, immediateControls, storageControls, mpptModel],
  order(setting, controls, state) {
    controls.inverter = stricterInverter(controls.inverter, readImmediateControls(setting, state));
    controls.hybrid = stricterBattery(controls.hybrid, readStorageControls(setting, state));
  },
};
