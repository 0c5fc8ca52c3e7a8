/** Whether a station goes on doing what it was told, while time passes. */
import { quietly, showLimit, withForeign } from './delivery.ts';
import { isRefreshDue, type Limiting } from './limiting.ts';
import { type Line, toldNow } from './lines.ts';
import { forgetStationLimit, isStationLimit, showReached, showUndercut } from './station-limit.ts';

/** Above the limit, or offered less, for this long: it does not hold it, ms. */
const driftMs = 30_000;

/** Watts and amperes are the same only while the car takes the same phases; another master may change his mind. */
const isOutdated = (limiting: Limiting, { evse, wish, sent }: Line): boolean => {
  const { memory, foreign, translation } = limiting;
  if (!wish || !sent) return false;
  const grid = translation.grid(evse);
  if (foreign.isPresent(evse) && wish.length === 1) {
    const [now] = withForeign(limiting, evse, translation.steps(wish, grid), grid);
    if (now?.currentA !== sent.steps[0]?.currentA) return true;
  }
  const isTranslated = memory.facts.limitForm?.unit === 'W' || wish.some((each) => 'powerW' in each);
  return isTranslated && grid.phases !== sent.phases;
};

/** @returns whether it has lasted, and the station had its time to do something about it */
const hasLasted = ({ clock, check }: Limiting, { sent }: Line, since: number): boolean => {
  const now = clock.monotonic();
  return sent !== undefined && now - since >= driftMs && now - sent.at >= check.effectMs + driftMs;
};

/** It is told again by whoever has given the order. */
const drift = ({ sink, check, clock }: Limiting, line: Line): void => {
  const what = check.complaint(line.evse, toldNow(line, clock.monotonic()));
  line.overSince = undefined;
  line.underSince = undefined;
  line.sent = undefined;
  sink.drifted(line.evse, what);
};

const watchOver = (limiting: Limiting, line: Line): void => {
  line.overSince ??= limiting.clock.monotonic();
  if (!hasLasted(limiting, line, line.overSince)) return;
  showReached(limiting, line, false);
  drift(limiting, line);
};

const watchUnder = (limiting: Limiting, line: Line): void => {
  line.underSince ??= limiting.clock.monotonic();
  if (line.stationLimitA === undefined && !hasLasted(limiting, line, line.underSince)) return;
  if (isStationLimit(limiting, line, true)) {
    if (isRefreshDue(limiting, line)) void quietly(limiting, line, true);
    return;
  }
  showUndercut(limiting, line);
  drift(limiting, line);
};

const watch = (limiting: Limiting, line: Line): void => {
  const { asker, clock, check } = limiting;
  if (!line.sent || line.isSuspended || !asker.isConnected()) return;
  showLimit(limiting, line);
  if (isOutdated(limiting, line)) {
    void quietly(limiting, line, false);
    return;
  }
  const seen = check.effect(line.evse, toldNow(line, clock.monotonic()));
  if (seen !== 'over') line.overSince = undefined;
  if (seen !== 'under') line.underSince = undefined;
  if (seen === 'seen' || seen === 'over' || seen === 'no_load') forgetStationLimit(limiting, line);
  if (seen === 'seen') showReached(limiting, line, true);
  else if (seen === 'over') watchOver(limiting, line);
  else if (seen === 'under') watchUnder(limiting, line);
};

export const watchLimits = (limiting: Limiting): void => {
  for (const line of limiting.lines.all()) watch(limiting, line);
};
