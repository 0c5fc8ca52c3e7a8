/** Alarms of a site: balance_suspect, topology_suspect and clock_skew. */
import { Debounce } from '../../common/debounce.ts';
import type { LatestValues } from '../inputs/latest-values.ts';
import type { ClockedDevice } from '../inputs/topic-input.ts';
import type { Balance } from '../power/balance.ts';
import type { Composition } from '../sources/composition.ts';
import type { Source } from '../sources/sources.ts';
import { type BalanceHistory, emptyHistory, extendHistory, isSuspect } from './balance-error.ts';
import { ClockSkewAlarms } from './clock-skew-alarms.ts';
import { DuplicateMeters, type ValuePlace } from './duplicate-meters.ts';
import type { SiteEvents } from './site-events.ts';
import { type Branch, contradictsParent, residualOf } from './submeter-check.ts';

/** A site at the moment at which its alarms are updated. */
export interface AlarmMoment {
  balance: Balance;
  devices: ClockedDevice[];
  /** Time since the last update, ms. */
  passedMs: number;
  /** Monotonic ms. */
  at: number;
  /** Lead of a clock that is right, ms. */
  ours: number;
}

/** Shortest time for which submeters have to contradict their meter, ms. */
const contradictionMs = 60_000;

/** The alarms of one site. */
export class SiteAlarms {
  readonly #latestValues: LatestValues;
  readonly #events: SiteEvents;
  readonly #clockSkew: ClockSkewAlarms;
  readonly #duplicates: DuplicateMeters;
  #history: BalanceHistory;
  #isBalanceSuspect = false;
  #branches: Branch[] = [];
  #behind: Composition['behind'] = new Map();
  /** Alarms of duplicate meters that are raised, by both topics. */
  #raisedDuplicates = new Map<string, [string, string]>();
  /** Contradictions by the topic of the parent. */
  readonly #contradictions = new Map<string, Debounce>();

  /** @param saved balance of an earlier run */
  constructor(latestValues: LatestValues, events: SiteEvents, saved: BalanceHistory = emptyHistory) {
    this.#latestValues = latestValues;
    this.#events = events;
    this.#clockSkew = new ClockSkewAlarms(events);
    this.#duplicates = new DuplicateMeters((a, b) => this.#isBehind(a, b) || this.#isBehind(b, a));
    this.#history = saved;
  }

  /** The history of the balance, which survives a restart. */
  get history(): BalanceHistory {
    return this.#history;
  }

  /** Takes the newest value of a topic. */
  take(source: Source, value: number, place: ValuePlace): void {
    this.#duplicates.take(source, value, place);
  }

  /** Takes another composition of the site: alarms of what is gone are cleared. */
  compose({ branches, behind, uses }: Composition): void {
    this.#branches = branches;
    this.#behind = behind;
    this.#duplicates.keep((topic) => uses.has(topic));
    const present = new Set(branches.map(({ parent }) => parent.power));
    for (const topic of this.#contradictions.keys()) {
      if (present.has(topic)) continue;
      this.#contradictions.delete(topic);
      const data = () => ({ topic });
      this.#events.setAlarm({ name: 'topology_suspect', subject: topic, isActive: false, data });
    }
  }

  /** Raises and clears alarms. */
  update({ balance, devices, passedMs, at, ours }: AlarmMoment): void {
    this.#updateBalance(balance, passedMs);
    for (const branch of this.#branches) this.#updateBranch(branch, at);
    this.#updateDuplicates();
    this.#clockSkew.update(devices, ours, at);
  }

  #isBehind(inner: Source, outer: Source): boolean {
    return this.#behind.get(outer)?.includes(inner) === true;
  }

  #updateBalance({ consumption, errorW }: Balance, passedMs: number): void {
    if (consumption.w === null || errorW === null) return;
    this.#history = extendHistory(this.#history, { ms: passedMs, consumptionW: consumption.w, errorW });
    this.#isBalanceSuspect = isSuspect(this.#history, this.#isBalanceSuspect);
    const { errorWh, consumptionWh } = this.#history;
    const data = () => ({ error_wh: Math.round(errorWh), consumption_wh: Math.round(consumptionWh) });
    this.#events.setAlarm({ name: 'balance_suspect', subject: '', isActive: this.#isBalanceSuspect, data });
  }

  #updateBranch(branch: Branch, at: number): void {
    const { parent, children } = branch;
    const residualW = residualOf(branch, this.#latestValues);
    const contradiction = this.#contradictionOf(branch);
    if (residualW === null) {
      contradiction.interrupt();
      return;
    }
    const parentW = this.#latestValues.current(parent.power, parent).value ?? 0;
    this.#events.setAlarm({
      name: 'topology_suspect',
      subject: parent.power,
      isActive: contradiction.update(contradictsParent(residualW, parentW), at),
      data: () => ({
        topic: parent.power,
        behind: children.map(({ power }) => power),
        residual_w: Math.round(residualW),
      }),
    });
  }

  #contradictionOf({ parent, children }: Branch): Debounce {
    const known = this.#contradictions.get(parent.power);
    if (known) return known;
    // A value that may still be used can be older than a change of the others.
    const maxAgeMs = Math.max(parent.maxAgeMs, ...children.map((child) => child.maxAgeMs));
    const created = new Debounce(Math.max(contradictionMs, 2 * maxAgeMs));
    this.#contradictions.set(parent.power, created);
    return created;
  }

  #updateDuplicates(): void {
    const found = new Map(this.#duplicates.found().map((pair) => [pair.join(' '), pair]));
    for (const [key, [topic, same]] of [...this.#raisedDuplicates, ...found]) {
      const data = () => ({ topic, same_as: same });
      this.#events.setAlarm({ name: 'topology_suspect', subject: key, isActive: found.has(key), data });
    }
    this.#raisedDuplicates = found;
  }
}
