/** The firmware block (OCPP 2.0.1 part 2, block L): updates that the station downloads from an address of the integrator. */
import type { Applied } from '../../driver.ts';
import type { Block, StationCommand } from '../block.ts';
import { type BlockCommands, describeVerbs } from '../block-commands.ts';
import type { Answer, MessageOf } from '../messages.ts';
import { transferRanges } from '../station/command-params.ts';
import { RequestIds } from '../station/request-ids.ts';
import type { Station } from '../station/station.ts';
import { onFirmwareStatusNotification } from './on-firmware-status-notification.ts';
import { updateFirmware } from './update-firmware.ts';

const offered: BlockCommands = {
  station: describeVerbs({
    update_firmware: {
      ...transferRanges,
      retrieve_at: { isOptional: true },
      install_at: { isOptional: true },
      signing_certificate: { isOptional: true },
      signature: { isOptional: true },
    },
  }),
};

/** The firmware block of one station. */
export class Firmware implements Block {
  private readonly station: Station;
  private readonly ids: RequestIds;

  constructor(station: Station) {
    this.station = station;
    this.ids = new RequestIds(station.clock);
  }

  onFirmwareStatusNotification(message: MessageOf<'firmware_status'>): Answer {
    this.station.event(onFirmwareStatusNotification(message));
    return {};
  }

  commands(): BlockCommands {
    return offered;
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    return command.verb === 'update_firmware' ? updateFirmware(this.station, command, this.ids.next()) : undefined;
  }
}
