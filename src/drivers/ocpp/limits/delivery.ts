/** A limit on its way into a station: told where it is another one, and again before what lies there runs down. */
import { setState } from '../station/connector.ts';
import { isInSession } from '../station/status.ts';
import { bringCurrent, type Grid, type Step } from './limit-form.ts';
import { type Limiting, refreshMs } from './limiting.ts';
import { inTurn, type Line, toldNow } from './lines.ts';
import type { Later } from './prober.ts';
import { fallbackOf } from './settings.ts';

/** With what another master allows. */
export const withForeign = (
  { settings, foreign, clock, sink }: Limiting,
  evse: number,
  steps: Step[],
  grid: Grid,
): Step[] => foreign.merge(evse, steps, grid, sink.begun(evse), settings.minCurrentA, clock.now());

/** Without a session, stations say all kinds of things about what holds; theirs we have counted in. */
export const lookForOthers = (limiting: Limiting, line: Line): void => {
  const { takeOver, foreign, sink } = limiting;
  const { evse, sent } = line;
  if (!sent || line.isSuspended || foreign.isPresent(evse) || !isInSession(sink.connector(evse).status)) return;
  takeOver.holds({
    evse,
    profile: () => (line.isSuspended ? undefined : line.sent?.profile),
    tellAgain: () => again(limiting, line),
  });
};

/** A schedule goes on where it is, however often it is told. */
const goingOn = (steps: Step[], passedS: number): Step[] => {
  const now = Math.max(
    0,
    steps.findLastIndex(({ startS }) => startS <= passedS),
  );
  return steps.slice(now).map((step) => ({ ...step, startS: Math.max(0, step.startS - passedS) }));
};

/** Somebody holds it, and the station falls back by itself. */
const isKeptUp = ({ settings, quirks }: Limiting, { notAfter }: Line): boolean =>
  notAfter < Number.POSITIVE_INFINITY && fallbackOf(settings, quirks()) !== undefined;

/** The fallback inside the station runs down, whoever renews the order meanwhile: it is pushed out in time. */
const planRefresh = (limiting: Limiting, line: Line): void => {
  line.refresh?.cancel();
  if (!isKeptUp(limiting, line)) return;
  line.refresh = limiting.clock.after(refreshMs(limiting), () => void quietly(limiting, line, true));
};

/**
 * Tells the station what is wanted now.
 * @param startBy monotonic ms
 * @param isForced also where the station should have it already
 * @returns what could not be told yet, or undefined: the station took it, or has it already
 */
export const deliver = async (
  limiting: Limiting,
  line: Line,
  startBy: number,
  isForced: boolean,
): Promise<Later | undefined> => {
  const { settings, memory, quirks, foreign, clock, sink, prober, translation, check } = limiting;
  const { evse, notAfter, isSuspended, since } = line;
  const wish = isSuspended
    ? [{ startS: 0, currentA: 0 }]
    : (line.wish ?? [{ startS: 0, currentA: settings.failsafeA }]);
  const grid = translation.grid(evse);
  const wanted = translation.steps(wish, grid);
  const steps = goingOn(wanted, Math.max(0, Math.floor((clock.now() - since) / 1000)));
  const [first, ...more] = steps;
  const only = more.length > 0 || foreign.isPresent(evse) ? undefined : first;
  const fallbackS = fallbackOf(settings, quirks());
  const safeA = bringCurrent(settings.failsafeA, settings.minCurrentA);
  const last = steps.at(-1);
  const hasFallback = fallbackS !== undefined && last !== undefined && last.currentA > settings.failsafeA;
  if (hasFallback) steps.push({ startS: last.startS + fallbackS, currentA: safeA });
  const told = withForeign(limiting, evse, steps, grid);
  const phases = translation.phasesToSay(evse);
  const transaction = sink.transaction(evse);
  const { limitForm } = memory.facts;
  const signature = JSON.stringify([
    wanted,
    wanted.length > 1 ? since : null,
    hasFallback,
    phases,
    limitForm?.unit === 'W' ? grid.phases : null,
    limitForm?.purpose === 'tx' ? transaction : null,
    foreign.isPresent(evse) ? [foreign.revision(), told[0]?.currentA, transaction] : null,
  ]);
  if (!isForced && line.sent?.signature === signature) return undefined;
  const showing = check.showing(evse);
  const until = Math.min(startBy, notAfter);
  const taken = await prober.tell({
    evse,
    steps: told,
    only,
    fallback: fallbackS === undefined ? undefined : { afterS: fallbackS, currentA: safeA },
    grid,
    phases,
    isSwitched: translation.switchedTo(evse) !== undefined,
    status: sink.connector(evse).status,
    transaction,
    begun: sink.begun(evse),
    isAlone: sink.evses().length === 1,
    options: {
      isUrgent: true,
      key: `limit/${evse}`,
      ...(until < Number.POSITIVE_INFINITY ? { notAfter: until } : {}),
    },
  });
  line.overSince = undefined;
  line.underSince = undefined;
  line.later = typeof taken === 'string' ? taken : undefined;
  if (typeof taken === 'string') return taken;
  if (line.before?.signature !== signature) line.before = { signature, showing };
  line.sent = { signature, steps: told, phases: grid.phases, profile: taken, at: clock.monotonic() };
  planRefresh(limiting, line);
  showLimit(limiting, line);
  lookForOthers(limiting, line);
  return undefined;
};

/** The limit that the station has to keep now. */
export const showLimit = ({ clock, sink }: Limiting, line: Line): void => {
  const told = toldNow(line, clock.monotonic());
  if (told) setState(sink.connector(line.evse), 'current_limit', told.currentA);
};

export const again = async (limiting: Limiting, line: Line): Promise<void> => {
  if (line.wish) await inTurn(line, () => deliver(limiting, line, Number.POSITIVE_INFINITY, true));
};

/** Tells it without an order; a limit that cannot be told is told again with the next occasion. */
export const quietly = async (limiting: Limiting, line: Line, isForced: boolean): Promise<void> => {
  const { asker, clock, sink } = limiting;
  try {
    await inTurn(line, async () => {
      if (!line.wish || line.isSuspended || !asker.isConnected() || clock.monotonic() >= line.notAfter) return;
      await deliver(limiting, line, Number.POSITIVE_INFINITY, isForced);
    });
  } catch (error) {
    line.sent = undefined;
    sink.drifted(line.evse, `the limit could not be told again: ${(error as Error).message}`);
  }
};
