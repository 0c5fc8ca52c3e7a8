/** The sampler: the values of a poll as samples of the model; null with a reason for a value that is not there. */
import type { Sample } from '../../driver.ts';
import { shortestDecimal } from '../codec/decode.ts';
import type { DerivedPoint } from '../profiles/point.ts';
import { DerivedValues } from './derived-values.ts';
import { PointKnowledge, type ReadBlock, type SampledDevice } from './point-knowledge.ts';

/** Makes the samples of one device. */
export class Sampler {
  readonly #device: SampledDevice;
  readonly #knowledge: PointKnowledge;
  readonly #derivedValues: DerivedValues;
  /** The device is awake and everything could be read, so that the decoded numbers count as they are. */
  #isUsual = true;

  constructor(device: SampledDevice) {
    this.#device = device;
    this.#knowledge = new PointKnowledge(device);
    this.#derivedValues = new DerivedValues(device.layout.derived, this.#knowledge);
  }

  /**
   * Takes the end of a poll into account, before its samples are made.
   * @param fast blocks that were read in this poll
   * @param slow blocks that were read in this poll or before
   */
  settle(fast: readonly ReadBlock[], slow: readonly ReadBlock[]): void {
    const { layout, values } = this.#device;
    const isAsleep = layout.aliveIndices.length > 0 && this.#knowledge.settle(fast, slow);
    this.#isUsual = !isAsleep && !values.hasFailures;
  }

  /**
   * Samples the channels of a block.
   * @param ts wall clock, ms since 1970
   * @param into receives the samples
   */
  sampleAll(channels: readonly number[], ts: number, into: Sample[]): void {
    const { pointIndex, isPlain, floatFactor, min, max } = this.#device.layout.columns;
    const { numbers } = this.#device.values;
    const isUsual = this.#isUsual;
    for (const channel of channels) {
      // Nearly every value of nearly every poll is a number within its range.
      if (isUsual && isPlain[channel] === 1) {
        const decoded = numbers[pointIndex[channel] as number] as number;
        const factor = floatFactor[channel] as number;
        const value = factor === 0 ? decoded : shortestDecimal(decoded, factor);
        if (value >= (min[channel] as number) && value <= (max[channel] as number)) {
          into.push({ channel, value, ts });
          continue;
        }
      }
      into.push(this.sample(channel, ts));
    }
  }

  /** Whether the point at a place has no value that counts. */
  isMissing(index: number): boolean {
    return this.#knowledge.missingReason(index) !== undefined;
  }

  /** @param ts wall clock, ms since 1970 */
  sample(channel: number, ts: number): Sample {
    const { pointIndex, isPlain, floatFactor, min, max, isLifetimeCounter } = this.#device.layout.columns;
    const index = pointIndex[channel] as number;
    const missing = this.#knowledge.missingReason(index);
    if (missing !== undefined) return { channel, value: null, ts, reason: missing };
    if (isPlain[channel] === 0) {
      const reason =
        this.#knowledge.exclusionReason(index) ??
        this.#knowledge.voidReason(this.#device.layout.channelPoints[channel]?.source.voidWhile);
      if (reason !== undefined) return { channel, value: null, ts, reason };
      const value = this.#device.values.valueAt(index);
      if (typeof value !== 'number')
        return value === null ? { channel, value, ts, reason: 'sentinel' } : { channel, value, ts };
    }
    const decoded = this.#device.values.numbers[index] as number;
    if (Number.isNaN(decoded)) return { channel, value: null, ts, reason: 'sentinel' };
    const factor = floatFactor[channel] as number;
    const value = factor === 0 ? decoded : shortestDecimal(decoded, factor);
    if (value < (min[channel] as number) || value > (max[channel] as number))
      return { channel, value: null, ts, reason: 'out_of_range', raw: String(value) };
    if (value === 0 && this.#knowledge.isAsleep && isLifetimeCounter[channel] === 1)
      return { channel, value: null, ts, reason: 'sentinel' };
    return { channel, value, ts };
  }

  /**
   * Samples derived points.
   * @param isDue whether anything was read that the point is made from
   * @param ts wall clock, ms since 1970
   */
  sampleDerived(isDue: (point: DerivedPoint) => boolean, ts: number): Sample[] {
    const samples: Sample[] = [];
    for (const derived of this.#device.layout.derived)
      if (isDue(derived.point)) samples.push(this.#derivedValues.sample(derived, ts));
    return samples;
  }
}
