/** A charging station as the bridge describes it on MQTT. */
import type { Channel, DeviceDescription } from '../../driver.ts';
import { phaseRotations } from '../codec/limits.ts';
import type { Version } from '../messages.ts';
import type { PhaseRotation } from './phase-rotation.ts';
import type { StationFacts } from './station-facts.ts';

export interface DescribedStation {
  /** Name of the device. */
  name: string;
  /** Unknown before it first dialled in. */
  version: Version | undefined;
  boot: StationFacts['boot'];
  channels: Channel[];
  phases: 1 | 2 | 3;
  /** Absent: L1 of the installation is that of the grid. */
  phaseRotation: PhaseRotation | undefined;
}

/** The description of a station as a device of the model. */
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
