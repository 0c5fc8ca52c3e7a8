/**
 * Energies of several sources that mean something only together: what a site consumed, or what a meter measures beside
 * the devices behind it. A sum is booked when each of them was heard since the last time; where one of them was not
 * measured meanwhile, its partners are not booked either, unless it is told later (aggregation §3.4).
 */
import type { Gap } from './power-series.ts';
import type { Source } from './sources.ts';

/** Time in which one of the sources was not measured: what the others did, until the missing is told. */
interface Hole {
  wh: number;
  ms: number;
  gaps: Set<Gap>;
}

/** Survives a restart. */
export interface SettlementState {
  /** Absent: it never was. */
  settled?: {
    /** Up to when all was known when it was settled last: monotonic, ms since 1970 where it is saved. */
    at: number;
    /** What the site had run when it was settled first, ms. */
    startedMs: number;
  };
  /** Since then, Wh. */
  pendingWh: number;
  coveredMs: number;
}

export interface Settlement {
  setMembers(members: Iterable<Source>, at: number): void;
  has(source: Source): boolean;
  /** @param gap the energy belongs into time that was missing until now */
  add(source: Source, wh: number, gap?: Gap): void;
  /** For a time that is not settled yet, a source was not measured; "unknown": nobody will ever tell. */
  miss(source: Source, gap: Gap | 'unknown'): void;
  /** The source is known up to a time of measurement, monotonic, ms. */
  hear(source: Source, at: number): void;
  /** Nothing of a gap is left. */
  fill(gap: Gap): void;
  state(): SettlementState;
  /** Time that is covered, counting the time since it was settled last, ms. */
  coveredMs(at: number): number;
  startedMs(): number | undefined;
}

interface Member {
  /** Up to when it is known. */
  at: number;
  /** What the site had run when it was heard last, ms. */
  heardMs: number;
}

const nobody: Member = { at: Number.NEGATIVE_INFINITY, heardMs: Number.NEGATIVE_INFINITY };

/** What was kept while there was no connection comes one after the other, without longer pauses, ms. */
export const pauseMs = 10_000;
const mostHoles = 32;
/** An unsettled time is no gap before it is longer than this, ms. */
const shortestGapMs = 60_000;

export const createSettlement = (
  book: (wh: number) => void,
  elapsedMs: () => number,
  saved: SettlementState,
): Settlement => {
  let { pendingWh, coveredMs } = saved;
  let settledAt = saved.settled?.at ?? Number.NEGATIVE_INFINITY;
  let startedMs = saved.settled?.startedMs;
  let members = new Map<Source, Member>();
  /** Those that were not heard since it was settled, and were not known further than that. */
  let missing = new Set<Source>();
  /** In the time that is pending a source was not measured: in gaps that can be filled, or for good. */
  let gaps = new Set<Gap>();
  let isLost = startedMs === undefined;
  let longestMs = shortestGapMs;
  let holes: Hole[] = [];

  /** One of them is telling what it has kept while it had no connection: until it has, the others are far ahead of it. */
  const isCatchingUp = (): boolean => {
    let [first, last]: [Member, Member] = [nobody, nobody];
    for (const member of members.values()) {
      if (first === nobody || member.at > first.at) first = member;
      if (last === nobody || member.at < last.at) last = member;
    }
    return first.at - last.at > longestMs && elapsedMs() - last.heardMs < pauseMs;
  };

  const settle = (): void => {
    if (members.size === 0 || missing.size > 0 || isCatchingUp()) return;
    const until = Math.max(settledAt, Math.min(...[...members.values()].map(({ at }) => at)));
    const ms = until - settledAt;
    if (gaps.size === 0 && !isLost) {
      book(pendingWh);
      coveredMs += ms;
    } else if (!isLost) holes = [...holes.slice(-mostHoles + 1), { wh: pendingWh, ms, gaps }];
    startedMs ??= elapsedMs();
    pendingWh = 0;
    gaps = new Set();
    isLost = false;
    settledAt = until;
    missing = new Set();
    for (const [source, { at }] of members) if (at <= until) missing.add(source);
  };

  return {
    setMembers(given, at) {
      const next = [...given];
      const powers = new Set(next.map(({ power }) => power));
      longestMs = Math.max(shortestGapMs, ...next.map(({ gapMs }) => gapMs));
      // A source that went away unheard has left a hole for good.
      if (at - settledAt > longestMs && [...missing].some(({ power }) => !powers.has(power))) isLost = true;
      const known = new Map([...members].map(([{ power }, member]) => [power, member]));
      members = new Map(next.map((source) => [source, known.get(source.power) ?? { ...nobody }]));
      missing = new Set([...members].flatMap(([source, member]) => (member.at <= settledAt ? [source] : [])));
      settle();
    },
    has: (source) => members.has(source),
    add(source, wh, gap) {
      if (!members.has(source)) return;
      if (!gap || gaps.has(gap)) {
        pendingWh += wh;
        return;
      }
      // Where the partners of a time are gone, it means nothing any more.
      const hole = holes.find(({ gaps: own }) => own.has(gap));
      if (hole) hole.wh += wh;
    },
    miss(source, gap) {
      if (!members.has(source)) return;
      if (gap === 'unknown') isLost = true;
      else gaps.add(gap);
    },
    hear(source, at) {
      const member = members.get(source);
      if (!member) return;
      member.at = Math.max(member.at, at);
      member.heardMs = elapsedMs();
      missing.delete(source);
      settle();
    },
    fill(gap) {
      gaps.delete(gap);
      const hole = holes.find(({ gaps: own }) => own.has(gap));
      if (!hole) return;
      hole.gaps.delete(gap);
      if (hole.gaps.size > 0) return;
      holes = holes.filter((each) => each !== hole);
      book(hole.wh);
      coveredMs += hole.ms;
    },
    state: () => ({
      pendingWh,
      coveredMs,
      ...(startedMs !== undefined && { settled: { at: settledAt, startedMs } }),
    }),
    coveredMs: (at) => coveredMs + (at - settledAt <= longestMs ? at - settledAt : 0),
    startedMs: () => startedMs,
  };
};
