/** Trust in a counter, as its comparison with the power decides (aggregation §3.1). */
import {
  type ComparedEnergy,
  type ComparisonRules,
  type CounterComparison,
  type Mismatch,
  nothingCompared,
} from './counter-power-comparison.ts';

/** Change of trust; agrees: the counter is right from here on; trusted: the counter was right all the time. */
export type TrustChange = 'unchanged' | 'agrees' | 'suspected' | 'trusted' | 'doubted';

/** Range of the ratio of counted energy to flowed energy in which both agree. */
const leastRatio = 0.8;
const mostRatio = 1.25;

/**
 * Whether counter and power agree but for a factor, as another unit would be one. Both ends of the counted energy are
 * known to one step only.
 * @param ratio of counted energy to flowed energy; 1: both in the same unit
 */
const isRatio = ({ countedWh, integratedWh }: ComparedEnergy, ratio: number, stepWh: number): boolean =>
  countedWh - stepWh <= ratio * mostRatio * integratedWh && countedWh + stepWh >= ratio * leastRatio * integratedWh;

const thousand = 1000;
/** A ratio is assessed over the larger of so many Wh and so many steps of the counter. */
const windowWh = 1000;
const windowSteps = 20;
/** A counter that stands still, or counts in another unit, is found sooner: after so many Wh and ms. */
const soonWh = 20;
const soonMs = 60_000;
/** Readings without a change that show that a counter stands still. */
const stillReadings = 3;
/** Steps that a counter of known resolution has to miss; of the largest steps possible, one and a little is enough. */
const stillSteps = 3;
const stillRoundSteps = 1.05;
/** Rises that show too much energy, since one may be the step that was due when the comparison began. */
const muchRises = 2;
/** Factor on the longest flow without a step after which a counter stands still. */
const restsLonger = 3;
/** Factor and Wh by which a counter runs ahead of the power before it is suspected, though its steps are unknown. */
const runsAway = 20;
const runsAwayWh = 10;
/** Steps that the zeros at the end of a number allow, Wh. */
const roundSteps = [1000, 100, 10, 1, 0.1];

/** A division by a tenth of a Wh is not exact. */
const isWhole = (steps: number): boolean => Math.abs(steps - Math.round(steps)) < 1e-6;

/** @returns the largest step that a counter can have by the last digits of what it shows, Wh */
const roundStepOf = (shownWh: number): number => roundSteps.find((step) => isWhole(shownWh / step)) ?? 0.01;

/** A comparison that is assessed. */
interface AssessedCounter {
  comparison: CounterComparison;
  rules: ComparisonRules;
  /** The latest reading, Wh. */
  shownWh: number;
  /** Its step by resolution, by observation or by its digits, Wh. */
  stepWh: number;
}

const isOtherUnit = (compared: ComparedEnergy, stepWh: number): boolean => {
  const { countedWh, integratedWh, rises } = compared;
  if (rises === 0) return false;
  const isLittle = isRatio(compared, 1 / thousand, stepWh) && countedWh + stepWh < (3 / thousand) * integratedWh;
  const isMuch = isRatio(compared, thousand, stepWh) && countedWh - stepWh > (thousand / 3) * integratedWh;
  return (isLittle && integratedWh >= soonWh) || (isMuch && rises >= muchRises);
};

const isStandingStill = ({ comparison, rules, shownWh }: AssessedCounter): boolean => {
  const { still, stepWh } = comparison;
  const { isHeld, intervalMs, resolutionWh = stepWh } = rules;
  const dueWh = resolutionWh === undefined ? stillRoundSteps * roundStepOf(shownWh) : stillSteps * resolutionWh;
  return (
    still.integratedWh >= Math.max(soonWh, dueWh) &&
    still.flowMs >= Math.max(soonMs, restsLonger * Math.max(still.longestFlowMs, intervalMs)) &&
    (isHeld || still.readings >= stillReadings)
  );
};

const isLongEnough = ({ countedWh, integratedWh }: ComparedEnergy, stepWh: number): boolean =>
  Math.max(countedWh, integratedWh) >= Math.max(windowWh, windowSteps * stepWh);

const isRunningAway = ({ countedWh, integratedWh }: ComparedEnergy, stepWh: number): boolean =>
  integratedWh > 0 && countedWh - 2 * stepWh > runsAway * integratedWh + runsAwayWh;

/** Begins the comparison anew: both agree from here on. */
const restart = (comparison: CounterComparison): void => {
  comparison.whole = nothingCompared();
  comparison.recent = nothingCompared();
  comparison.trust = 'trusted';
  delete comparison.doubt;
};

const beginDoubt = (comparison: CounterComparison, reason: Mismatch): TrustChange => {
  const { countedWh, integratedWh } = comparison.whole;
  comparison.trust = 'doubted';
  const ratio = integratedWh > 0 ? countedWh / integratedWh : 0;
  // A compared ratio is known to a step of the counter only, the ratio of two units exactly.
  comparison.doubt = { reason, ratio: reason === 'unit' ? (ratio < 1 ? 1 / thousand : thousand) : ratio };
  comparison.recent = nothingCompared();
  return 'doubted';
};

const assessTrusted = (counter: AssessedCounter): TrustChange => {
  const { comparison, stepWh, shownWh } = counter;
  const { whole } = comparison;
  if (isOtherUnit(whole, stepWh)) return beginDoubt(comparison, 'unit');
  if (isStandingStill(counter)) return beginDoubt(comparison, 'stands_still');
  if (isLongEnough(whole, stepWh)) {
    if (!isRatio(whole, 1, stepWh)) return beginDoubt(comparison, whole.countedWh === 0 ? 'stands_still' : 'ratio');
    restart(comparison);
    return 'agrees';
  }
  const before = comparison.trust;
  // The steps may be as large as they were seen; or the unit is wrong, and they are small.
  const finestWh = Math.min(stepWh, roundStepOf(shownWh));
  comparison.trust = isRunningAway(whole, finestWh) ? 'suspected' : 'trusted';
  return comparison.trust === before ? 'unchanged' : comparison.trust;
};

const assessDoubted = ({ comparison, stepWh }: AssessedCounter): TrustChange => {
  const { whole, recent } = comparison;
  // A counter that was only slow to step accounts for all the time with what it shows now.
  const hasCaughtUp =
    comparison.doubt?.reason !== 'ratio' && whole.integratedWh >= Math.max(soonWh, stepWh) && isRatio(whole, 1, 0);
  if (hasCaughtUp) {
    restart(comparison);
    return 'trusted';
  }
  if (!isLongEnough(recent, stepWh)) return 'unchanged';
  const agrees = isRatio(recent, 1, stepWh);
  comparison.recent = nothingCompared();
  if (!agrees) return 'unchanged';
  restart(comparison);
  return 'agrees';
};

/**
 * Assesses what was compared until now.
 * @param shownWh what the counter shows
 */
export const assessCounter = (comparison: CounterComparison, shownWh: number, rules: ComparisonRules): TrustChange => {
  const stepWh = rules.resolutionWh ?? comparison.stepWh ?? roundStepOf(shownWh);
  const counter = { comparison, rules, shownWh, stepWh };
  return comparison.trust === 'doubted' ? assessDoubted(counter) : assessTrusted(counter);
};

/**
 * Compares energy above the largest power of a device with the power that was measured beside it.
 * @returns whether the counter is doubted now
 */
export const contradictsPower = (comparison: CounterComparison, countedWh: number, integratedWh: number): boolean => {
  const isFar = integratedWh > 0 && countedWh > mostRatio * 2 * integratedWh;
  if (!isFar || comparison.trust === 'doubted') return isFar;
  comparison.whole = { countedWh, integratedWh, rises: muchRises };
  const isUnit = countedWh > (thousand / 3) * integratedWh && countedWh < 3 * thousand * integratedWh;
  beginDoubt(comparison, isUnit ? 'unit' : 'ratio');
  return true;
};
