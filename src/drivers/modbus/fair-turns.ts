/** Whose turn it is on a bus: writes first, then whoever has used the least of its time. */
import type { Job, Unit } from './bus-unit.ts';
import { isWrite } from './request.ts';

type Units = ReadonlyMap<number, Unit>;

const hasWrite = ({ queue: [first] }: Unit): boolean => first !== undefined && isWrite(first.request);

const goesBefore = (a: Unit, b: Unit): boolean => (hasWrite(a) === hasWrite(b) ? a.used < b.used : hasWrite(a));

/** @returns the unit whose turn it is, or how long until one may be asked */
export const nextUnit = (units: Units, now: number): { unit?: Unit; waitMs: number } => {
  let best: Unit | undefined;
  let waitMs = Number.POSITIVE_INFINITY;
  for (const unit of units.values()) {
    if (unit.queue.length === 0 || unit.inFlight >= unit.limits.maxInFlight) continue;
    if (unit.freeAt > now) waitMs = Math.min(waitMs, unit.freeAt - now);
    else if (!best || goesBefore(unit, best)) best = unit;
  }
  return best ? { unit: best, waitMs: 0 } : { waitMs };
};

/** A unit that was idle does not get to catch up on the time it did not use. */
const joinFairly = (units: Units, unit: Unit): void => {
  let least = Number.POSITIVE_INFINITY;
  for (const other of units.values())
    if (other !== unit && (other.queue.length > 0 || other.inFlight > 0)) least = Math.min(least, other.used);
  if (least < Number.POSITIVE_INFINITY) unit.used = Math.max(unit.used, least);
};

/** Behind the writes that wait already, before the reads. */
export const enqueue = (units: Units, unit: Unit, job: Job): void => {
  if (unit.queue.length === 0 && unit.inFlight === 0) joinFairly(units, unit);
  const firstRead = isWrite(job.request) ? unit.queue.findIndex(({ request }) => !isWrite(request)) : -1;
  if (firstRead < 0) unit.queue.push(job);
  else unit.queue.splice(firstRead, 0, job);
};
