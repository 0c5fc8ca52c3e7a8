/** Inverters that switch themselves off at night, where an offline one counts as 0 (aggregation §2.2). */
import type { Composition, HybridSources } from './composition.ts';
import type { Known } from './known.ts';
import type { Source } from './sources.ts';

/**
 * A battery behind an inverter may have been at work when the connection broke: only if it and the inverter did nothing
 * when they were last heard have they gone to sleep.
 */
const isWholeAsleep = ({ inverters, battery }: HybridSources, known: Known): boolean => {
  const isIdle = ({ power, idleW }: Source): boolean => Math.abs(known.last(power)?.value ?? Infinity) <= idleW;
  const all = [...inverters, ...battery];
  return all.every(known.isOffline) && (battery.length === 0 || all.every(isIdle));
};

/** @returns the sources whose power is 0, as far as anybody can know */
export const findAsleep = ({ ac, hybrids }: Composition, known: Known): Set<Source> => {
  // A meter has no reason to switch itself off: where it is silent, nobody knows.
  const isDark = (source: Source): boolean => !source.isMeter && known.isOffline(source);
  const asleep = hybrids.flatMap((hybrid) => [
    ...hybrid.solar.filter(isDark),
    ...(isWholeAsleep(hybrid, known) ? [...hybrid.inverters, ...hybrid.battery] : []),
  ]);
  return new Set([...ac.solar.filter(isDark), ...asleep]);
};
