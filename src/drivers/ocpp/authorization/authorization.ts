/** The authorization block (OCPP 2.0.1 part 2, blocks C and D). */
import type { Applied } from '../../driver.ts';
import type { Block, StationCommand } from '../block.ts';
import { type BlockCommands, describeVerbs } from '../block-commands.ts';
import type { Answer, MessageOf } from '../messages.ts';
import type { Station } from '../station/station.ts';
import { type AuthorizationOptions, Authorizer } from './authorize.ts';
import { ConcurrentTx, type StationIdTokens } from './concurrent-tx.ts';
import { getLocalListVersion } from './get-local-list-version.ts';
import { onAuthorize } from './on-authorize.ts';

export interface AuthorizationBlockOptions extends AuthorizationOptions {
  /** Id tokens in use at all stations of the server; absent: at this station alone. */
  concurrentTx?: ConcurrentTx | undefined;
}

const offered: BlockCommands = { station: describeVerbs({ get_local_list_version: {} }) };

/** The authorization block of one station. */
export class AuthorizationBlock implements Block {
  readonly authorizer: Authorizer;
  private readonly station: Station;
  private readonly idTokens: StationIdTokens;

  constructor(station: Station, { concurrentTx = new ConcurrentTx(), ...options }: AuthorizationBlockOptions) {
    this.station = station;
    this.idTokens = concurrentTx.join(() =>
      [...station.transactions.byId.values()].flatMap(({ state, evse = 0, tag }) =>
        state === 'running' && tag ? [{ evse, tag }] : [],
      ),
    );
    this.authorizer = new Authorizer(options, station.clock, (id, evse) => this.idTokens.isElsewhere(id, evse));
  }

  onAuthorize(message: MessageOf<'authorize'>): Answer | Promise<Answer> {
    return onAuthorize(this.station, this.authorizer, message);
  }

  commands(): BlockCommands {
    return offered;
  }

  act(command: StationCommand): Promise<Applied> | undefined {
    return command.verb === 'get_local_list_version' ? getLocalListVersion(this.station, command) : undefined;
  }

  close(): void {
    this.idTokens.leave();
  }
}
