/**
 * How a station takes a limit is tried once and remembered: its purpose, kind, stack level, unit, and whether it says
 * for how many phases it is.
 */
import type { Clock } from '../../../model/time.ts';
import { CommandFailure } from '../../driver.ts';
import type { ForeignLimits } from '../forward/foreign.ts';
import type { Quirks } from '../quirks.ts';
import { type Asker, isRefusal } from '../station/asking.ts';
import type { LimitForm, Memory } from '../station/memory.ts';
import type { Profile } from '../words.ts';
import { createDynamic } from './dynamic.ts';
import { buildProfile, formsOf } from './limit-form.ts';
import type { TakeOver } from './take-over.ts';
import type { Telling } from './telling.ts';

/** Why a station could not be told now, and will be when that is over. */
export type Later = 'no_car' | 'no_session';

export interface Prober {
  /**
   * @returns the profile it took, or why it could not be told
   * @throws CallFailure, CommandFailure
   */
  tell(telling: Telling): Promise<Profile | Later>;
  /** The connection is new. */
  returned(): void;
}

const isSame = (a: LimitForm, b: LimitForm | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

const isExpected = (form: LimitForm, { purpose, kind, unit, stackLevel }: Quirks): boolean =>
  (purpose ?? form.purpose) === form.purpose &&
  (kind ?? form.kind) === form.kind &&
  (unit ?? form.unit) === form.unit &&
  (stackLevel ?? form.stackLevel) === form.stackLevel;

/** What a prober works with. */
interface Probe {
  asker: Asker;
  memory: Memory;
  quirks(): Quirks;
  foreign: ForeignLimits;
  clock: Clock;
}

/** @returns the profile it took, or why it did not */
const attempt = async (
  { asker, foreign, clock }: Probe,
  form: LimitForm,
  telling: Telling,
): Promise<Profile | { why: string }> => {
  const { steps, options } = telling;
  const built = buildProfile(form, steps, telling, clock.now());
  const profile = { ...built.profile, id: foreign.freeId(built.profile.id) };
  try {
    const { status, raw } = await asker.ask({ kind: 'set_profile', evse: built.evse, profile }, options);
    return status === 'accepted' || status === 'done' ? profile : { why: raw };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { why: (error as Error).message };
  }
};

/** In their order, as the limits of another master leave room for them. */
const formsFor = (
  { memory, quirks, foreign }: Probe,
  { evse, transaction, phases, isAlone }: Telling,
  known: LimitForm | undefined,
): LimitForm[] => {
  const own = quirks();
  const facts = memory.facts;
  const situation = { hasSession: transaction !== undefined, isAlone, wantsPhases: phases !== undefined };
  // A limit of the station as a whole leaves theirs alone, and the lower one is in force.
  const hasCap = isAlone && foreign.isPresent(evse);
  const caps = hasCap ? formsOf({ ...own, purpose: 'station_max' }, facts, situation) : [];
  const forms = [...(known ? [known] : []), ...formsOf(own, facts, situation), ...caps].flatMap(
    (form) => foreign.above(form, evse, facts.maxStackLevel, situation.hasSession) ?? [],
  );
  return forms.filter((form, i) => forms.findIndex((each) => isSame(each, form)) === i);
};

/** One profile of ours is enough: an old one of another purpose would go on limiting beside it. */
const clearOld = async ({ asker, memory, foreign }: Probe, evse: number, { id }: Profile): Promise<void> => {
  const { limitIds = {} } = memory.facts;
  const old = limitIds[String(evse)];
  if (old === id) return;
  memory.note({ limitIds: { ...limitIds, [String(evse)]: id } });
  if (old === undefined || foreign.holds(old)) return;
  try {
    await asker.ask({ kind: 'clear_profile', id: old });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
};

/** @param takeOver asked before the first limit of all */
export const createProber = (
  asker: Asker,
  memory: Memory,
  quirks: () => Quirks,
  takeOver: Pick<TakeOver, 'begin'>,
  foreign: ForeignLimits,
  clock: Clock,
): Prober => {
  const dynamic = createDynamic(asker, memory, foreign, clock);
  const probe: Probe = { asker, memory, quirks, foreign, clock };

  return {
    async tell(telling) {
      await takeOver.begin();
      const { limitForm } = memory.facts;
      const own = quirks();
      const hasSession = telling.transaction !== undefined;
      const known = limitForm && isExpected(limitForm, own) ? limitForm : undefined;
      // OCPP 1.6 §5.16: a TxProfile needs a transaction.
      if ((known?.purpose ?? own.purpose) === 'tx' && !hasSession) return 'no_session';
      // Some refuse a pause while nothing is plugged in.
      const isIdlePause = telling.steps[0]?.currentA === 0 && telling.status === 'available';
      const moving = known && (await dynamic.tell(known, telling));
      if (moving) {
        await clearOld(probe, telling.evse, moving);
        return moving;
      }
      dynamic.replaced(telling.evse);
      let why = 'there is no way to tell it a limit';
      for (const form of formsFor(probe, telling, known)) {
        const outcome = await attempt(probe, form, telling);
        if (!('why' in outcome)) {
          // Where it had to give way, it was not the station that wanted it so.
          if (!foreign.isPresent(telling.evse)) memory.note({ limitForm: form });
          await clearOld(probe, telling.evse, outcome);
          return outcome;
        }
        why = outcome.why;
        // How they take it is known all the same.
        if (isSame(form, known) && isIdlePause) return 'no_car';
      }
      if (isIdlePause) return 'no_car';
      // Perhaps it only takes what belongs to a transaction.
      if (!hasSession && !own.purpose && !known) return 'no_session';
      throw new CommandFailure('DEVICE_REJECTED', `the station refuses every form of a limit: ${why}`);
    },
    returned: dynamic.returned,
  };
};
