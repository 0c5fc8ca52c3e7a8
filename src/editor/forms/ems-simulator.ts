/** The form of the simulated house. */
import { defaultOcppServer, simulatorFields, thisMachine } from '../../model/limits.ts';
import { numberField, optionalNumberField, textField } from '../field.ts';
import type { NodeForm } from '../form.ts';
import { addListenAddress } from '../parts/listen-address.ts';

export const simulatorForm: NodeForm = {
  fields: {
    name: textField(),
    gridPort: numberField(simulatorFields.gridPort),
    hybridPort: numberField(simulatorFields.hybridPort),
    storagePort: numberField(simulatorFields.storagePort),
    sunspecPort: optionalNumberField(simulatorFields.sunspecPort),
    startHour: numberField(simulatorFields.startHour),
    speed: numberField(simulatorFields.speed),
    every: numberField(simulatorFields.every),
    host: textField(thisMachine),
    wallboxes: numberField(simulatorFields.wallboxes),
    ocpp: textField(defaultOcppServer),
    watchdog: numberField(simulatorFields.watchdog),
    seed: numberField(simulatorFields.seed),
  },
  open(node) {
    addListenAddress(node);
    return undefined;
  },
};
