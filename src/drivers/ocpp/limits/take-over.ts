/**
 * What others have left in a station: told of, because it may keep our limits from being in force, and cleared only as
 * far as that is ours to do. OCPP 2.x lists its profiles (K09); 1.6 can only be asked what holds in the end.
 */

import type { Clock, Timer } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import type { foreignPolicies } from '../codec/limits.ts';
import type { ForeignLimits } from '../forward/foreign.ts';
import { CallFailure } from '../link/link.ts';
import { createAlarms, setAlarm } from '../station/alarms.ts';
import { type Asker, isRefusal } from '../station/asking.ts';
import type { Memory } from '../station/memory.ts';
import type { Profile, StationEvent, StationRequest, StationResult } from '../words.ts';
import { disagreement } from './composite.ts';
import { type FoundProfile, isFloor, isOfSessions, isOurs, isRival, type OwnPlace, wordsOf } from './found-profiles.ts';

/**
 * once: cleared before the first limit of all, later ones are only told of. clear: whenever they are found. keep: never.
 * Limits of the station as a whole are the installer's, and always stay.
 */
export type ForeignPolicy = (typeof foreignPolicies)[number];

/** A limit of ours while it is in force. */
export interface Holding {
  evse: number;
  /** undefined: none, or not this one any more. */
  profile(): Profile | undefined;
  tellAgain(): Promise<unknown>;
}

export interface TakeOver {
  /** What lies in the station is asked for. @param signal the connection is over */
  survey(signal: AbortSignal): Promise<void>;
  /** OCPP 2.x K09: a part of the answer. */
  reported(event: Extract<StationEvent, { kind: 'profiles' }>): void;
  /** Before the first limit of all. @throws CallFailure */
  begin(): Promise<void>;
  /** A session runs under a limit of ours: is it in force? */
  holds(holding: Holding): void;
  /** Profiles of others that lie in it, in words. */
  others(): string[];
  /** The connection is new. */
  returned(): void;
  close(): void;
}

export interface TakeOverSink {
  evses(): number[];
  event(event: DriverEvent): void;
}

/** For an answer that nobody waits for, ms: others do. */
const patienceMs = 10_000;
/** All parts of a report, ms. */
const reportMs = 15_000;
/** Until a limit is in force, ms. */
const settleMs = 5000;
/** What was wrong is looked at again after this long, ms. */
const againMs = 600_000;
const alarm = 'foreign_profile';

export const createTakeOver = (
  policy: ForeignPolicy,
  asker: Asker,
  memory: Memory,
  foreign: ForeignLimits,
  clock: Clock,
  sink: TakeOverSink,
): TakeOver => {
  const alarms = createAlarms(sink.event);
  let requestId = Math.floor(clock.now() / 1000) % 2 ** 31;
  let open: { requestId: number; found: FoundProfile[]; done(): void } | undefined;
  let found: FoundProfile[] = [];
  /** 2.x that does not list its profiles is asked as 1.6 is. */
  let isListed = false;
  /** By EVSE, on this connection: when it was compared, monotonic ms. */
  const comparedAt = new Map<number, number>();
  const isWrong = new Set<number>();
  const timers = new Map<number, Timer>();

  /** One that was silent on a question is not asked it again until its firmware is another. */
  const ask = async (request: StationRequest): Promise<StationResult | undefined> => {
    const { boot, silent } = memory.facts;
    const firmware = boot?.firmware ?? '';
    const kinds = silent?.firmware === firmware ? silent.kinds : [];
    if (kinds.includes(request.kind)) return undefined;
    try {
      return await asker.ask(request, { timeoutMs: patienceMs });
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      if (error.kind === 'timeout') memory.note({ silent: { firmware, kinds: [...kinds, request.kind] } });
      return undefined;
    }
  };

  const isDone = (result: StationResult | undefined): boolean =>
    result?.status === 'accepted' || result?.status === 'done';

  const tell = (evse: number, what: string | undefined): void =>
    setAlarm(alarms, evse, alarm, policy === 'keep' ? 'info' : 'warning', what);

  /** Ours as it lies, or as it will be tried first. */
  const placeOf = (evse: number): OwnPlace => {
    const { limitForm, maxStackLevel = 0 } = memory.facts;
    return { evse, purpose: limitForm?.purpose ?? 'tx_default', stackLevel: limitForm?.stackLevel ?? maxStackLevel };
  };

  /** One of the station as a whole is the installer's, unless we know that we have set it. */
  const isOwn = (each: FoundProfile): boolean =>
    isFloor(each) ||
    (isOurs(each) && (isOfSessions(each) || Object.values(memory.facts.limitIds ?? {}).includes(each.id)));

  const rivalsOn = (evse: number): FoundProfile[] =>
    found.filter((each) => !isOwn(each) && !foreign.holds(each.id) && isRival(each, placeOf(evse)));

  const judge = (): void => {
    for (const evse of sink.evses()) {
      const rivals = rivalsOn(evse);
      tell(
        evse,
        rivals.length === 0 ? undefined : `another profile limits this station: ${rivals.map(wordsOf).join('; ')}`,
      );
    }
  };

  const clear = async (cleared: FoundProfile[]): Promise<void> => {
    for (const each of cleared)
      if (isDone(await ask({ kind: 'clear_profile', id: each.id }))) found = found.filter((other) => other !== each);
  };

  /** One profile of ours for each EVSE is enough; where the store was lost, the first is taken for the one in use. */
  const leftovers = (): FoundProfile[] => {
    const { limitIds = {} } = memory.facts;
    const known = { ...limitIds };
    const old = found
      .filter((each) => isOurs(each) && isOfSessions(each))
      .filter(({ id, evse }) => {
        const place = String(evse);
        known[place] ??= id;
        return known[place] !== id;
      });
    memory.note({ limitIds: known });
    return old;
  };

  const list = async (signal: AbortSignal): Promise<FoundProfile[] | undefined> => {
    requestId++;
    const whole = new Promise<void>((resolve) => {
      open = { requestId, found: [], done: resolve };
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const result = await ask({ kind: 'get_profiles', requestId });
    if (!isDone(result)) return /^NoProfiles$/i.test(result?.raw ?? '') ? [] : undefined;
    const timer = clock.after(reportMs, () => open?.done());
    await whole;
    timer.cancel();
    return signal.aborted ? undefined : open?.found;
  };

  /** Where only the sum is known: whose it is, it does not say. */
  const compare = async (holding: Holding): Promise<void> => {
    const { evse } = holding;
    const profile = holding.profile();
    if (!profile) return;
    comparedAt.set(evse, clock.monotonic());
    const asked = await ask({ kind: 'composite_schedule', evse, durationS: 60, unit: profile.unit });
    if (!asked?.schedule || holding.profile() !== profile) return;
    const what = disagreement(profile, asked.schedule);
    if (what !== undefined && policy === 'clear' && !isWrong.has(evse)) {
      isWrong.add(evse);
      for (const purpose of ['tx', 'tx_default'] as const) await ask({ kind: 'clear_profile', evse, purpose });
      await holding.tellAgain();
      return;
    }
    if (what === undefined) isWrong.delete(evse);
    else isWrong.add(evse);
    tell(evse, what);
  };

  return {
    async survey(signal) {
      if (asker.version() === '1.6') return;
      const listed = await list(signal);
      open = undefined;
      isListed = listed !== undefined;
      if (!listed) return;
      found = listed;
      await clear(leftovers());
      if (policy === 'clear')
        await clear(
          sink
            .evses()
            .flatMap(rivalsOn)
            .filter(isOfSessions)
            .filter((each, i, all) => all.indexOf(each) === i),
        );
      judge();
    },
    reported({ requestId: id, isLast, evse, source, profiles }) {
      if (open?.requestId !== id) return;
      open.found.push(...profiles.map((profile) => ({ ...profile, evse, source })));
      if (isLast) open.done();
    },
    async begin() {
      if (policy === 'keep' || memory.facts.isTakenOver) return;
      for (const purpose of ['tx', 'tx_default'] as const)
        try {
          await asker.ask({ kind: 'clear_profile', purpose });
        } catch (error) {
          if (!isRefusal(error)) throw error;
        }
      memory.note({ isTakenOver: true });
      found = found.filter((each) => !isOfSessions(each));
      judge();
    },
    holds(holding) {
      const { evse } = holding;
      const at = comparedAt.get(evse);
      const isDue = at === undefined || (isWrong.has(evse) && clock.monotonic() - at >= againMs);
      if (isListed || !isDue || timers.has(evse)) return;
      timers.set(
        evse,
        clock.after(settleMs, () => {
          timers.delete(evse);
          void compare(holding).catch(() => {});
        }),
      );
    },
    others: () => found.filter((each) => !isOwn(each)).map(wordsOf),
    returned() {
      open?.done();
      open = undefined;
      isListed = false;
      comparedAt.clear();
      isWrong.clear();
    },
    close() {
      for (const timer of timers.values()) timer.cancel();
    },
  };
};
