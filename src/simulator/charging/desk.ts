/** What a station does when its central system tells it to, in whatever version. */
import type { Clock } from '../../model/time.ts';
import { nominalV } from './car.ts';
import type { BootReason, Call, Desk, EndCause, Nameplate } from './dialect.ts';
import { isTaken } from './judge.ts';
import { createLocalList } from './local-list.ts';
import { createOfferPolicy, type OfferPolicy } from './offer.ts';
import type { Outlet, Permission } from './outlet.ts';
import type { OwnTime } from './own-time.ts';
import type { Quirks } from './quirks.ts';
import type { ProfileStore } from './schedule.ts';

export interface DeskParts {
  nameplate: Nameplate;
  quirks: Quirks;
  time: OwnTime;
  outlets: readonly Outlet[];
  profiles: ProfileStore;
  policyOf(outlet: Outlet): OfferPolicy;
  sharers(): number;
}

/** What it sets in motion. */
export interface DeskActions {
  say(call: Call): void;
  register(): void;
  beat(): void;
  tellStatus(outlet: Outlet): void;
  tellMeter(outlet: Outlet): void;
  tellTransaction(outlet: Outlet): void;
  admit(outlet: Outlet, permission: Permission): void;
  end(outlet: Outlet, cause: EndCause): void;
  /** @param isPatient after the end of the last transaction */
  restart(reason: BootReason, isPatient: boolean): void;
  waiting(): number;
}

const isFree = ({ transaction, isOperative, isFaulted }: Outlet): boolean => !transaction && isOperative && !isFaulted;

export const createDesk = (parts: DeskParts, actions: DeskActions, clock: Clock): Desk => {
  const { quirks, outlets, profiles, time, policyOf } = parts;
  /** The answer goes first. */
  const soon = (run: () => void): void => void clock.after(0, run);
  /** @param evse undefined and 0: all */
  const meantBy = (evse: number | undefined): readonly Outlet[] =>
    evse ? outlets.filter(({ id }) => id === evse) : outlets;

  const triggered: Record<string, (outlets: readonly Outlet[]) => void> = {
    BootNotification: actions.register,
    Heartbeat: actions.beat,
    StatusNotification: (meant) => meant.forEach(actions.tellStatus),
    MeterValues: (meant) => meant.forEach(actions.tellMeter),
    TransactionEvent: (meant) => meant.forEach(actions.tellTransaction),
  };

  return {
    ...parts,
    localList: createLocalList(),
    waiting: actions.waiting,
    say: (calls) => soon(() => calls.forEach(actions.say)),
    remoteStart(evse, permission) {
      const outlet = meantBy(evse).find(isFree);
      if (!outlet || (quirks.rejectsStartWhenFinishing && outlet.hasEnded)) return false;
      soon(() => actions.admit(outlet, permission));
      return true;
    },
    remoteStop(transaction) {
      const outlet = outlets.find((each) => each.transaction?.id === transaction);
      if (outlet) soon(() => actions.end(outlet, 'remote'));
      return outlet !== undefined;
    },
    reset(how) {
      soon(() => {
        if (how !== 'when_idle') for (const outlet of outlets) actions.end(outlet, `${how}_reset`);
        actions.restart('RemoteReset', how === 'when_idle');
      });
    },
    setAvailability(evse, isOperative) {
      const meant = meantBy(evse);
      if (meant.length === 0) return 'Rejected';
      for (const outlet of meant) outlet.isOperative = isOperative;
      if (quirks.rebootsOnAvailability) soon(() => actions.restart('ApplicationReset', false));
      return !isOperative && meant.some(({ transaction }) => transaction) ? 'Scheduled' : 'Accepted';
    },
    trigger(message, evse) {
      const meant = meantBy(evse);
      const send = triggered[message];
      if (!send || quirks.refusesTriggers.includes(message) || meant.length === 0) return false;
      soon(() => send(meant));
      return true;
    },
    install(evse, profile) {
      const outlet = outlets.find(({ id }) => id === evse);
      if (!isTaken(profile, evse, outlet, quirks) || !profiles.set(evse, profile, time.now())) return false;
      for (const each of meantBy(evse)) policyOf(each).profiled(clock.monotonic());
      return true;
    },
    schedule(evse, durationS, unit) {
      const outlet = meantBy(evse)[0];
      if (!outlet) return [];
      const [from, begun] = [time.now(), outlet.transaction?.startedAt];
      return profiles.changes(from, from + durationS * 1000, outlet.id, begun).map((at) => {
        // A policy of its own: to be asked must not count as a pause.
        const policy = createOfferPolicy(outlet.wiring, quirks);
        const { amps, phases } = policy.offer(profiles.at(at, outlet.id, begun), parts.sharers(), clock.monotonic());
        const limit = unit === 'A' ? amps : amps * nominalV * phases;
        return { startS: Math.round((at - from) / 1000), limit, phases };
      });
    },
    unlock(evse) {
      const outlet = outlets.find(({ id }) => id === evse);
      if (!outlet) return 'unknown';
      return outlet.transaction ? 'busy' : 'unlocked';
    },
    endForUnlock(evse) {
      const outlet = outlets.find(({ id }) => id === evse);
      if (outlet) soon(() => actions.end(outlet, 'unlocked'));
    },
    remeasures() {
      if (quirks.rebootsOnMeasurands) soon(() => actions.restart('ApplicationReset', false));
    },
  };
};
