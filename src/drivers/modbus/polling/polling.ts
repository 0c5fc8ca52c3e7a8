/** The polling block: reads the device in its interval, and tells the samples of each poll. */
import type { Value } from '../../../model/reading.ts';
import type { DriverEvent, Sample } from '../../driver.ts';
import { textAt } from '../codec/decode.ts';
import type { DeviceContext, DeviceMessage, DriverBlock } from '../device/device-context.ts';
import type { DeviceStatus } from '../device/device-health.ts';
import { ModbusFailure } from '../failures.ts';
import type { ReadRequest } from '../messages.ts';
import { conditionsOf, type DerivedPoint, type Point, type PollGroup } from '../profiles/point.ts';
import { BitEvents } from './bit-events.ts';
import { BlockReader } from './block-reader.ts';
import { Guards } from './guards.ts';
import { type PollResult, resultOf } from './poll-result.ts';
import type { PollSchedule } from './poll-schedule.ts';
import type { PolledBlock, ReadOutcome } from './polled-block.ts';
import { Sampler } from './sampler.ts';

const never = Number.NEGATIVE_INFINITY;
const good: PollResult = { faults: [], finding: { kind: 'good' } };

/** @returns the outcome of a poll for a block whose response turned out to be in doubt before the poll was over */
const withDoubt = (outcome: ReadOutcome): ReadOutcome => {
  const { withdrawn } = outcome.polled;
  return withdrawn && !outcome.failure ? { ...outcome, failure: withdrawn } : outcome;
};

const isMadeFrom = (point: DerivedPoint, names: ReadonlySet<string>): boolean =>
  [...point.terms.map(({ name }) => name), ...conditionsOf(point).map((condition) => condition.point)].some((name) =>
    names.has(name),
  );

const hasOncePoints = ({ block }: PolledBlock): boolean => block.points.some(({ group }) => group === 'once');

/**
 * @param exponent of ten that the device gives for the point; undefined: none
 * @returns "5016: 0e10 0000", the words of a point in the order of their addresses, with "(10^-1)" behind them
 */
const rawWords = ({ words, table }: Point, { block, last }: PolledBlock, exponent: Value | undefined): string => {
  const addresses = [...words].sort((a, b) => a - b);
  const texts = addresses.map((address) => textAt(last, table, address - block.address)).join(' ');
  return `${addresses[0]}: ${texts}${typeof exponent === 'number' ? ` (10^${exponent})` : ''}`;
};

const answeredOf = (outcomes: ReadOutcome[]): Point[] =>
  outcomes.flatMap(({ polled, failure }) => (failure ? [] : polled.block.points));

const withdrawnEvent = (message: string): DriverEvent => ({ name: 'reading_withdrawn', severity: 'warning', message });

/** Polls one device. */
export class Polling implements DriverBlock {
  readonly #context: DeviceContext;
  readonly #schedule: PollSchedule;
  readonly #status: DeviceStatus;
  readonly #reader: BlockReader;
  readonly #sampler: Sampler;
  readonly #guards: Guards;
  readonly #bitEvents: BitEvents;
  /** Monotonic ms from which on the slow points are due. */
  #slowDueAt = never;
  /** The once points were read since the device last appeared. */
  #isIdentified = false;
  /** Requests of the current poll that were answered at the second attempt only, in words. */
  #repeated: string[] = [];

  constructor(context: DeviceContext, { schedule, status }: { schedule: PollSchedule; status: DeviceStatus }) {
    this.#context = context;
    this.#schedule = schedule;
    this.#status = status;
    this.#reader = new BlockReader(context);
    this.#sampler = new Sampler(context);
    this.#guards = new Guards(context);
    this.#bitEvents = new BitEvents(context, this.#sampler);
  }

  connected(): void {
    this.#reader.forget();
  }

  async tick(): Promise<void> {
    const { clock, hooks } = this.#context;
    const startedAt = clock.monotonic();
    const groups = this.#dueGroups(startedAt);
    this.#repeated = [];
    const read = await this.#reader.read(groups, this.#schedule.nextAt);
    if (this.#context.isClosed) return;
    const outcomes = this.#guards.check(read.map(withDoubt));
    const { faults, finding } = this.#resultOf(outcomes);
    if (finding) this.#planNext(startedAt, { groups, outcomes, isAnswering: finding.kind !== 'silent' });
    if (groups.includes('slow'))
      hooks.on({ kind: 'polled', answered: groups.includes('once') ? answeredOf(outcomes) : [] });
    if (finding) this.#status.update(finding);
    this.#context.sink.cycle({
      samples: this.#samplesOf(outcomes, ({ group }) => groups.includes(group)),
      durationMs: clock.monotonic() - startedAt,
      errors: [...new Set([...faults.map(({ message }) => message), ...this.#repeated])],
    });
    this.#bitEvents.tell();
  }

  on(message: DeviceMessage): void {
    if (message.kind === 'withdrawn') this.#onWithdrawn(message);
    else if (message.kind === 'repeated' && this.#reader.blockOf(message.request))
      this.#repeated.push(`${message.reason}; answered at the second attempt`);
  }

  /** @returns the words that each channel was last decoded from, for people who look for a mistake */
  inspect(): Map<number, string> {
    const words = new Map<number, string>();
    for (const polled of this.#reader.allBlocks())
      for (const point of polled.block.points) {
        const channel = this.#context.layout.channelOf.get(point);
        const { scaleFrom } = point.source;
        const exponent = scaleFrom === undefined ? undefined : this.#context.values.valueOf(scaleFrom);
        if (channel !== undefined && polled.isKnown) words.set(channel, rawWords(point, polled, exponent));
      }
    return words;
  }

  #resultOf(outcomes: ReadOutcome[]): PollResult {
    const isGood = outcomes.length > 0 && this.#reader.isWhole && outcomes.every(({ failure }) => !failure);
    return isGood ? good : resultOf(outcomes, this.#context, this.#reader);
  }

  #dueGroups(now: number): PollGroup[] {
    if (now < this.#slowDueAt) return ['fast'];
    return this.#isIdentified ? ['fast', 'slow'] : ['fast', 'slow', 'once'];
  }

  #planNext(
    startedAt: number,
    { groups, outcomes, isAnswering }: { groups: PollGroup[]; outcomes: ReadOutcome[]; isAnswering: boolean },
  ): void {
    if (groups.includes('once'))
      this.#isIdentified = !outcomes.some(({ polled, failure }) => failure && hasOncePoints(polled));
    // A device that was away may have been exchanged, and has to tell everything once more.
    this.#isIdentified &&= isAnswering;
    const isDisplaced = outcomes.some(({ failure }) => failure?.kind === 'displaced');
    if (!isAnswering || isDisplaced) this.#slowDueAt = never;
    else if (groups.includes('slow')) this.#slowDueAt = startedAt + this.#context.intervals.slowMs;
  }

  #samplesOf(outcomes: ReadOutcome[], isDue: (point: DerivedPoint) => boolean): Sample[] {
    const { values, clock } = this.#context;
    for (const { polled, failure } of outcomes) if (failure) values.fail(polled.block.points, failure);
    this.#sampler.settle(this.#reader.blocksOf('fast'), this.#reader.blocksOf('slow'));
    const samples: Sample[] = [];
    for (const { polled, ts } of outcomes) this.#sampler.sampleAll(polled.block.channels, ts, samples);
    samples.push(...this.#sampler.sampleDerived(isDue, clock.now()));
    return samples;
  }

  /** Takes back the readings of a block, whose response may have been that to another request. */
  #onWithdrawn({ request, reason }: { request: ReadRequest; reason: string }): void {
    const polled = this.#reader.blockOf(request);
    if (!polled) return;
    const { clock, sink } = this.#context;
    const failure = new ModbusFailure('malformed', reason);
    const lost = new Set(polled.block.points.map((point) => point.name));
    // The same points may be in another block by now.
    for (const other of [polled, ...this.#reader.allBlocks()])
      if (other.block.points.some((point) => lost.has(point.name))) other.isKnown = false;
    if (this.#schedule.isPolling) polled.withdrawn = failure;
    if (hasOncePoints(polled)) this.#isIdentified = false;
    this.#slowDueAt = never;
    sink.cycle({
      samples: this.#samplesOf([{ polled, failure, ts: clock.now() }], (point) => isMadeFrom(point, lost)),
      durationMs: 0,
      errors: [reason],
    });
    sink.event(withdrawnEvent(reason));
  }
}
