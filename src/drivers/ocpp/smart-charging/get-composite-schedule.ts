/**
 * GetCompositeSchedule (OCPP 1.6 §5.7) as a command, and asked from here to see whether a limit of ours is
 * in force: the only question about foreign profiles that 1.6 has. The answer does not say whose limit it is.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { describeVerbs } from '../block-commands.ts';
import type { ChargingProfile, StationResult } from '../messages.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';
import type { AskStation } from './ask-station.ts';
import { clearTransactionProfiles } from './clear-charging-profile.ts';

/** On each EVSE, and of the station as a whole. */
export const scheduleCommands = describeVerbs({
  get_composite_schedule: {
    duration_s: { unit: 's', min: 1, max: 604_800 },
    unit: { choices: ['A', 'W'], isOptional: true },
  },
});

/** Asks what the station will allow for a time, by all of its profiles. @throws CommandFailure, CallFailure */
export const getCompositeSchedule = async (
  { calls }: Station,
  { evse, params, startBy }: StationCommand,
): Promise<Applied> => {
  const { unit } = params;
  const result = await sendCommand(
    calls,
    {
      kind: 'composite_schedule',
      evse,
      durationS: Number(params.duration_s),
      ...(unit === 'A' || unit === 'W' ? { unit } : {}),
    },
    { startBy },
  );
  if (!result.schedule) return { verified: false, reason: 'no_readback', values: shownStatus(result) };
  const { unit: told, periods } = result.schedule;
  const key = told === 'A' ? 'current_a' : 'power_w';
  const schedule = periods.map(({ startS, limit }) => ({ start_s: startS, [key]: limit }));
  return { verified: true, by: 'register', values: { ...shownStatus(result), schedule } };
};

/** A limit of ours that should be in force. */
export interface AppliedLimit {
  evse: number;
  /** undefined: there is none any more. */
  profile(): ChargingProfile | undefined;
  setAgain(): Promise<unknown>;
}

interface CompositeScheduleContext {
  ask: AskStation;
  clock: Clock;
  /** Foreign profiles are cleared where the schedule is not ours. */
  clearsForeign: boolean;
  /** @param what in words, why our limit is not in force; undefined: it is */
  onCompared(evse: number, what: string | undefined): void;
}

/** Until a limit is in force, ms. */
const settleMs = 5000;
/** Until a schedule that was not ours is asked for again, ms. */
const againMs = 600_000;
/** Length of the schedule that is asked for, s. */
const durationS = 60;
/** Stations round: a part of the limit, and at least this much. */
const tolerances = { A: 0.5, W: 100 } as const;
const toleranceShare = 0.02;

/** @returns in words; undefined where they agree, or where the schedule says nothing that can be compared */
const describeDeviation = (
  { unit, periods: ours }: ChargingProfile,
  schedule: NonNullable<StationResult['schedule']>,
): string | undefined => {
  const limit = ours[0]?.limit;
  // Some stations answer with an empty list, or with -1, which the codec leaves out.
  const now = schedule.periods.find(({ startS }) => startS === 0)?.limit;
  if (limit === undefined || now === undefined || schedule.unit !== unit) return undefined;
  if (Math.abs(now - limit) <= Math.max(tolerances[unit], limit * toleranceShare)) return undefined;
  return now > limit
    ? `another profile goes before ours: the station allows ${now} ${unit} and was told ${limit} ${unit}`
    : `another profile limits this station, or a setting of its own: it allows ${now} ${unit} and was told ${limit} ${unit}`;
};

/** Compares the composite schedules of one station with our limits. */
export class CompositeScheduleCheck {
  private readonly context: CompositeScheduleContext;
  /** The last comparison on this connection by EVSE, monotonic ms. */
  private readonly comparedAt = new Map<number, number>();
  private readonly deviating = new Set<number>();
  private readonly timers = new Map<number, Timer>();

  constructor(context: CompositeScheduleContext) {
    this.context = context;
  }

  /** Compares once per connection, and again from time to time where the schedule was not ours. */
  check(limit: AppliedLimit): void {
    const { clock } = this.context;
    const { evse } = limit;
    const at = this.comparedAt.get(evse);
    const isDue = at === undefined || (this.deviating.has(evse) && clock.monotonic() - at >= againMs);
    if (!isDue || this.timers.has(evse)) return;
    const timer = clock.after(settleMs, () => {
      this.timers.delete(evse);
      void this.compare(limit).catch(() => {});
    });
    this.timers.set(evse, timer);
  }

  /** Whether the schedule was not ours when it was last compared on this connection. */
  isDeviating(evse: number): boolean {
    return this.deviating.has(evse);
  }

  onConnected(): void {
    this.comparedAt.clear();
    this.deviating.clear();
  }

  close(): void {
    for (const timer of this.timers.values()) timer.cancel();
  }

  private async compare(limit: AppliedLimit): Promise<void> {
    const { ask, clock, clearsForeign, onCompared } = this.context;
    const { evse } = limit;
    const profile = limit.profile();
    if (!profile) return;
    this.comparedAt.set(evse, clock.monotonic());
    const result = await ask({ kind: 'composite_schedule', evse, durationS, unit: profile.unit });
    if (!result?.schedule || limit.profile() !== profile) return;
    const what = describeDeviation(profile, result.schedule);
    const isNew = what !== undefined && !this.deviating.has(evse);
    if (what === undefined) this.deviating.delete(evse);
    else this.deviating.add(evse);
    if (clearsForeign && isNew) {
      await clearTransactionProfiles(ask, evse);
      await limit.setAgain();
      return;
    }
    onCompared(evse, what);
  }
}
