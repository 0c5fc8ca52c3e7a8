/**
 * The charging profiles in a station: asked for with GetChargingProfiles, reported in parts with ReportChargingProfiles
 * (OCPP 2.x K09), and what they do to a limit of ours. Of one purpose the highest stack level is in force, a TxProfile
 * goes before a TxDefaultProfile, and of the limits of the station and of the transaction the lower one counts (K01).
 */
import type { Clock } from '../../../model/time.ts';
import { readPurpose } from '../codec/relayed-requests.ts';
import type { ReportedProfile, StationMessage } from '../messages.ts';
import type { LimitForm } from '../station/station-facts.ts';
import { type AskStation, isAccepted } from './ask-station.ts';
import { fallbackProfileId, idStep, profileId } from './set-charging-profile.ts';

/** A charging profile as the station has reported it. */
export interface FoundProfile extends ReportedProfile {
  /** 0: the station, and each EVSE of it. */
  evse: number;
  /** ChargingLimitSourceEnumType: "CSO" through a central system, "EMS", "SO", "Other". */
  source: string;
}

/** The place at which a profile of ours is set, or will be set first. */
export type OwnProfile = Pick<LimitForm, 'purpose' | 'stackLevel'> & { evse: number };

const isFromCsms = ({ source }: FoundProfile): boolean => /^(CSO)?$/i.test(source);

/** Set through a central system, under an id that only we give to this purpose. */
export const hasOwnId = (profile: FoundProfile): boolean => {
  const purpose = readPurpose(profile.purpose);
  return purpose !== undefined && isFromCsms(profile) && profile.id % idStep === profileId(purpose, profile.evse);
};

/** The fallback below a dynamic profile of ours: in force only where the dynamic one is not. */
export const isFallbackProfile = (profile: FoundProfile): boolean =>
  isFromCsms(profile) && profile.id % idStep === fallbackProfileId(profile.evse);

/** Whether a profile limits transactions; the others belong to the installation. */
export const isTransactionProfile = ({ purpose: name }: FoundProfile): boolean => {
  const purpose = readPurpose(name);
  return purpose === 'tx' || purpose === 'tx_default';
};

/** Whether a profile may keep ours from being in force. */
export const mayOverride = (found: FoundProfile, ours: OwnProfile): boolean => {
  if (found.evse !== 0 && found.evse !== ours.evse) return false;
  const purpose = readPurpose(found.purpose);
  // Constraints of the grid operator, local generation, priority charging: none of them gives way to ours.
  if (purpose === undefined) return true;
  const isHigher = found.stackLevel > ours.stackLevel;
  if (ours.purpose === 'station_max') return purpose !== 'station_max' || isHigher;
  if (purpose === 'station_max') return true;
  return purpose === ours.purpose ? isHigher : purpose === 'tx';
};

/** @returns "TxProfile 7 of EMS, stack level 3, EVSE 1" */
export const describeProfile = ({ purpose, id, source, stackLevel, evse }: FoundProfile): string => {
  const owner = source === '' ? '' : ` of ${source}`;
  return `${purpose} ${id}${owner}, stack level ${stackLevel}, ${evse === 0 ? 'the station' : `EVSE ${evse}`}`;
};

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
