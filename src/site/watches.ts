/** What a site looks out for beside its sums, told as alarms: balance_suspect, topology_suspect, clock_skew. */
import { type BalanceHistory, emptyHistory, extend, isSuspect } from './balance-watch.ts';
import { createClockWatch, createSteppedClocks } from './clock-watch.ts';
import type { Composition } from './composition.ts';
import type { Evaluation } from './evaluate.ts';
import type { PowerSample } from './integrate.ts';
import type { Known } from './known.ts';
import { createLasting, type Lasting } from './lasting.ts';
import type { Reporter } from './reporter.ts';
import type { Source } from './sources.ts';
import { type Branch, contradicts, residualOf } from './topology.ts';

export interface Watches {
  takePower(source: Source, sample: PowerSample): void;
  /**
   * @param passedMs since the last look
   * @param at monotonic, ms
   */
  look(composition: Composition, evaluation: Evaluation, passedMs: number, at: number): void;
  forget(device: string): void;
  /** Survives a restart. */
  history(): BalanceHistory;
}

const contradictionMs = 60_000;

export const createWatches = (known: Known, { alarm }: Reporter, saved: BalanceHistory = emptyHistory): Watches => {
  let history = saved;
  let isBalanceSuspect = false;
  const clocks = createClockWatch();
  const stepped = createSteppedClocks();
  /** By the topic of the parent. */
  const contradictions = new Map<string, Lasting>();

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
    if (residualW === null) return;
    const lasting = contradictions.get(parent.power) ?? createLasting(contradictionMs);
    contradictions.set(parent.power, lasting);
    const isActive = lasting.look(contradicts(residualW, known.current(parent.power, parent).value ?? 0), at);
    alarm('topology_suspect', parent.power, isActive, () => ({
      topic: parent.power,
      behind: children.map(({ power }) => power),
      residual_w: Math.round(residualW),
    }));
  };

  return {
    takePower({ gateway, device, power }, { ts, receivedAt }) {
      const stepMs = clocks.take(power, ts, receivedAt);
      if (stepMs === 0) return;
      // A device has the time of its gateway: one clock, one alarm.
      const clock = gateway ?? device;
      stepped.step(clock, receivedAt);
      alarm('clock_skew', clock, true, () => ({ clock, step_s: Math.round(stepMs / 100) / 10 }));
    },
    look({ branches }, evaluation, passedMs, at) {
      lookAtBalance(evaluation, passedMs);
      for (const branch of branches) lookAtBranch(branch, at);
      const present = new Set(branches.map(({ parent }) => parent.power));
      for (const topic of contradictions.keys())
        if (!present.has(topic)) {
          contradictions.delete(topic);
          alarm('topology_suspect', topic, false, () => ({ topic }));
        }
      for (const clock of stepped.settled(at)) alarm('clock_skew', clock, false, () => ({ clock }));
    },
    forget: clocks.forget,
    history: () => history,
  };
};
