/**
 * A station that offers less than it is told. It may have lost its limit, and is told once more; where that changes
 * nothing, the limit is one of its own (its cable, an installer's setting, load management, a profile of others). That
 * one stays: it is named, told as what is in force, and tried again with each refresh.
 */
import type { Params } from '../../../model/command.ts';
import type { Progress } from '../../driver.ts';
import type { Limiting } from './limiting.ts';
import { type Line, toldNow } from './lines.ts';

/** How far an offer may be from the last one and still be the same limit, A. */
const sameLimitA = 0.5;

const offeredA = ({ sink }: Limiting, { evse }: Line): number => sink.connector(evse).measured.offered?.value ?? 0;

/** The limit in force, in the parameter that was asked for. */
const inForce = (limiting: Limiting, line: Line): Params => {
  const currentA = offeredA(limiting, line);
  const [first] = line.wish ?? [];
  if (!first || !('powerW' in first)) return { current_a: currentA };
  const { voltage, phases } = limiting.translation.grid(line.evse);
  return { power_w: Math.round(currentA * voltage * phases) };
};

/** Says what it does instead. */
const complaintOf = ({ check, clock }: Limiting, line: Line): string =>
  check.complaint(line.evse, toldNow(line, clock.monotonic()));

const tell = (limiting: Limiting, line: Line, progress: Omit<Progress, 'at' | 'what'>): void => {
  const { sink, clock } = limiting;
  const what = progress.isReached === false ? { what: complaintOf(limiting, line) } : {};
  sink.progressed(line.evse, { ...progress, ...what, at: clock.now() });
};

const tellLimit = (limiting: Limiting, line: Line): void => {
  line.stationLimitA = offeredA(limiting, line);
  tell(limiting, line, { isReached: false, inForce: inForce(limiting, line), reason: 'station_limit' });
};

const name = (limiting: Limiting, line: Line): void => {
  limiting.sink.stationLimit(line.evse, `${complaintOf(limiting, line)}: a limit of its own, or of another profile`);
  tellLimit(limiting, line);
};

/** It gives what it was told, or nothing shows what it would give. */
export const forgetStationLimit = ({ sink }: Limiting, line: Line): void => {
  line.isToldAgain = false;
  if (line.stationLimitA === undefined) return;
  line.stationLimitA = undefined;
  sink.stationLimit(line.evse, undefined);
};

/**
 * It offers less than it was told.
 * @param isLate it had its time to offer more
 * @returns whether that is a limit of its own; otherwise it is to be told again
 */
export const isStationLimit = (limiting: Limiting, line: Line, isLate: boolean): boolean => {
  const { stationLimitA, isToldAgain } = line;
  const isSame = stationLimitA !== undefined && Math.abs(offeredA(limiting, line) - stationLimitA) <= sameLimitA;
  if (isSame || (isLate && stationLimitA !== undefined)) {
    tellLimit(limiting, line);
    return true;
  }
  if (!isLate) return false;
  line.isToldAgain = true;
  if (isToldAgain) name(limiting, line);
  return isToldAgain;
};

/** The station is seen to do it, or not to. */
export const showReached = (limiting: Limiting, line: Line, isReached: boolean): void =>
  tell(limiting, line, { isReached });

/** It offers less than it was told, and was not found out yet to have a limit of its own. */
export const showUndercut = (limiting: Limiting, line: Line): void =>
  tell(limiting, line, { isReached: false, inForce: inForce(limiting, line) });
