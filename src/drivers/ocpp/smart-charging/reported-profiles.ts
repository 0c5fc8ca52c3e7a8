/**
 * Charging profiles that a station reports (OCPP 2.0.1 K09), and what they do to a limit of ours: of one purpose the
 * highest stack level is in force, a TxProfile goes before a TxDefaultProfile, and of the limits of the station and of
 * the transaction the lower one counts (K01).
 */
import { readPurpose } from '../codec/relayed-requests.ts';
import type { ReportedProfile } from '../messages.ts';
import type { LimitForm } from '../station/station-facts.ts';
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
