/** Events of bit fields: one for each bit, active as long as the bit is set. */
import type { DriverEvent } from '../../driver.ts';
import type { DeviceContext } from '../device/device-context.ts';
import type { BitEvent, PointEvents } from '../profiles/event-schema.ts';
import type { Sampler } from './sampler.ts';

/** A bit field with the place of its number. */
interface BitField {
  index: number;
  name: string;
  events: PointEvents;
}

/** Severities of events that last, and are cleared; others are told once. */
const lasting: readonly BitEvent['severity'][] = ['warning', 'alarm', 'critical'];

const componentOf = ({ component }: PointEvents, instance: number): NonNullable<DriverEvent['component']> => {
  const [type = '', index] = component.replace('{i}', String(instance)).split('/');
  return { type, ...(index === undefined ? {} : { index: Number(index) }) };
};

const isSet = (bits: number, bit: number): boolean => Math.floor(bits / 2 ** bit) % 2 === 1;

/** Tells the events of one device. */
export class BitEvents {
  readonly #context: DeviceContext;
  readonly #sampler: Sampler;
  readonly #fields: readonly BitField[];

  constructor(context: DeviceContext, sampler: Sampler) {
    this.#context = context;
    this.#sampler = sampler;
    this.#fields = context.layout.points.flatMap(({ name, source: { events } }, index) =>
      events ? [{ index, name, events }] : [],
    );
  }

  /** Tells what has changed since the last poll. A field that could not be read, or tells nothing, has not changed. */
  tell(): void {
    const { values, toldBits } = this.#context;
    for (const field of this.#fields) {
      const bits = values.numbers[field.index] ?? Number.NaN;
      const told = toldBits.get(field.name) ?? 0;
      if (Number.isNaN(bits) || bits === told || this.#sampler.isMissing(field.index)) continue;
      toldBits.set(field.name, bits);
      this.#tellBits(field, bits, told);
    }
  }

  #tellBits(field: BitField, bits: number, told: number): void {
    const { sink, resolved } = this.#context;
    const { events, name } = field;
    for (let bit = 0; 2 ** bit <= Math.max(bits, told); bit++) {
      const [is, was] = [isSet(bits, bit), isSet(told, bit)];
      const event = events.bits[bit] ?? events.others;
      if (is === was || !event) continue;
      const lasts = lasting.includes(event.severity);
      if (!lasts && !is) continue;
      sink.event({
        component: componentOf(events, resolved.instance),
        name: event.name,
        severity: event.severity,
        code: `${name}.${bit}`,
        ...(lasts ? { state: is ? 'active' : 'cleared' } : {}),
      });
    }
  }
}
