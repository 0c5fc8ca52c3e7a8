/** What a comparison of counter and power says of the counter (aggregation §3.1). */
import {
  type CheckRules,
  type Comparison,
  type CounterCheck,
  type Mismatch,
  nothingCompared,
} from './counter-check.ts';

/** agrees: the counter is right from here on. trusted: it was right all the time. */
export type Verdict = 'unchanged' | 'agrees' | 'suspected' | 'trusted' | 'doubted';

const least = 0.8;
const most = 1.25;
const thousand = 1000;
/** A ratio is judged over the larger of these, Wh and steps of the counter. */
const windowWh = 1000;
const windowSteps = 20;
/** A counter that stands still, or counts in another unit, is found sooner. */
const soonWh = 20;
const soonMs = 60_000;
const stillReadings = 3;
/** Of its steps, so many are missing; of those that it can have at most, one is enough, and a little for the power. */
const stillSteps = 3;
const stillRoundSteps = 1.05;
/** Too little is too little at once; too much may be the step that was due when the comparison began. */
const muchRises = 2;
const restsLonger = 3;
/** Far ahead of the power: not believed before it is clear how large its steps are. */
const runsAway = 20;
const runsAwayWh = 10;
/** Steps that integers could have, by the zeros at their end: a kWh at most. */
const roundSteps = [1000, 100, 10, 1, 0.1];

/** The largest step that a counter can have, by the last digits of what it shows, Wh. */
const roundStepOf = (shownWh: number): number => roundSteps.find((step) => Number.isInteger(shownWh / step)) ?? 0.01;

const stepOf = ({ stepWh }: CounterCheck, { resolutionWh }: CheckRules, shownWh: number): number =>
  resolutionWh ?? stepWh ?? roundStepOf(shownWh);

/** Both ends of what was counted are known to a step. */
const isRatio = ({ countedWh, integratedWh }: Comparison, ratio: number, stepWh: number): boolean =>
  countedWh - stepWh <= ratio * most * integratedWh && countedWh + stepWh >= ratio * least * integratedWh;

const isUnit = (compared: Comparison, stepWh: number): boolean => {
  const { countedWh, integratedWh, rises } = compared;
  if (rises === 0) return false;
  const isLittle = isRatio(compared, 1 / thousand, stepWh) && countedWh + stepWh < (3 / thousand) * integratedWh;
  const isMuch = isRatio(compared, thousand, stepWh) && countedWh - stepWh > (thousand / 3) * integratedWh;
  return (isLittle && integratedWh >= soonWh) || (isMuch && rises >= muchRises && integratedWh > 0);
};

const isStill = ({ still, stepWh }: CounterCheck, shownWh: number, rules: CheckRules): boolean => {
  const { isHeld, intervalMs, resolutionWh = stepWh } = rules;
  const dueWh = resolutionWh === undefined ? stillRoundSteps * roundStepOf(shownWh) : stillSteps * resolutionWh;
  return (
    still.integratedWh >= Math.max(soonWh, dueWh) &&
    still.flowMs >= Math.max(soonMs, restsLonger * Math.max(still.longestFlowMs, intervalMs)) &&
    (isHeld || still.readings >= stillReadings)
  );
};

const isLong = ({ countedWh, integratedWh }: Comparison, stepWh: number): boolean =>
  Math.max(countedWh, integratedWh) >= Math.max(windowWh, windowSteps * stepWh);

const isRunningAway = ({ countedWh, integratedWh }: Comparison, stepWh: number): boolean =>
  integratedWh > 0 && countedWh - 2 * stepWh > runsAway * integratedWh + runsAwayWh;

/** Both agree from here on. */
const restart = (check: CounterCheck): void => {
  check.whole = nothingCompared();
  check.recent = nothingCompared();
  check.trust = 'trusted';
  delete check.doubt;
};

const doubt = (check: CounterCheck, reason: Mismatch): Verdict => {
  const { countedWh, integratedWh } = check.whole;
  check.trust = 'doubted';
  const ratio = integratedWh > 0 ? countedWh / integratedWh : 0;
  // What was compared is known to a step of the counter only, a unit is known exactly.
  check.doubt = { reason, ratio: reason === 'unit' ? (ratio < 1 ? 1 / thousand : thousand) : ratio };
  check.recent = nothingCompared();
  return 'doubted';
};

const judgeTrusted = (check: CounterCheck, stepWh: number, shownWh: number, rules: CheckRules): Verdict => {
  const { whole } = check;
  if (isUnit(whole, stepWh)) return doubt(check, 'unit');
  if (isStill(check, shownWh, rules)) return doubt(check, 'stands_still');
  if (isLong(whole, stepWh)) {
    if (!isRatio(whole, 1, stepWh)) return doubt(check, whole.countedWh === 0 ? 'stands_still' : 'ratio');
    restart(check);
    return 'agrees';
  }
  const before = check.trust;
  // Its steps may be as large as they were seen, or its unit is wrong, and they are small.
  const finestWh = Math.min(stepWh, roundStepOf(shownWh));
  check.trust = isRunningAway(whole, finestWh) ? 'suspected' : 'trusted';
  return check.trust === before ? 'unchanged' : check.trust;
};

const judgeDoubted = (check: CounterCheck, stepWh: number): Verdict => {
  const { whole, recent } = check;
  // It was only slow to step: what it shows now accounts for all the time.
  const isMadeUp =
    check.doubt?.reason !== 'ratio' && whole.integratedWh >= Math.max(soonWh, stepWh) && isRatio(whole, 1, 0);
  if (isMadeUp) {
    restart(check);
    return 'trusted';
  }
  if (!isLong(recent, stepWh)) return 'unchanged';
  const agrees = isRatio(recent, 1, stepWh);
  check.recent = nothingCompared();
  if (!agrees) return 'unchanged';
  restart(check);
  return 'agrees';
};

/**
 * Judges what was compared until now.
 * @param shownWh what the counter shows
 */
export const judgeCounter = (check: CounterCheck, shownWh: number, rules: CheckRules): Verdict => {
  const stepWh = stepOf(check, rules, shownWh);
  return check.trust === 'doubted' ? judgeDoubted(check, stepWh) : judgeTrusted(check, stepWh, shownWh, rules);
};

/** It counts more than its device can have, and power was measured beside it. @returns whether it is doubted now */
export const contradicts = (check: CounterCheck, countedWh: number, integratedWh: number): boolean => {
  const isFar = integratedWh > 0 && countedWh > most * 2 * integratedWh;
  if (!isFar || check.trust === 'doubted') return isFar;
  check.whole = { countedWh, integratedWh, rises: muchRises };
  doubt(check, countedWh > (thousand / 3) * integratedWh && countedWh < 3 * thousand * integratedWh ? 'unit' : 'ratio');
  return true;
};
