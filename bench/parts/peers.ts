/** Processes beside the one that is measured: its devices and its broker. */

import { type ForkedProcess, startForkedProcess } from '../../test/support/forked-process.ts';
import { findProgram, startMosquitto } from '../../test/support/mqtt/mosquitto.ts';
import { startLocalBroker } from '../../test/support/node-red/killable-site.ts';

export const startDevice = (): Promise<ForkedProcess> => startForkedProcess(new URL('device.ts', import.meta.url));

/** mosquitto where it is installed, else the embedded broker. */
export const startBroker = async (): Promise<ForkedProcess & { name: string }> =>
  findProgram('mosquitto')
    ? { name: 'mosquitto', ...(await startMosquitto()) }
    : { name: 'the embedded broker', ...(await startLocalBroker()) };
