/** The clock inside a station, and how it writes what it shows. */
import { type Clock, isoTime } from '../../model/time.ts';
import type { Quirks } from './quirks.ts';

export interface OwnTime {
  now(): number;
  /** currentTime of an answer. */
  set(text: string): void;
  stamp(at: number): string;
}

export const createOwnTime = (clock: Clock, { startsIn1970, localTimeMin }: Quirks): OwnTime => {
  let aheadMs = startsIn1970 ? -clock.now() : 0;
  return {
    now: () => clock.now() + aheadMs,
    set(text) {
      const told = Date.parse(text);
      if (!Number.isNaN(told)) aheadMs = told - clock.now();
    },
    stamp: (at) =>
      localTimeMin === undefined ? isoTime(at) : isoTime(at + localTimeMin * 60_000).replace(/\.\d+Z$/, ''),
  };
};
