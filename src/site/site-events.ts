/** Events of counters and powers of a site, in the words of event/1. */
import type { Trust } from './channel.ts';
import type { CounterNews } from './energy-sink.ts';
import type { Dropped } from './power-guard.ts';
import type { Reporter } from './reporter.ts';

export interface SiteEvents {
  counter(topic: string, news: CounterNews): void;
  trust(topic: string, trust: Trust): void;
  wild(topic: string, dropped: Dropped, at: number): void;
  above(topic: string, w: number, maxPowerW: number): void;
}

/** A source of wild samples is told of once in so long, ms. */
const wildEveryMs = 600_000;

const digits = (value: number, count: number): number => Math.round(value * 10 ** count) / 10 ** count;

export const createSiteEvents = ({ tell, alarm }: Reporter): SiteEvents => {
  /** By topic, when wild samples were told of last, and how many came since. */
  const wild = new Map<string, { at: number; samples: number }>();

  return {
    counter(topic, { name, beforeWh, afterWh, bookedWh }) {
      const severity = name === 'counter_recovered' || name === 'counter_rollover' ? 'info' : 'warning';
      tell(name, severity, { topic, before_wh: beforeWh, after_wh: afterWh, booked_wh: digits(bookedWh, 3) });
    },
    trust(topic, { isDoubted, reason = '', ratio = 0, correctedWh }) {
      alarm('counter_power_mismatch', topic, isDoubted, () => ({
        topic,
        ...(isDoubted ? { reason, ratio: digits(ratio, 6) } : {}),
        corrected_wh: digits(correctedWh, 3),
      }));
    },
    wild(topic, { samples, w, limitW, grounds }, at) {
      const told = wild.get(topic);
      if (told && at - told.at < wildEveryMs) {
        told.samples += samples;
        return;
      }
      const all = samples + (told?.samples ?? 0);
      wild.set(topic, { at, samples: 0 });
      tell('power_doubted', 'warning', { topic, power_w: w, limit_w: Math.round(limitW), by: grounds, samples: all });
    },
    above: (topic, w, maxPowerW) =>
      tell('power_above_ceiling', 'warning', { topic, power_w: w, max_power_w: Math.round(maxPowerW) }),
  };
};
