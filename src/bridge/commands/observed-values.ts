/** Values that show the effect of commands, or are their target: state of charge, power and current of a component. */
import type { Actuator, Channel, Cycle } from '../../drivers/driver.ts';
import type { Clock } from '../../model/time.ts';
import { componentKey } from '../../model/topic.ts';
import type { Readings } from '../readings/readings.ts';
import type { MeasuredValue } from './effect-watch.ts';

interface ObservedChannel {
  /** Index of the channel. */
  channel: number;
  component: string;
  quantity: string;
  part: string | undefined;
}

const observedQuantities = new Set(['soc', 'power', 'current']);

/** The channels of one device that show the effect of its commands. */
export class ObservedValues {
  readonly #readings: Readings;
  readonly #clock: Clock;
  #channels: ObservedChannel[] = [];

  constructor(readings: Readings, clock: Clock) {
    this.#readings = readings;
    this.#clock = clock;
  }

  /** Finds the channels of components that can be commanded. */
  update(channels: Channel[], actuators: Actuator[]): void {
    // A driver that tells the progress of a command needs nobody else to look.
    const told = new Set(actuators.filter(({ tellsProgress }) => tellsProgress).map(componentKey));
    const commanded = new Set(actuators.map(componentKey).filter((each) => !told.has(each)));
    this.#channels = channels.flatMap((each, channel) => {
      const { quantity, part } = each;
      const component = componentKey(each);
      return observedQuantities.has(quantity) && commanded.has(component)
        ? [{ channel, component, quantity, part }]
        : [];
    });
  }

  /** Whether a component can be commanded, and tells its state of charge. */
  hasSoc(component: string): boolean {
    return this.#channels.some((each) => each.quantity === 'soc' && each.component === component);
  }

  /** @returns the last values of a component that are good */
  last(component: string): MeasuredValue[] {
    return this.#channels.flatMap((each) => {
      const last = each.component === component ? this.#readings.lastGood(each.channel) : undefined;
      return last ? [this.#measured(each, last.value, last.ts)] : [];
    });
  }

  /** Tells each measured value of a cycle. An estimated value is no measurement, and proves nothing. */
  forEach({ samples }: Cycle, onMeasured: (component: string, measured: MeasuredValue) => void): void {
    for (const each of this.#channels)
      for (const { channel, value, ts, isEstimated } of samples)
        if (channel === each.channel && typeof value === 'number' && !isEstimated)
          onMeasured(each.component, this.#measured(each, value, ts));
  }

  /** The monotonic time is right even if the wall clock has been set since the measurement. */
  #measured({ quantity, part }: ObservedChannel, value: number, ts: number): MeasuredValue {
    const at = this.#clock.monotonic() - Math.max(0, this.#clock.now() - ts);
    return { quantity, value, ts, at, ...(part === undefined ? {} : { part }) };
  }
}
