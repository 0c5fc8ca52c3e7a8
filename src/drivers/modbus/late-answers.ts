/** Answers that come after their time: they prove that a unit is slow and not dead. */
import type { SlowNotice } from './bus-notice.ts';
import { timeoutOf, type Unit } from './bus-unit.ts';

/** A unit is given no more time than this on its own account, ms: it keeps the connection busy for as long. */
const longestLearntMs = 10_000;
/** It is told again where it has become slower by this. */
const worthTelling = 1.2;
/** A unit that answers in time so often in a row does not need the time that it was given. */
const timelyAnswers = 500;

/** An answer that took so long needs a timeout with room for a slower one, ms, in tenths of a second. */
const neededTimeoutMs = (tookMs: number): number => Math.ceil((tookMs * 1.5) / 100) * 100;

/** What is wrong with a unit that answers too late, and what to do about it. */
export const slowText = ({ tookMs, timeoutMs, neededMs, isGiven }: SlowNotice): string => {
  const what = `the device answers after ${Math.round(tookMs)} ms, later than the timeout of ${timeoutMs} ms`;
  return isGiven
    ? `${what}: it is given ${neededMs} ms from now on; enter them as the timeout of the connection to keep them`
    : `${what}: enter a timeout of ${neededMs} ms in the connection`;
};

/**
 * @param mayLearn the unit shares its connection with nobody, and its timeout was not entered by the integrator
 * @returns whether it gets the time that it needs, and what is to be told of it, if anything
 */
export const takeLateAnswer = (
  unit: Unit,
  tookMs: number,
  mayLearn: boolean,
): { isGiven: boolean; notice?: SlowNotice } => {
  const timeoutMs = timeoutOf(unit);
  if (tookMs <= timeoutMs) return { isGiven: false };
  const neededMs = neededTimeoutMs(tookMs);
  const isGiven = mayLearn && neededMs <= longestLearntMs;
  const isNews = unit.lateMs === undefined || tookMs > unit.lateMs * worthTelling;
  const notice: SlowNotice = { kind: 'slow', unit: unit.id, tookMs, timeoutMs, neededMs, isGiven };
  if (isGiven) unit.learntTimeoutMs = neededMs;
  else unit.slowness = slowText(notice);
  if (!isNews) return { isGiven };
  unit.lateMs = tookMs;
  return { isGiven, notice };
};

/** The unit has answered in time: the more it was given is taken back, since it delays the notice of its death. */
export const takeTimelyAnswer = (unit: Unit, tookMs: number): void => {
  if (unit.learntTimeoutMs === undefined) return;
  unit.timely = tookMs <= unit.limits.timeoutMs ? unit.timely + 1 : 0;
  if (unit.timely < timelyAnswers) return;
  unit.timely = 0;
  unit.learntTimeoutMs = undefined;
};
