/**
 * The fields that nodes of polled devices share: who the device is, where it stands in its site, and what its node sends.
 */
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import type { BridgeOptions } from '../bridge/bridge.ts';
import { choiceOf, placementFields } from '../model/limits.ts';
import { roles } from '../model/meta.ts';
import {
  choiceField,
  flagField,
  idField,
  listField,
  nodeReference,
  optionalId,
  optionalNumberField,
  textField,
} from './config.ts';
import { gatewayName } from './gateway.ts';

/** Config fields of a device on a Modbus connection, whatever describes its registers. */
export const bridgeFields = {
  client: nodeReference('the Modbus client'),
  site: nodeReference('the site'),
  device: idField('the device id'),
  name: textField(),
  role: choiceField(choiceOf(['', ...roles])),
  coupling: choiceField(placementFields.coupling),
  behind: optionalId('the inverter'),
  parent: optionalId('the meter above'),
  phase: choiceField(placementFields.phase),
  /** Usable energy of the battery, kWh, if the device does not tell it. */
  capacity: optionalNumberField(placementFields.capacity),
  reversed: flagField(false),
  billing: flagField(false),
  single: flagField(false),
  /** Requesters that may claim priorities from 90 on, separated by commas. */
  trusted: listField(/,/),
  cycles: flagField(false),
};

const bridgeSchema = z.object(bridgeFields);
type BridgeConfig = z.output<typeof bridgeSchema>;

/** The part of the options of a bridge that its node takes from the form. */
interface ConfiguredBridge extends Pick<BridgeOptions, 'placement' | 'trusted' | 'reportsCycles'> {
  isSingle: boolean;
}

/** @param site id of the site in topics */
export const bridgeOptionsOf = (config: BridgeConfig, site: string): ConfiguredBridge => {
  const { device, name, role, coupling, behind, parent, phase, capacity } = config;
  return {
    isSingle: config.single,
    reportsCycles: config.cycles,
    trusted: config.trusted,
    placement: {
      device,
      name,
      site,
      gateway: gatewayName(),
      ...(role === '' ? {} : { role }),
      ...(coupling === '' ? {} : { coupling }),
      ...(behind === '' ? {} : { behind }),
      ...(parent === '' ? {} : { parent }),
      ...(phase === '' ? {} : { phase }),
      ...(capacity === undefined ? {} : { usableEnergyWh: capacity * 1000 }),
      isReversed: config.reversed,
      isBilling: config.billing,
    },
  };
};

/** Time between the first polls of two devices, ms: a prime number, so that many devices fill any interval evenly. */
const phaseStepMs = 23;
/** Devices started so far: each begins at another moment of its interval, so that they do not all ask at once. */
let started = 0;

/** @returns the time before the first poll of the next device, ms */
export const nextPhaseMs = (intervalMs: number): number => (started++ * phaseStepMs) % intervalMs;

/** @returns the folder in the user directory where integrators keep files of their own: "profiles" */
export const ownFolder = (RED: NodeAPI, name: string): string => join(RED.settings.userDir ?? '.', 'ems', name);
