/** A charging station as the bridge describes it on MQTT. */
import type { Channel, DeviceDescription } from '../../driver.ts';
import { phaseRotations } from '../codec/limits.ts';
import type { Version } from '../words.ts';
import type { Facts } from './memory.ts';
import type { PhaseRotation } from './rotation.ts';

export interface DescribedStation {
  /** Of the device. */
  name: string;
  /** Unknown before it first dialled in. */
  version: Version | undefined;
  boot: Facts['boot'];
  channels: Channel[];
  phases: 1 | 2 | 3;
  /** Absent: L1 of the installation is that of the grid. */
  phaseRotation: PhaseRotation | undefined;
}

export const describeStation = (station: DescribedStation): DeviceDescription => {
  const { name, version = '', boot, channels, phases, phaseRotation = phaseRotations[0] } = station;
  return {
    protocol: `ocpp${version}`,
    source: `ocpp/${name}`,
    ...(boot && {
      vendor: boot.vendor,
      model: boot.model,
      ...(boot.serial && { serial: boot.serial }),
      ...(boot.firmware && { firmware: boot.firmware }),
    }),
    channels,
    components: { ev_charger: { role: 'ev', phases, phaseRotation } },
  };
};
