/** The setpoint topics of an actuator: they show what it was told, and what the device does for it. */
import type { Decision } from '../control/leases.ts';
import type { Actuator, Applied, Order, Progress } from '../drivers/driver.ts';
import type { Params } from '../model/command.ts';
import type { Clock } from '../model/time.ts';
import { aimsOf } from './aims.ts';
import { createEffectWatch, type EffectWatch } from './effect-watch.ts';
import { isSameProgress, type Shown, shownOf, signatureOf, wishesOf } from './orders.ts';

export interface Display {
  /** An order is on its way: where it is another one, what the device did for the one before says nothing. */
  begin(order: Order): void;
  /** @param isOurs the safe state is one that we hold it to */
  carriedOut(decision: Decision, order: Order, isOurs: boolean, applied: Applied): void;
  /** The driver says what the device does for the order. */
  progressed(progress: Progress): void;
  /** The component measures something: it may be what it was told. */
  measured: EffectWatch['take'];
  /** Progress of the setpoint that the device was told last. */
  progress(): Progress | undefined;
  /** Verbs that are shown. */
  verbs(): string[];
}

export interface DisplaySink {
  /** Setpoints in force; verbs that are shown no more. */
  show(shown: Shown[], ended: string[]): void;
  /** The device does not do what it was told. */
  missed(verb: string, told: Params, progress: Progress): void;
}

/** Times until a battery follows, where nobody knows them of the device, s. */
const usualLatencyS = 5;
const usualTimeConstantS = 5;

const patienceMs = ({ latencyS = usualLatencyS, timeConstantS = usualTimeConstantS }: Partial<Actuator> = {}): number =>
  (latencyS + 3 * timeConstantS) * 1000;

/**
 * @param describe the actuator as the driver offers it now
 * @param before verbs that were shown before a restart
 */
export const createDisplay = (
  describe: () => Actuator | undefined,
  before: string[],
  clock: Clock,
  sink: DisplaySink,
): Display => {
  let verbs = before;
  let order: Order | undefined;
  let wishes = new Map<string, Params>();
  const progress = new Map<string, Progress>();
  let last: { decision: Decision; order: Order; isOurs: boolean } | undefined;

  /** The verb of the order that it was told last. */
  const setpoint = (): string => order?.verb ?? describe()?.fallback?.verb ?? '';

  const show = (): void => {
    if (!last) return;
    const list = shownOf(last.decision, last.order, describe(), last.isOurs, (verb) => progress.get(verb));
    const now = list.map(({ verb }) => verb);
    const ended = verbs.filter((verb) => !now.includes(verb));
    verbs = now;
    if (list.length > 0 || ended.length > 0) sink.show(list, ended);
  };

  /** @returns whether that is something new */
  const note = (verb: string, made: Progress): boolean => {
    const told = wishes.get(verb);
    const known = progress.get(verb);
    if (!told || isSameProgress(known, made)) return false;
    progress.set(verb, made);
    if (made.isReached === false && known?.isReached !== false) sink.missed(verb, told, made);
    return true;
  };

  const tell = (verb: string, made: Progress): void => {
    if (note(verb, made) && last && order && signatureOf(last.order) === signatureOf(order)) show();
  };

  const watch = createEffectWatch(() => patienceMs(describe()), tell);

  return {
    begin(next) {
      order = next;
      const actuator = describe();
      const wanted = wishesOf(next, actuator?.fallback);
      for (const [verb, params] of wishes)
        if (JSON.stringify(params) !== JSON.stringify(wanted.get(verb))) progress.delete(verb);
      wishes = wanted;
      watch.begin(actuator && !actuator.tellsProgress ? aimsOf(actuator, wanted) : new Map());
    },
    carriedOut(decision, done, isOurs, applied) {
      watch.told(clock.monotonic());
      last = { decision, order: done, isOurs };
      const at = clock.now();
      if (!describe()?.tellsProgress && applied.verified && applied.by === 'effect')
        note(setpoint(), { isReached: true, at });
      if (!applied.verified && applied.reason === 'no_effect') note(setpoint(), { isReached: false, at });
      show();
    },
    progressed: (made) => tell(setpoint(), made),
    measured: watch.take,
    progress: () => progress.get(setpoint()),
    verbs: () => verbs,
  };
};
