/**
 * The current a station may give, on every EVSE: told in the form it takes, kept up while the order lasts, and
 * watched, because a station that accepts a limit need not obey it.
 */
import type { Clock } from '../../../model/time.ts';
import type { Applied, Order } from '../../driver.ts';
import type { ForeignLimits } from '../forward/foreign.ts';
import type { Quirks } from '../quirks.ts';
import { type Asker, toCommandFailure } from '../station/asking.ts';
import type { Memory } from '../station/memory.ts';
import type { Nudge } from '../station/nudge.ts';
import { isPluggedIn } from '../station/status.ts';
import { again, deliver, lookForOthers, quietly } from './delivery.ts';
import { createLimitCheck, type Looking, replaced } from './limit-check.ts';
import { watchLimits } from './limit-watch.ts';
import type { Limiting, LimitSink } from './limiting.ts';
import { createLines, inTurn, type Line, toldNow } from './lines.ts';
import { createProber } from './prober.ts';
import type { LimitSettings } from './settings.ts';
import { forgetStationLimit, isStationLimit, showReached } from './station-limit.ts';
import type { TakeOver } from './take-over.ts';
import { createTranslation, type Wish } from './translation.ts';

export interface Limiter {
  apply(
    evse: number,
    wish: Wish,
    order: Pick<Order, 'startBy' | 'notAfter' | 'since'>,
    signal: AbortSignal,
  ): Promise<Applied>;
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

const restartIfOver = async ({ quirks, sink }: Limiting, evse: number): Promise<void> => {
  const isWaiting = isPluggedIn(sink.connector(evse).status) === true;
  if (quirks().restartsAfterPause && isWaiting && sink.transaction(evse) === undefined) await sink.restart(evse);
};

const lookAt = (limiting: Limiting, line: Line, isResumed: boolean): Looking => ({
  evse: line.evse,
  told: () => toldNow(line, limiting.clock.monotonic()),
  before: () => line.before?.showing ?? {},
  isResumed,
  tellAgain: () => again(limiting, line),
  async idle() {
    if (isResumed) await restartIfOver(limiting, line.evse);
  },
  isStationLimit: (isLate) => isStationLimit(limiting, line, isLate),
  shown(effect) {
    if (effect !== 'seen' && effect !== 'over') return;
    forgetStationLimit(limiting, line);
    showReached(limiting, line, effect === 'seen');
  },
});

/** Whether the line has to be told because something moved on its EVSE. */
const isDue = ({ memory, foreign, sink }: Limiting, { evse, sent, later }: Line): boolean => {
  const hasSession = sink.transaction(evse) !== undefined;
  if (later === 'no_car' && isPluggedIn(sink.connector(evse).status) === true) return true;
  if (later === 'no_session' && hasSession) return true;
  if (!sent) return false;
  return (
    foreign.isPresent(evse) || sent.profile.purpose === 'tx' || (memory.facts.limitForm?.purpose === 'tx' && hasSession)
  );
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
    async apply(evse, wish, { startBy, notAfter, since = clock.now() }, signal) {
      const line = lines.of(evse);
      const before = toldNow(line, clock.monotonic())?.currentA;
      Object.assign(line, { wish, since, notAfter });
      if (notAfter === Number.POSITIVE_INFINITY) line.refresh?.cancel();
      if (line.isSuspended) return { verified: false, reason: 'switching_phases' };
      try {
        const later = await inTurn(line, () => deliver(limiting, line, startBy, false));
        if (later !== undefined) return { verified: false, reason: later };
        const isResumed = before === 0 && (toldNow(line, clock.monotonic())?.currentA ?? 0) > 0;
        return await check.verify(lookAt(limiting, line, isResumed), signal);
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
      if (!isDue(limiting, line)) return;
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
    tick: () => watchLimits(limiting),
    async suspend(evse) {
      const line = lines.of(evse);
      line.isSuspended = true;
      await inTurn(line, () => deliver(limiting, line, Number.POSITIVE_INFINITY, true));
    },
    async letGo(evse) {
      const line = lines.of(evse);
      line.isSuspended = false;
      await inTurn(line, () => deliver(limiting, line, Number.POSITIVE_INFINITY, true));
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
