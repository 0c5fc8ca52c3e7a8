/**
 * The current a station may give, on every EVSE: told in the form it takes, kept up while the order lasts, and
 * watched, because a station that accepts a limit need not obey it.
 */
import type { Clock } from '../../../model/time.ts';
import type { Applied, Order } from '../../driver.ts';
import type { ForeignLimits } from '../forward/foreign.ts';
import type { Quirks } from '../quirks.ts';
import { type Asker, toCommandFailure } from '../station/asking.ts';
import { type Connector, setState } from '../station/connector.ts';
import type { Memory } from '../station/memory.ts';
import type { Nudge } from '../station/nudge.ts';
import { isInSession, isPluggedIn } from '../station/status.ts';
import { createLimitCheck, type LimitCheck, type Looking, replaced } from './limit-check.ts';
import { bringCurrent, type Grid, type Step } from './limit-form.ts';
import { createLines, inTurn, type Line, type Lines } from './lines.ts';
import { createProber, type Later, type Prober } from './prober.ts';
import { fallbackOf, type LimitSettings } from './settings.ts';
import type { TakeOver } from './take-over.ts';
import { createTranslation, type Translation, type Wish } from './translation.ts';

export interface LimitSink {
  evses(): number[];
  connector(evse: number): Connector;
  /** The transaction that runs there. */
  transaction(evse: number): string | undefined;
  /** When it began, ms. */
  begun(evse: number): number | undefined;
  /** Starts a session where pausing ended it. */
  restart(evse: number): Promise<unknown>;
  /** It does not hold what it was told. */
  drifted(evse: number, what: string): void;
}

export interface Limiter {
  apply(evse: number, wish: Wish, order: Pick<Order, 'startBy' | 'notAfter'>, signal: AbortSignal): Promise<Applied>;
  /** A car came, a session began or ended: what could not be told before can be now. */
  moved(evse: number): void;
  /** The connection is new: nobody knows what the station holds. */
  returned(): void;
  /** What is asked for is told again, now. @param isForced also where the station should have it already */
  tellAgain(isForced?: boolean): Promise<void>;
  /** Time passes: what is drawn is compared with what is allowed. */
  tick(): void;
  /** No current, whatever is asked for, until it is let go. */
  suspend(evse: number): Promise<void>;
  letGo(evse: number): Promise<void>;
  /** OCPP 2.1 K28: what a profile of ours says now, A or W as it was told. */
  inForce(profile: number): number | undefined;
  close(): void;
}

/** Above the limit for this long, it does not hold it, ms. */
const driftMs = 30_000;

/** What a limiter works with: there is one for each station, and its functions are shared. */
interface Limiting {
  settings: LimitSettings;
  asker: Asker;
  memory: Memory;
  quirks(): Quirks;
  takeOver: Pick<TakeOver, 'holds'>;
  foreign: ForeignLimits;
  clock: Clock;
  sink: LimitSink;
  prober: Prober;
  lines: Lines;
  translation: Translation;
  check: LimitCheck;
}

/** With what another master allows. */
const withForeign = ({ settings, foreign, clock, sink }: Limiting, evse: number, steps: Step[], grid: Grid): Step[] =>
  foreign.merge(evse, steps, grid, sink.begun(evse), settings.minCurrentA, clock.now());

/** Without a session, stations say all kinds of things about what holds; theirs we have counted in. */
const lookForOthers = (limiting: Limiting, line: Line): void => {
  const { takeOver, foreign, sink } = limiting;
  const { evse, sent } = line;
  if (!sent || line.isSuspended || foreign.isPresent(evse) || !isInSession(sink.connector(evse).status)) return;
  takeOver.holds({
    evse,
    profile: () => (line.isSuspended ? undefined : line.sent?.profile),
    tellAgain: () => again(limiting, line),
  });
};

/** @returns what could not be told yet, or undefined: the station took it, or has it already */
const deliver = async (
  limiting: Limiting,
  line: Line,
  wish: Wish,
  startBy: number,
  isForced: boolean,
): Promise<Later | undefined> => {
  const { settings, memory, quirks, foreign, clock, sink, prober, translation } = limiting;
  const { evse, notAfter } = line;
  const grid = translation.grid(evse);
  const steps = translation.steps(wish, grid);
  const [first, ...more] = steps;
  const only = more.length > 0 || foreign.isPresent(evse) ? undefined : first;
  const fallbackS = fallbackOf(settings, quirks());
  const safeA = bringCurrent(settings.failsafeA, settings.minCurrentA);
  const last = steps.at(-1);
  if (fallbackS !== undefined && last && last.currentA > settings.failsafeA)
    steps.push({ startS: last.startS + fallbackS, currentA: safeA });
  const told = withForeign(limiting, evse, steps, grid);
  const phases = translation.phasesToSay(evse);
  const transaction = sink.transaction(evse);
  const { limitForm } = memory.facts;
  const signature = JSON.stringify([
    steps,
    phases,
    limitForm?.unit === 'W' ? grid.phases : null,
    limitForm?.purpose === 'tx' ? transaction : null,
    foreign.isPresent(evse) ? [foreign.revision(), told[0]?.currentA, transaction] : null,
  ]);
  if (!isForced && line.sent?.signature === signature && wish.length === 1) return undefined;
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
    isAlone: sink.evses().length === 1,
    options: {
      isUrgent: true,
      key: `limit/${evse}`,
      ...(until < Number.POSITIVE_INFINITY ? { notAfter: until } : {}),
    },
  });
  line.overSince = undefined;
  line.later = typeof taken === 'string' ? taken : undefined;
  if (typeof taken === 'string') return taken;
  const currentA = told[0]?.currentA ?? 0;
  line.sent = { signature, currentA, phases: grid.phases, profile: taken, at: clock.monotonic() };
  setState(sink.connector(evse), 'current_limit', currentA);
  lookForOthers(limiting, line);
  return undefined;
};

const again = async (limiting: Limiting, line: Line): Promise<void> => {
  const { wish } = line;
  if (wish) await inTurn(line, () => deliver(limiting, line, wish, Number.POSITIVE_INFINITY, true));
};

/** What happens without an order: what cannot be told is told again with the next occasion. */
const quietly = async (limiting: Limiting, line: Line, isForced: boolean): Promise<void> => {
  const { asker, clock, sink } = limiting;
  try {
    await inTurn(line, async () => {
      if (!line.wish || line.isSuspended || !asker.isConnected() || clock.monotonic() >= line.notAfter) return;
      await deliver(limiting, line, line.wish, Number.POSITIVE_INFINITY, isForced);
    });
  } catch (error) {
    line.sent = undefined;
    sink.drifted(line.evse, `the limit could not be told again: ${(error as Error).message}`);
  }
};

/** A fallback inside the station runs down unless it is pushed out again and again. */
const keepUp = (limiting: Limiting, line: Line): void => {
  const { settings, quirks, clock } = limiting;
  line.refresh?.cancel();
  const fallbackS = fallbackOf(settings, quirks());
  if (fallbackS === undefined || line.notAfter === Number.POSITIVE_INFINITY) return;
  line.refresh = clock.after(fallbackS * 500, () => {
    void quietly(limiting, line, true);
    keepUp(limiting, line);
  });
};

const restartIfOver = async ({ quirks, sink }: Limiting, evse: number): Promise<void> => {
  const isWaiting = isPluggedIn(sink.connector(evse).status) === true;
  if (quirks().restartsAfterPause && isWaiting && sink.transaction(evse) === undefined) await sink.restart(evse);
};

const lookAt = (limiting: Limiting, line: Line, isResumed: boolean): Looking => ({
  evse: line.evse,
  told: () => line.sent,
  isResumed,
  tellAgain: () => again(limiting, line),
  async idle() {
    if (isResumed) await restartIfOver(limiting, line.evse);
  },
});

/** Watts and amperes are the same only while the car takes the same phases; another master may change his mind. */
const isOutdated = (limiting: Limiting, { evse, wish, sent }: Line): boolean => {
  const { memory, foreign, translation } = limiting;
  if (!wish || !sent) return false;
  const grid = translation.grid(evse);
  if (foreign.isPresent(evse) && wish.length === 1) {
    const [now] = withForeign(limiting, evse, translation.steps(wish, grid), grid);
    if (now?.currentA !== sent.currentA) return true;
  }
  const isTranslated = memory.facts.limitForm?.unit === 'W' || wish.some((each) => 'powerW' in each);
  return isTranslated && grid.phases !== sent.phases;
};

const watch = (limiting: Limiting, line: Line): void => {
  const { asker, clock, sink, check } = limiting;
  const { evse, sent } = line;
  if (!sent || line.isSuspended || !asker.isConnected()) return;
  if (isOutdated(limiting, line)) {
    void quietly(limiting, line, false);
    return;
  }
  const now = clock.monotonic();
  if (check.effect(evse, sent) !== 'over') line.overSince = undefined;
  else line.overSince ??= now;
  if (line.overSince === undefined || now - line.overSince < driftMs || now - sent.at < check.effectMs + driftMs)
    return;
  const what = check.complaint(evse, sent);
  line.overSince = undefined;
  line.sent = undefined;
  sink.drifted(evse, what);
};

export const createLimiter = (
  settings: LimitSettings,
  asker: Asker,
  memory: Memory,
  quirks: () => Quirks,
  nudge: Nudge,
  takeOver: Pick<TakeOver, 'begin' | 'holds'>,
  foreign: ForeignLimits,
  clock: Clock,
  sink: LimitSink,
): Limiter => {
  const prober = createProber(asker, memory, quirks, takeOver, foreign, clock);
  const lines = createLines();
  const translation = createTranslation(settings, memory, sink.connector);
  const check = createLimitCheck(
    {
      intervalS: settings.intervalS,
      phases: (evse) => translation.switchedTo(evse) ?? settings.phases,
      connector: sink.connector,
      nudge,
    },
    clock,
  );
  const limiting: Limiting = {
    settings,
    asker,
    memory,
    quirks,
    takeOver,
    foreign,
    clock,
    sink,
    prober,
    lines,
    translation,
    check,
  };

  return {
    async apply(evse, wish, { startBy, notAfter }, signal) {
      const line = lines.of(evse);
      const before = line.sent?.currentA;
      line.refresh?.cancel();
      line.wish = wish;
      line.notAfter = notAfter;
      if (line.isSuspended) return { verified: false, reason: 'switching_phases' };
      try {
        const later = await inTurn(line, () => deliver(limiting, line, wish, startBy, false));
        if (later !== undefined) return { verified: false, reason: later };
        keepUp(limiting, line);
        return await check.verify(lookAt(limiting, line, before === 0 && (line.sent?.currentA ?? 0) > 0), signal);
      } catch (error) {
        // Nobody wants any more what came to nothing.
        if (line.wish === wish) line.wish = undefined;
        if (signal.aborted) return replaced;
        throw toCommandFailure(error);
      }
    },
    moved(evse) {
      const line = lines.of(evse);
      lookForOthers(limiting, line);
      const isCarHere = isPluggedIn(sink.connector(evse).status) === true;
      const isDue =
        (line.sent !== undefined && (foreign.isPresent(evse) || line.sent.profile.purpose === 'tx')) ||
        (line.later === 'no_car' && isCarHere) ||
        (line.later === 'no_session' && sink.transaction(evse) !== undefined) ||
        (line.sent !== undefined && memory.facts.limitForm?.purpose === 'tx' && sink.transaction(evse) !== undefined);
      if (!isDue) return;
      line.later = undefined;
      void quietly(limiting, line, false);
    },
    returned() {
      for (const line of lines.all()) line.sent = undefined;
      prober.returned();
    },
    async tellAgain(isForced = true) {
      await Promise.all(lines.all().map((line) => quietly(limiting, line, isForced)));
    },
    tick() {
      for (const line of lines.all()) watch(limiting, line);
    },
    async suspend(evse) {
      const line = lines.of(evse);
      line.isSuspended = true;
      await inTurn(line, () => deliver(limiting, line, [{ startS: 0, currentA: 0 }], Number.POSITIVE_INFINITY, true));
    },
    async letGo(evse) {
      const line = lines.of(evse);
      line.isSuspended = false;
      const wish = line.wish ?? [{ startS: 0, currentA: settings.failsafeA }];
      await inTurn(line, () => deliver(limiting, line, wish, Number.POSITIVE_INFINITY, true));
    },
    inForce(profile) {
      const line = lines.all().find(({ sent }) => sent?.profile.id === profile);
      // No answer keeps a profile alive that nobody wants any more.
      return line && clock.monotonic() < line.notAfter ? line.sent?.profile.periods[0]?.limit : undefined;
    },
    close() {
      for (const { refresh } of lines.all()) refresh?.cancel();
    },
  };
};
