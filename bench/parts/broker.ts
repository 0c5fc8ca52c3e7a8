/** The broker of a benchmark, outside of the measured process: mosquitto where it is installed, else the embedded one. */
import { findProgram, startMosquitto } from '../../test/support/mosquitto.ts';
import { type Peer, startPart } from './children.ts';

export const startBroker = async (): Promise<Peer & { name: string }> => {
  if (!findProgram('mosquitto')) return { name: 'the embedded broker', ...(await startPart('embedded.ts')) };
  const { port, close } = await startMosquitto();
  return { name: 'mosquitto', port, stop: close };
};
