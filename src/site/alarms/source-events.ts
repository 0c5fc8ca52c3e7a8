/** Events of the sources of a site: what their counters and powers do out of the ordinary. */
import { roundTo } from '../../common/round.ts';
import type { CounterEventSink, CounterNews, CounterTrustEvent } from '../energy/energy-sink.ts';
import type { DroppedSamples } from '../inputs/power-plausibility.ts';
import type { SiteEvents } from './site-events.ts';

/** Time between two events of implausible samples of one topic, ms. */
const droppedEveryMs = 600_000;

/** Publishes the events of the sources. */
export class SourceEvents implements CounterEventSink {
  readonly #events: SiteEvents;
  /** Monotonic ms of the last event of dropped samples, and how many samples were dropped since, by topic. */
  readonly #dropped = new Map<string, { at: number; samples: number }>();

  constructor(events: SiteEvents) {
    this.#events = events;
  }

  /** Publishes an event of a counter. */
  counterEvent(topic: string, { name, beforeWh, afterWh, bookedWh }: CounterNews): void {
    const severity = name === 'counter_recovered' || name === 'counter_rollover' ? 'info' : 'warning';
    const data = { topic, before_wh: beforeWh, after_wh: afterWh, booked_wh: roundTo(bookedWh, 3) };
    this.#events.publish(name, severity, data);
  }

  /** Raises or clears the alarm that a counter and the power beside it differ. */
  counterTrust(topic: string, { isDoubted, reason, ratio = 0, correctedWh }: CounterTrustEvent): void {
    this.#events.setAlarm({
      name: 'counter_power_mismatch',
      subject: topic,
      isActive: isDoubted,
      data: () => ({
        topic,
        ...(isDoubted ? { reason: reason ?? '', ratio: roundTo(ratio, 6) } : {}),
        corrected_wh: roundTo(correctedWh, 3),
      }),
    });
  }

  /** Publishes that implausible samples were dropped, at most once in ten minutes. @param at monotonic ms */
  samplesDropped(topic: string, { samples, w, limitW, grounds }: DroppedSamples, at: number): void {
    const known = this.#dropped.get(topic);
    if (known && at - known.at < droppedEveryMs) {
      known.samples += samples;
      return;
    }
    const all = samples + (known?.samples ?? 0);
    this.#dropped.set(topic, { at, samples: 0 });
    const data = { topic, power_w: w, limit_w: Math.round(limitW), by: grounds, samples: all };
    this.#events.publish('power_doubted', 'warning', data);
  }

  /** Publishes that the power of a topic stays above its largest plausible one. */
  powerAbove(topic: string, w: number, maxPowerW: number): void {
    const data = { topic, power_w: w, max_power_w: Math.round(maxPowerW) };
    this.#events.publish('power_above_ceiling', 'warning', data);
  }
}
