/** Which id tokens charge where, over all stations of a server (ConcurrentTx of OCPP). */
import { hashesOf } from '../station/id-token-hashes.ts';

/** A session that runs. */
export interface IdTokenInUse {
  evse: number;
  /** Hashed. */
  tag: string;
}

/** The transactions of one station that run. */
type Running = () => IdTokenInUse[];

/** The id tokens in use at the stations of one server. */
export class ConcurrentTx {
  private readonly stations = new Set<Running>();

  /** @param running the sessions of one station */
  join(running: Running): StationIdTokens {
    this.stations.add(running);
    return new StationIdTokens(this.stations, running);
  }
}

/** The id tokens in use, as one station of a server sees them. */
export class StationIdTokens {
  private readonly stations: Set<Running>;
  private readonly own: Running;

  constructor(stations: Set<Running>, own: Running) {
    this.stations = stations;
    this.own = own;
  }

  /** Whether an id token charges at another EVSE of this station, or at another station. */
  isElsewhere(id: string, evse: number): boolean {
    const hashes = hashesOf(id);
    return [...this.stations].some((running) =>
      running().some((each) => hashes.includes(each.tag) && (running !== this.own || each.evse !== evse)),
    );
  }

  leave(): void {
    this.stations.delete(this.own);
  }
}
