/** The diagnostics block (OCPP 2.0.1 part 2, block N): logs that the station uploads to an address of the integrator. */
import type { Applied } from '../../driver.ts';
import type { Block, StationCommand } from '../block.ts';
import { type BlockCommands, describeVerbs } from '../block-commands.ts';
import type { Answer, MessageOf } from '../messages.ts';
import { transferRanges } from '../station/command-params.ts';
import { RequestIds } from '../station/request-ids.ts';
import type { Station } from '../station/station.ts';
import { getDiagnostics, getLog } from './get-log.ts';
import { onLogStatusNotification } from './on-log-status-notification.ts';

const ranges = { ...transferRanges, oldest: { isOptional: true }, latest: { isOptional: true } };
const offered: BlockCommands = {
  station: describeVerbs({
    get_diagnostics: ranges,
    get_log: { ...ranges, log: { choices: ['diagnostics', 'security'] } },
  }),
};

/** The diagnostics block of one station. */
export class Diagnostics implements Block {
  private readonly station: Station;
  private readonly ids: RequestIds;

  constructor(station: Station) {
    this.station = station;
    this.ids = new RequestIds(station.clock);
  }

  onLogStatusNotification(message: MessageOf<'log_status'>): Answer {
    this.station.event(onLogStatusNotification(message));
    return {};
  }

  commands(): BlockCommands {
    return offered;
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    switch (command.verb) {
      case 'get_diagnostics':
        return getDiagnostics(this.station, command, () => this.ids.next());
      case 'get_log':
        return getLog(this.station, command, this.ids.next());
      default:
        return undefined;
    }
  }
}
