/** Events of bit fields: one for each bit, active as long as the bit is set. */
import type { DriverEvent } from '../../driver.ts';
import type { DeviceContext } from '../device/device-context.ts';
import type { BitEvent, PointEvents } from '../profiles/event-schema.ts';
import type { ResolvedProfile } from '../profiles/resolve-profile.ts';
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

interface BitChange {
  name: string;
  events: PointEvents;
  instance: number;
  bits: number;
  /** Bits that were told before. */
  told: number;
}

/** @returns an event for each bit that has changed */
const changedBits = ({ name, events, instance, bits, told }: BitChange): DriverEvent[] => {
  const changed: DriverEvent[] = [];
  for (let bit = 0; 2 ** bit <= Math.max(bits, told); bit++) {
    const [is, was] = [isSet(bits, bit), isSet(told, bit)];
    const event = events.bits[bit] ?? events.others;
    if (is === was || !event) continue;
    const lasts = lasting.includes(event.severity);
    if (!lasts && !is) continue;
    changed.push({
      component: componentOf(events, instance),
      name: event.name,
      severity: event.severity,
      code: `${name}.${bit}`,
      ...(lasts ? { state: is ? 'active' : 'cleared' } : {}),
    });
  }
  return changed;
};

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
    const { values, toldBits, sink, resolved } = this.#context;
    for (const { index, name, events } of this.#fields) {
      const bits = values.numbers[index] ?? Number.NaN;
      const told = toldBits.get(name) ?? 0;
      if (Number.isNaN(bits) || bits === told || this.#sampler.isMissing(index)) continue;
      toldBits.set(name, bits);
      for (const event of changedBits({ name, events, instance: resolved.instance, bits, told })) sink.event(event);
    }
  }
}

/**
 * Ends the events of bit fields that a profile has, and the one after it has not: nobody would ever clear them.
 * @param told bits that were told, by the name of their point; those of the fields that end are forgotten
 * @returns the events that clear them
 */
export const endLostEvents = (
  before: ResolvedProfile,
  after: ResolvedProfile,
  told: Map<string, number>,
): DriverEvent[] => {
  const kept = new Set(after.points.flatMap(({ name, source: { events } }) => (events ? [name] : [])));
  return before.points.flatMap(({ name, source: { events } }) => {
    const bits = told.get(name);
    if (!events || bits === undefined || kept.has(name)) return [];
    told.delete(name);
    return changedBits({ name, events, instance: before.instance, bits: 0, told: bits });
  });
};
