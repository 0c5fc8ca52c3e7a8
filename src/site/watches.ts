/** What a site looks out for beside its sums, told as alarms: balance_suspect, topology_suspect, clock_skew. */

import { Debounce } from '../common/debounce.ts';
import { type BalanceHistory, emptyHistory, extend, isSuspect } from './balance-watch.ts';
import { createClockWatch } from './clock-watch.ts';
import type { Composition } from './composition.ts';
import type { Evaluation } from './evaluate.ts';
import type { ClockedDevice } from './feeds.ts';
import { createIdenticalSeries } from './identical-series.ts';
import type { Known } from './known.ts';
import type { Reporter } from './reporter.ts';
import type { Source } from './sources.ts';
import { type Branch, contradicts, residualOf } from './topology.ts';

export interface Watches {
  /** @param at monotonic time of measurement, ms */
  take(topic: string, source: Source, value: number, at: number): void;
  compose(composition: Composition): void;
  /**
   * @param passedMs since the last look
   * @param at monotonic, ms
   * @param ours lead of a clock that is right, ms
   */
  look(evaluation: Evaluation, devices: ClockedDevice[], passedMs: number, at: number, ours: number): void;
  /** Survives a restart. */
  history(): BalanceHistory;
}

const contradictionMs = 60_000;

export const createWatches = (known: Known, reporter: Reporter, saved: BalanceHistory = emptyHistory): Watches => {
  const { alarm } = reporter;
  let history = saved;
  let isBalanceSuspect = false;
  let branches: Branch[] = [];
  let behind: Composition['behind'] = new Map();
  const isBehind = (inner: Source, outer: Source): boolean => behind.get(outer)?.includes(inner) === true;
  const series = createIdenticalSeries((a, b) => isBehind(a, b) || isBehind(b, a));
  /** Alarms of identical series that are raised, by both topics. */
  let twins = new Map<string, [string, string]>();
  const clocks = createClockWatch(reporter);
  /** By the topic of the parent. */
  const contradictions = new Map<string, Debounce>();

  const lookAtBalance = ({ balance }: Evaluation, passedMs: number): void => {
    const { consumption, errorW } = balance;
    if (consumption.w === null || errorW === null) return;
    history = extend(history, passedMs, consumption.w, errorW);
    isBalanceSuspect = isSuspect(history, isBalanceSuspect);
    const { errorWh, consumptionWh } = history;
    alarm('balance_suspect', '', isBalanceSuspect, () => ({
      error_wh: Math.round(errorWh),
      consumption_wh: Math.round(consumptionWh),
    }));
  };

  const lookAtBranch = (branch: Branch, at: number): void => {
    const { parent, children } = branch;
    const residualW = residualOf(branch, known);
    // A value that is still used was measured before the others changed.
    const maxAgeMs = Math.max(parent.maxAgeMs, ...children.map((child) => child.maxAgeMs));
    const debounce = contradictions.get(parent.power) ?? new Debounce(Math.max(contradictionMs, 2 * maxAgeMs));
    contradictions.set(parent.power, debounce);
    if (residualW === null) {
      debounce.interrupt();
      return;
    }
    const isActive = debounce.update(contradicts(residualW, known.current(parent.power, parent).value ?? 0), at);
    alarm('topology_suspect', parent.power, isActive, () => ({
      topic: parent.power,
      behind: children.map(({ power }) => power),
      residual_w: Math.round(residualW),
    }));
  };

  const lookAtSeries = (): void => {
    const found = new Map(series.found().map((pair) => [pair.join(' '), pair]));
    for (const [key, [topic, same]] of [...twins, ...found])
      alarm('topology_suspect', key, found.has(key), () => ({ topic, same_as: same }));
    twins = found;
  };

  return {
    take: series.take,
    compose(composition) {
      branches = composition.branches;
      behind = composition.behind;
      series.keep((topic) => composition.uses.has(topic));
      const present = new Set(branches.map(({ parent }) => parent.power));
      for (const topic of contradictions.keys())
        if (!present.has(topic)) {
          contradictions.delete(topic);
          alarm('topology_suspect', topic, false, () => ({ topic }));
        }
    },
    look(evaluation, devices, passedMs, at, ours) {
      lookAtBalance(evaluation, passedMs);
      for (const branch of branches) lookAtBranch(branch, at);
      lookAtSeries();
      clocks.look(devices, ours, at);
    },
    history: () => history,
  };
};
