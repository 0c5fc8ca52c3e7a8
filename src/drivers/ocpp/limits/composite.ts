/** What a station says that holds in the end (GetCompositeSchedule, OCPP 1.6 §5.7), beside what it was told. */
import type { Profile, StationResult } from '../words.ts';

type Schedule = NonNullable<StationResult['schedule']>;

/** Stations round: a part of the limit, and at least so much. */
const tolerances = { A: 0.5, W: 100 } as const;
const share = 0.02;

/** @returns in words; undefined where they agree, or where it says nothing that can be compared */
export const disagreement = ({ unit, periods: told }: Profile, schedule: Schedule): string | undefined => {
  const limit = told[0]?.limit;
  // Empty lists and -1 (left out by the codec) are the habit of some.
  const now = schedule.periods.find(({ startS }) => startS === 0)?.limit;
  if (limit === undefined || now === undefined || schedule.unit !== unit) return undefined;
  if (Math.abs(now - limit) <= Math.max(tolerances[unit], limit * share)) return undefined;
  return now > limit
    ? `another profile goes before ours: the station allows ${now} ${unit} and was told ${limit} ${unit}`
    : `another profile limits this station, or a setting of its own: it allows ${now} ${unit} and was told ${limit} ${unit}`;
};
