/**
 * OCPP 2.1 K28: a limit that changes inside a profile that lies in the station, with no new profile each time. Where
 * the station falls back by itself, the dynamic profile is only good for so long without an update (K28.FR.13), and
 * a fixed one below it holds the safe current until the next update revives it (K28.FR.14).
 */
import type { Clock } from '../../../model/time.ts';
import type { ForeignLimits } from '../forward/foreign.ts';
import { type Asker, isRefusal } from '../station/asking.ts';
import type { LimitForm, Memory } from '../station/memory.ts';
import type { Profile, StationRequest } from '../words.ts';
import { buildProfile, floorId, type Step } from './limit-form.ts';
import type { Telling } from './telling.ts';

export interface Dynamic {
  /**
   * @param form that the station is known to take
   * @returns the profile as it is now; undefined: it has to be told in the fixed way
   * @throws CallFailure
   */
  tell(form: LimitForm, telling: Telling): Promise<Profile | undefined>;
  /** A profile that is none of these has taken its place. */
  replaced(evse: number): void;
  /** The connection is new: nobody knows what the station holds. */
  returned(): void;
}

/** The station asks by itself where an update that comes twice in this time was lost: a part of it. */
const pullShare = 2 / 3;

const shapeOf = ({ periods, ...rest }: Profile): string =>
  JSON.stringify([rest, periods.map(({ limit: _, ...period }) => period)]);

/** What the dynamic limits of one station work with. */
interface Laid {
  asker: Asker;
  memory: Memory;
  foreign: ForeignLimits;
  clock: Clock;
  /** What lies below the dynamic one, by EVSE. */
  floors: Map<number, string>;
}

const firmware = ({ memory }: Laid): string => memory.facts.boot?.firmware ?? '';

const isTaken = async ({ asker }: Laid, request: StationRequest, { options }: Telling): Promise<boolean> => {
  try {
    const { status } = await asker.ask(request, options);
    return status === 'accepted' || status === 'done';
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
};

const build = ({ clock }: Laid, form: LimitForm, telling: Telling, step: Step) =>
  buildProfile(form, [step], telling, clock.now());

/** @returns false where there is no room for it, or the station does not take it */
const layFloor = async (laid: Laid, form: LimitForm, telling: Telling, currentA: number): Promise<boolean> => {
  const { foreign, floors } = laid;
  if (form.stackLevel === 0) return false;
  const lower: LimitForm = { ...form, kind: 'absolute', stackLevel: form.stackLevel - 1 };
  const { evse, profile } = build(laid, lower, telling, { startS: 0, currentA });
  const { startAt: _, ...rest } = profile;
  const signature = JSON.stringify(rest);
  if (floors.get(telling.evse) === signature) return true;
  const id = foreign.freeId(floorId(evse));
  if (!(await isTaken(laid, { kind: 'set_profile', evse, profile: { ...profile, id } }, telling))) return false;
  floors.set(telling.evse, signature);
  return true;
};

const isAble = (laid: Laid): boolean => {
  const { asker, memory } = laid;
  const { supportsDynamic, refusedDynamic } = memory.facts;
  return asker.version() === '2.1' && supportsDynamic === true && refusedDynamic !== firmware(laid);
};

export const createDynamic = (asker: Asker, memory: Memory, foreign: ForeignLimits, clock: Clock): Dynamic => {
  const lying = new Map<number, Profile>();
  const floors = new Map<number, string>();
  const laid: Laid = { asker, memory, foreign, clock, floors };

  return {
    async tell(form, telling) {
      const { only, fallback, evse: line } = telling;
      if (!only || !isAble(laid)) return undefined;
      const { evse, profile: built } = build(laid, { ...form, kind: 'relative' }, telling, only);
      const profile: Profile = {
        ...built,
        id: foreign.freeId(built.id),
        kind: 'dynamic',
        ...(fallback && { durationS: fallback.afterS, pullIntervalS: Math.ceil(fallback.afterS * pullShare) }),
      };
      const before = lying.get(line);
      const [{ limit } = { limit: 0 }] = profile.periods;
      if (before && shapeOf(before) === shapeOf(profile)) {
        if (await isTaken(laid, { kind: 'update_dynamic', profile: profile.id, limit }, telling)) {
          lying.set(line, profile);
          return profile;
        }
        lying.delete(line);
      }
      if (fallback && !(await layFloor(laid, form, telling, fallback.currentA))) return undefined;
      if (await isTaken(laid, { kind: 'set_profile', evse, profile }, telling)) {
        lying.set(line, profile);
        return profile;
      }
      memory.note({ refusedDynamic: firmware(laid) });
      return undefined;
    },
    replaced: (evse) => void lying.delete(evse),
    returned() {
      lying.clear();
      floors.clear();
    },
  };
};
