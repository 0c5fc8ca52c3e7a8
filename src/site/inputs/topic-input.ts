/** The readings of one topic of a site: each gets its place in time, and implausible power is kept out. */
import type { Message } from '../../model/message.ts';
import type { Use, WantedTopic } from '../sources/composition.ts';
import type { Source } from '../sources/sources.ts';
import type { DeviceClock } from './device-clock.ts';
import { type Assessment, type DroppedSamples, PowerPlausibility } from './power-plausibility.ts';
import { type OrderContext, type Place, SampleOrder } from './sample-order.ts';

/** A reading of a topic that a site uses. */
export type Reading = Message<'reading/1'>;

/** A device with its clock. */
export interface ClockedDevice {
  device: string;
  gateway?: string;
  clock: DeviceClock;
  /** Topics of the device that the site uses. */
  topics: Set<string>;
  /** Lead of the device's clock, s, where it was so large that the publisher replaced its times by those of reception. */
  aheadS?: number | undefined;
}

/** A reading that has found its place. */
export interface PlacedReading {
  reading: Reading;
  /** Time of measurement, monotonic ms. */
  at: number;
  place: Place;
  uses: Use[];
  /** The reading comes late, or the clock of its device is behind: nobody knows which. */
  isUnsure: boolean;
}

/** Receives the readings of all topics. */
export interface InputSink {
  take(placed: PlacedReading): void;
  /** The readings that were taken of a topic were measured so many ms later than was thought. */
  move(topic: string, uses: Use[], ms: number): void;
  /** Samples of power were dropped. */
  dropped(topic: string, dropped: DroppedSamples): void;
  /** The power of a topic stays above its largest plausible one. */
  above(topic: string, w: number, maxPowerW: number): void;
}

/** Smallest tolerance of a lag, ms: no delay of a network where a device is read often. */
const leastBehindMs = 2000;
const mostBehindMs = 10_000;

/** @returns ms by which a topic may be told later than measured without its clock being in doubt */
const toleranceOf = ({ intervalMs, maxAgeMs }: WantedTopic): number =>
  Math.max(leastBehindMs, Math.min(Math.max(mostBehindMs, 1.5 * intervalMs), maxAgeMs / 2));

/** Context that the topics of one site share. */
export interface InputContext {
  sink: InputSink;
  /** Moves the times of all topics of a device by so many ms. */
  moveDevice(device: ClockedDevice, ms: number): void;
  /** @returns the largest power that a topic showed in an earlier run, W */
  savedHighW(topic: string): number | undefined;
}

/** One topic of a site. */
export class TopicInput implements OrderContext<Reading> {
  readonly topic: string;
  readonly device: ClockedDevice;
  readonly clock: DeviceClock;
  intervalMs = 0;
  behindMs = 0;
  ours: number;
  readonly #context: InputContext;
  readonly #order: SampleOrder<Reading>;
  #uses: Use[] = [];
  /** The source whose power the topic is. */
  #source: Source | undefined;
  #plausibility: PowerPlausibility<Reading> | undefined;

  /** @param ours lead of a reading without delay, were the clock of the device that of this runtime, ms */
  constructor(topic: string, device: ClockedDevice, { ours, context }: { ours: number; context: InputContext }) {
    this.topic = topic;
    this.device = device;
    this.clock = device.clock;
    this.ours = ours;
    this.#context = context;
    this.#order = new SampleOrder(this);
  }

  /** Largest power that the topic has shown, W; undefined where it is no power. */
  get highW(): number | undefined {
    return this.#plausibility?.highW;
  }

  /** Takes what meta says of the topic. */
  describe(wanted: WantedTopic, uses: Use[]): void {
    this.intervalMs = wanted.intervalMs;
    this.behindMs = toleranceOf(wanted);
    this.#uses = uses;
    this.#source = uses.find(({ kind }) => kind === 'power')?.source;
    if (this.#source) this.#plausibility ??= new PowerPlausibility(this.#context.savedHighW(this.topic));
  }

  /**
   * Takes a reading.
   * @param ts time of measurement by the clock of the device, ms since 1970
   * @param receivedAt monotonic ms
   */
  take(reading: Reading, ts: number, receivedAt: number): void {
    const { seq, boot, late } = reading;
    this.#order.place(reading, { ts, receivedAt, seq, boot, isLate: late === true });
  }

  /** All topics of a device have the times of its clock. */
  move(ms: number): void {
    this.#context.moveDevice(this.device, ms);
  }

  /** Moves the times of this topic alone by so many ms. */
  moveTimes(ms: number): void {
    this.#order.move(ms);
    this.#plausibility?.move(ms);
    this.#context.sink.move(this.topic, this.#uses, ms);
  }

  /** Takes a reading that has found its place; late power that is implausible is dropped. */
  deliver(reading: Reading, at: number, place: Place): void {
    const { value } = reading;
    const source = this.#source;
    const plausibility = this.#plausibility;
    if (!plausibility || !source || typeof value !== 'number') this.#pass(reading, at, place);
    else if (place === 'late') {
      if (plausibility.isPlausible(value, source.limit)) this.#pass(reading, at, place);
    } else if (plausibility.accepts(value, source.limit)) this.#pass(reading, at, place);
    else this.#handle(plausibility.assess({ w: value, at, item: reading }, source.limit), reading, at);
  }

  #handle({ isBelieved, isAbove, confirmed, dropped }: Assessment<Reading>, reading: Reading, at: number): void {
    const { sink } = this.#context;
    if (dropped) sink.dropped(this.topic, dropped);
    if (isAbove && this.#source) sink.above(this.topic, Number(reading.value), this.#source.limit.maxPowerW);
    for (const held of confirmed ?? []) this.#pass(held.item, held.at, 'newest');
    if (isBelieved) this.#pass(reading, at, 'newest');
  }

  #pass(reading: Reading, at: number, place: Place): void {
    const isUnsure = this.clock.isCorrected && this.clock.offset < this.ours;
    this.#context.sink.take({ reading, at, place, uses: this.#uses, isUnsure });
  }
}
