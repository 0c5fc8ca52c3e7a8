/** The identity block: vendor, model, serial number, firmware and ratings, as the device tells them in its registers. */
import type { Value } from '../../../model/reading.ts';
import type { DeviceDescription } from '../../driver.ts';
import { ratingOf } from '../profiles/identity-fields.ts';
import type { Point } from '../profiles/point.ts';
import type { DeviceContext, DeviceMessage, DriverBlock } from './device-context.ts';
import { describeDevice } from './device-description.ts';

/** @returns undefined for a code that the profile has no word for: the title of the profile tells more than a number */
const textOf = ({ source }: Point, value: Value): string | undefined =>
  source.enum && !Object.values(source.enum).includes(String(value)) ? undefined : String(value);

/** @param read the value of a point; null if the device tells none */
const identityOf = (points: readonly Point[], read: (point: Point) => Value): Partial<DeviceDescription> => {
  const identity: Partial<DeviceDescription> = {};
  for (const point of points) {
    const field = point.source.identity;
    const value = field === undefined ? null : read(point);
    if (field === undefined || value === null) continue;
    if (field === 'rated_power_w' || field === 'usable_energy_wh') {
      const rating = ratingOf(point);
      if (rating && typeof value === 'number' && value > 0) identity[rating.key] = value * rating.factor;
      continue;
    }
    const text = textOf(point, value);
    if (text !== undefined) identity[field] = text;
  }
  return identity;
};

/** Describes the device, and tells the bridge when the description changes. */
export class DeviceIdentity implements DriverBlock {
  readonly #context: DeviceContext;
  readonly #described: DeviceDescription;
  #identity: Partial<DeviceDescription> = {};

  constructor(context: DeviceContext) {
    this.#context = context;
    this.#described = describeDevice(context.layout, context, context.intervals);
  }

  /** The description of the profile, with all that the device has told of itself. */
  get description(): DeviceDescription {
    return { ...this.#described, ...this.#identity };
  }

  on(message: DeviceMessage): void {
    if (message.kind !== 'polled' || message.answered.length === 0) return;
    const { values, sink } = this.#context;
    const before = JSON.stringify(this.#identity);
    this.#identity = { ...this.#identity, ...identityOf(message.answered, ({ name }) => values.valueOf(name)) };
    if (JSON.stringify(this.#identity) !== before) sink.described();
  }
}
