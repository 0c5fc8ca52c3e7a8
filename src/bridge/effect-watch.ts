/**
 * Whether a component comes to do what it was told, by what it measures afterwards. Registers that hold the order do not
 * say it: a hybrid that reads back "charge" may go on discharging.
 */
import type { Progress } from '../drivers/driver.ts';
import type { Aim } from './aims.ts';

/** A value of the component, in the unit and sign of the model. */
export interface Measured {
  quantity: string;
  part?: string;
  value: number;
  /** When: ms since 1970, and monotonic ms. */
  ts: number;
  at: number;
}

export interface EffectWatch {
  /** The device is about to be told: what is measured until then is of before. @param aims by verb */
  begin(aims: Map<string, Aim>): void;
  /** It was told. @param now monotonic ms */
  told(now: number): void;
  take(measured: Measured): void;
}

/** At these states of charge a battery does less than it is told, %. */
const [emptySoc, fullSoc] = [10, 95];

interface Watched {
  aim: Aim;
  /** Monotonic ms; infinite: it is being told. */
  since: number;
  /** It was like that before it was told, as far as is known: nothing has to move. */
  wasThere: boolean;
  /** Monotonic ms: since when it is not like that. */
  outSince: number | undefined;
}

const isThere = ({ min, max, tolerance }: Aim, value: number): boolean =>
  value >= min - tolerance && value <= max + tolerance;

/** It is what keeps the value there. */
const isAtBound = ({ min, max, tolerance }: Aim, value: number): boolean =>
  Math.abs(value - min) <= tolerance || Math.abs(value - max) <= tolerance;

const complaint = ({ quantity, min, max }: Aim, value: number): string => {
  const unit = quantity === 'power' ? 'W' : 'A';
  const wanted = min === max ? `${min}` : value > max ? `at most ${max}` : `at least ${min}`;
  return `${quantity} is ${Number(value.toFixed(1))} ${unit} instead of ${wanted} ${unit}`;
};

/**
 * @param patienceMs so long it may take
 * @param tell what shows, also where it has not changed
 */
export const createEffectWatch = (
  patienceMs: () => number,
  tell: (verb: string, progress: Progress) => void,
): EffectWatch => {
  const watched = new Map<string, Watched>();
  /** Newest values by quantity and part. */
  const values = new Map<string, Measured>();

  /** The phase with the most counts. */
  const newest = (quantity: string, since: number): number | undefined => {
    const own = [...values.values()].filter((each) => each.quantity === quantity && each.at > since);
    return own.length === 0 ? undefined : Math.max(...own.map(({ value }) => value));
  };

  const excuseOf = ({ excuse }: Aim): string | undefined => {
    const soc = values.get('soc')?.value;
    if (soc === undefined) return undefined;
    return (excuse === 'full' && soc >= fullSoc) || (excuse === 'empty' && soc <= emptySoc) ? excuse : undefined;
  };

  const judge = (verb: string, own: Watched, { at, ts }: Measured): void => {
    const { aim, since } = own;
    const value = newest(aim.quantity, since);
    if (value === undefined) return;
    if (isThere(aim, value)) {
      own.outSince = undefined;
      const isSettled = at - since >= patienceMs();
      if (!own.wasThere || (isSettled && isAtBound(aim, value))) tell(verb, { isReached: true, at: ts });
      return;
    }
    own.wasThere = false;
    own.outSince ??= at;
    if (at - own.outSince < patienceMs()) return;
    const reason = excuseOf(aim);
    tell(verb, { ...(reason === undefined ? { isReached: false } : { reason }), what: complaint(aim, value), at: ts });
  };

  return {
    begin(aims) {
      for (const [verb, { aim }] of watched)
        if (JSON.stringify(aim) !== JSON.stringify(aims.get(verb))) watched.delete(verb);
      for (const [verb, aim] of aims) {
        if (watched.has(verb)) continue;
        const value = newest(aim.quantity, Number.NEGATIVE_INFINITY);
        const wasThere = value === undefined || isThere(aim, value);
        watched.set(verb, { aim, since: Number.POSITIVE_INFINITY, wasThere, outSince: undefined });
      }
    },
    told(now) {
      for (const each of watched.values()) if (each.since === Number.POSITIVE_INFINITY) each.since = now;
    },
    take(measured) {
      const { quantity, part, at } = measured;
      // Only the sum counts where one is told of the phases as well.
      if (quantity === 'power' && part !== undefined) return;
      values.set(part === undefined ? quantity : `${quantity}/${part}`, measured);
      for (const [verb, own] of watched)
        if (own.aim.quantity === quantity && at > own.since) judge(verb, own, measured);
    },
  };
};
