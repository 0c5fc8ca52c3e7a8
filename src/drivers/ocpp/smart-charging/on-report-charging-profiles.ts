/**
 * The charging profiles in a station: asked for with GetChargingProfiles, reported in parts with ReportChargingProfiles
 * (OCPP 2.x K09).
 */
import type { Clock } from '../../../model/time.ts';
import type { StationMessage } from '../messages.ts';
import { type AskStation, isAccepted } from './ask-station.ts';
import type { FoundProfile } from './reported-profiles.ts';

/** For all parts of a report, ms. */
const reportMs = 15_000;

interface OpenReport {
  requestId: number;
  found: FoundProfile[];
  done(): void;
}

/** The report of one station while its parts come in. */
export class ProfileReport {
  private readonly ask: AskStation;
  private readonly clock: Clock;
  private requestId: number;
  private open: OpenReport | undefined;

  constructor({ ask, clock }: { ask: AskStation; clock: Clock }) {
    this.ask = ask;
    this.clock = clock;
    this.requestId = Math.floor(clock.now() / 1000) % 2 ** 31;
  }

  /**
   * @param signal the connection is over
   * @returns all profiles in the station, or undefined where it does not report them
   */
  async request(signal: AbortSignal): Promise<FoundProfile[] | undefined> {
    const found = await this.collect(signal);
    this.open = undefined;
    return found;
  }

  onReportChargingProfiles(event: Extract<StationMessage, { kind: 'profiles' }>): void {
    const { requestId, isLast, evse, source, profiles } = event;
    if (this.open?.requestId !== requestId) return;
    this.open.found.push(...profiles.map((profile) => ({ ...profile, evse, source })));
    if (isLast) this.open.done();
  }

  /** The connection is new: no further part will come. */
  cancel(): void {
    this.open?.done();
    this.open = undefined;
  }

  private async collect(signal: AbortSignal): Promise<FoundProfile[] | undefined> {
    const requestId = ++this.requestId;
    const isComplete = new Promise<void>((resolve) => {
      this.open = { requestId, found: [], done: resolve };
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const result = await this.ask({ kind: 'get_profiles', requestId });
    if (!isAccepted(result)) return /^NoProfiles$/i.test(result?.raw ?? '') ? [] : undefined;
    const timer = this.clock.after(reportMs, () => this.open?.done());
    await isComplete;
    timer.cancel();
    return signal.aborted ? undefined : this.open?.found;
  }
}
