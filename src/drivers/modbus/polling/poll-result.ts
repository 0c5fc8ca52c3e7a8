/** The result of one poll: whether the device answers, all of it or a part, and what is wrong in words. */
import type { DeviceContext } from '../device/device-context.ts';
import type { PollFinding } from '../device/device-health.ts';
import { isIllegalRequest, type ModbusFailure, provesAlive } from '../failures.ts';
import type { BlockReader } from './block-reader.ts';
import type { ReadOutcome } from './polled-block.ts';

/** The result of one poll. */
export interface PollResult {
  /** Failures that are faults of the device or its connection. */
  faults: ModbusFailure[];
  /** undefined if nothing was asked, because everything that fails waits for its time. */
  finding: PollFinding | undefined;
}

/** @param optional names of points whose refusal is no fault */
const faultsOf = (outcomes: ReadOutcome[], optional: ReadonlySet<string>): ModbusFailure[] =>
  outcomes.flatMap(({ polled, failure }) => {
    const isExpected = isIllegalRequest(failure) && polled.block.points.every(({ name }) => optional.has(name));
    return failure && !isExpected ? [failure] : [];
  });

/** With polls further apart than this, a silent device is called offline without waiting for another poll, ms. */
const farMs = 60_000;

const silentFinding = (failure: ModbusFailure, { bus, unit, intervals }: DeviceContext): PollFinding => {
  const { intervalMs } = intervals;
  const { isDead, retryMs } = bus.health(unit);
  const link = bus.linkState();
  return {
    kind: 'silent',
    reason: failure.message,
    retryMs: link.kind === 'waiting' ? link.retryMs : retryMs || intervalMs,
    isGone: isDead || link.kind !== 'open' || intervalMs > farMs,
  };
};

const findingOf = (
  { outcomes, faults }: { outcomes: ReadOutcome[]; faults: ModbusFailure[] },
  context: DeviceContext,
  reader: BlockReader,
): PollFinding | undefined => {
  const isAnswering = faults.length < outcomes.length || faults.some(provesAlive);
  const [first] = faults;
  if (first && !isAnswering) return silentFinding(first, context);
  const failure = first ?? reader.failure();
  if (failure) return { kind: 'partly', reason: failure.message, isLasting: false };
  const absent = (context.absent?.names() ?? []).filter((name) => !context.layout.optional.has(name));
  if (absent.length > 0) return { kind: 'partly', reason: `the device refuses ${absent.join(', ')}`, isLasting: true };
  return outcomes.length === 0 ? undefined : { kind: 'good' };
};

/** @returns the result of a poll in which something failed, or of a device that lacks something */
export const resultOf = (outcomes: ReadOutcome[], context: DeviceContext, reader: BlockReader): PollResult => {
  const faults = faultsOf(outcomes, context.layout.optional);
  return { faults, finding: findingOf({ outcomes, faults }, context, reader) };
};
