/** Model 1: who a simulated device is. */
import type { SimulatedModel } from './simulated-model.ts';

/** The device in the words of model 1. */
export interface DeviceIdentity {
  /** Md. */
  model: string;
  /** SN. */
  serial: string;
}

/** @returns model 1 of a simulated device */
export const commonModel = (unit: number, { model, serial }: DeviceIdentity): SimulatedModel => ({
  id: 1,
  measure: () => ({ Mn: 'EMS simulator', Md: model, Vr: '1.0', SN: serial, DA: unit }),
});
