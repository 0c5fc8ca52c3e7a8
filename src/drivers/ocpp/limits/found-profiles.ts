/**
 * Charging profiles that lie in a station, by its own words (OCPP 2.0.1 K09), and what they do to a limit of ours: of
 * one purpose the highest is in force, a TxProfile goes before a TxDefaultProfile, and of the station and the
 * transaction the lower one (K01).
 */
import { purposeOf } from '../forward/foreign-profile.ts';
import type { LimitForm } from '../station/memory.ts';
import type { ReportedProfile } from '../words.ts';
import { floorId, idOf, idStep } from './limit-form.ts';

export interface FoundProfile extends ReportedProfile {
  /** 0: the station, and each EVSE of it. */
  evse: number;
  source: string;
}

/** How a limit of ours lies in the station. */
export type OwnPlace = Pick<LimitForm, 'purpose' | 'stackLevel'> & { evse: number };

/** Set through a central system (ChargingLimitSourceEnumType), under an id that only we give to this purpose. */
export const isOurs = ({ id, purpose: name, evse, source }: FoundProfile): boolean => {
  const purpose = purposeOf(name);
  return purpose !== undefined && /^(CSO)?$/i.test(source) && id % idStep === idOf(purpose, evse);
};

/** What we lay below a dynamic profile: it is in force only where that is not. */
export const isFloor = ({ id, evse, source }: FoundProfile): boolean =>
  /^(CSO)?$/i.test(source) && id % idStep === floorId(evse);

/** What a session is limited by; the rest belongs to the installation. */
export const isOfSessions = ({ purpose: name }: FoundProfile): boolean => {
  const purpose = purposeOf(name);
  return purpose === 'tx' || purpose === 'tx_default';
};

/** Whether it may keep ours from being in force. */
export const isRival = (found: FoundProfile, ours: OwnPlace): boolean => {
  if (found.evse !== 0 && found.evse !== ours.evse) return false;
  const purpose = purposeOf(found.purpose);
  // Constraints of the grid operator, local generation, priority charging: none of them gives way to ours.
  if (purpose === undefined) return true;
  const isHigher = found.stackLevel > ours.stackLevel;
  if (ours.purpose === 'station_max') return purpose !== 'station_max' || isHigher;
  if (purpose === 'station_max') return true;
  return purpose === ours.purpose ? isHigher : purpose === 'tx';
};

/** "TxProfile 7 of EMS, stack level 3, EVSE 1" */
export const wordsOf = ({ purpose, id, source, stackLevel, evse }: FoundProfile): string =>
  `${purpose} ${id}${source === '' ? '' : ` of ${source}`}, stack level ${stackLevel}, ${evse === 0 ? 'the station' : `EVSE ${evse}`}`;
