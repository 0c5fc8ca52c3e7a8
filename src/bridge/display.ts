/** What the setpoint topics of an actuator show: what it was told, and what the device does for it. */
import type { Decision } from '../control/leases.ts';
import type { Actuator, Order, Progress } from '../drivers/driver.ts';
import { isSameProgress, type Shown, shownOf, signatureOf } from './orders.ts';

export interface Display {
  /** Another order is on its way: what the device did for the one before says nothing. */
  begin(order: Order): void;
  /** @param isOurs the safe state is one that we hold it to */
  show(decision: Decision, order: Order, isOurs: boolean): void;
  /** What the device does for the order shows. */
  progressed(progress: Progress): void;
  /** What the device does for the order that it was told last. */
  progress(): Progress | undefined;
  /** Verbs that are shown. */
  verbs(): string[];
}

/**
 * @param describe the actuator as the driver offers it now
 * @param before verbs that were shown before a restart
 * @param tell setpoints in force; verbs that are shown no more
 */
export const createDisplay = (
  describe: () => Actuator | undefined,
  before: string[],
  tell: (shown: Shown[], ended: string[]) => void,
): Display => {
  let verbs = before;
  let signature: string | undefined;
  let progress: Progress | undefined;
  let last: { decision: Decision; order: Order; isOurs: boolean } | undefined;

  const show: Display['show'] = (decision, order, isOurs) => {
    last = { decision, order, isOurs };
    const list = shownOf(decision, order, describe(), isOurs, progress);
    const now = list.map(({ verb }) => verb);
    const ended = verbs.filter((verb) => !now.includes(verb));
    verbs = now;
    if (list.length > 0 || ended.length > 0) tell(list, ended);
  };

  return {
    begin(order) {
      const next = signatureOf(order);
      if (next !== signature) progress = undefined;
      signature = next;
    },
    show,
    progressed(made) {
      if (isSameProgress(progress, made)) return;
      progress = made;
      if (last && signatureOf(last.order) === signature) show(last.decision, last.order, last.isOurs);
    },
    progress: () => progress,
    verbs: () => verbs,
  };
};
