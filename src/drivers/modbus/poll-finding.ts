/** What one poll says of its device: whether it answers, all of it or a part, and what is wrong in words. */
import { type BlockReader, isRefusal, type ReadOutcome } from './block-reader.ts';
import type { Bus } from './bus.ts';
import { provesLife } from './bus-unit.ts';
import type { PollFinding } from './device-health.ts';
import type { ModbusFailure } from './request.ts';
import type { ResolvedProfile } from './resolve.ts';

/** Points that not every device of the family has: that they are refused is no fault. */
export const optionalPoints = ({ points, derived }: Pick<ResolvedProfile, 'points' | 'derived'>): Set<string> =>
  new Set([
    ...points.filter(({ source }) => source.optional).map(({ name }) => name),
    ...derived.flatMap(({ kind, terms }) => (kind === 'first' ? terms.map(({ name }) => name) : [])),
  ]);

/** @param mayLack names of points whose refusal is no fault */
export const faultsOf = (outcomes: ReadOutcome[], mayLack: ReadonlySet<string>): ModbusFailure[] =>
  outcomes.flatMap(({ compiled, failure }) => {
    const isExpected = isRefusal(failure) && compiled.block.points.every(({ name }) => mayLack.has(name));
    return failure && !isExpected ? [failure] : [];
  });

/** Where polls are further apart than this, a device without an answer is not called online until the next one, ms. */
const farMs = 60_000;

interface Polled {
  bus: Bus;
  unit: number;
  reader: BlockReader;
  mayLack: ReadonlySet<string>;
  intervalMs: number;
}

/**
 * @param failures of the outcomes, those that are no fault left out
 * @returns undefined where nothing was asked, because what fails waits for its time
 */
export const findingOf = (
  outcomes: ReadOutcome[],
  failures: ModbusFailure[],
  { bus, unit, reader, mayLack, intervalMs }: Polled,
): PollFinding | undefined => {
  const isAnswering = failures.length < outcomes.length || failures.some(provesLife);
  const [first] = failures;
  if (first && !isAnswering) {
    const { isDead, retryMs } = bus.health(unit);
    const link = bus.linkState();
    return {
      kind: 'silent',
      reason: first.message,
      retryMs: link.kind === 'waiting' ? link.retryMs : retryMs || intervalMs,
      isGone: isDead || link.kind !== 'open' || intervalMs > farMs,
    };
  }
  const failure = first ?? reader.failure();
  if (failure) return { kind: 'partly', reason: failure.message, isLasting: false };
  const absent = reader.absent().filter((name) => !mayLack.has(name));
  if (absent.length > 0) return { kind: 'partly', reason: `the device refuses ${absent.join(', ')}`, isLasting: true };
  return outcomes.length === 0 ? undefined : { kind: 'good' };
};
