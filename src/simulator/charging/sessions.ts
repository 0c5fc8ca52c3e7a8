/** Transactions of a station: when they begin and end, and what is told of them meanwhile. */
import type { Clock } from '../../model/time.ts';
import type { BeginCause, Dialect, EndCause, Facts } from './dialect.ts';
import type { OfferPolicy } from './offer.ts';
import type { Outbox } from './outbox.ts';
import type { Outlet, OutletStatus, Transaction } from './outlet.ts';
import type { OwnTime } from './own-time.ts';
import type { Quirks } from './quirks.ts';
import type { Meter } from './readings.ts';
import type { ProfileStore } from './schedule.ts';

export interface SessionsParts {
  dialect: Dialect;
  meter: Meter;
  time: OwnTime;
  outbox: Outbox;
  profiles: ProfileStore;
  quirks: Quirks;
  policyOf(outlet: Outlet): OfferPolicy;
  isOnline(): boolean;
  /** Says something outside of the order of transactions, if it is online. */
  say(call: { action: string; payload: object }): void;
}

export interface Sessions {
  /** Begins where car and permission are there. */
  begin(outlet: Outlet, cause: BeginCause): void;
  end(outlet: Outlet, cause: EndCause): void;
  /** Looks at an outlet after time has passed. */
  watch(outlet: Outlet): void;
  facts(outlet: Outlet): Facts;
  /** Tells its meter now, as part of a running transaction. */
  sample(outlet: Outlet): void;
  /** The transaction that its meter values name. */
  named(outlet: Outlet): Transaction | undefined;
}

interface Memory {
  status: OutletStatus;
  sampleAt: number;
  /** The last transaction that is over. */
  over: Transaction | undefined;
}

export const createSessions = (parts: SessionsParts, clock: Clock): Sessions => {
  const { dialect, meter, time, outbox, profiles, quirks, isOnline } = parts;
  const memories = new Map<Outlet, Memory>();

  const memoryOf = (outlet: Outlet): Memory => {
    const known = memories.get(outlet) ?? { status: outlet.status(), sampleAt: 0, over: undefined };
    memories.set(outlet, known);
    return known;
  };

  const facts = (outlet: Outlet): Facts => ({
    at: time.now(),
    status: outlet.status(),
    readings: meter(outlet, dialect.measurands()),
    registerWh: outlet.registerWh() - (quirks.hasSessionRegister ? (outlet.transaction?.meterStartWh ?? 0) : 0),
    seqNo: 0,
    phases: outlet.livePhases(),
  });
  const next = (outlet: Outlet, transaction: Transaction): Facts => ({ ...facts(outlet), seqNo: transaction.seqNo++ });

  const named = (outlet: Outlet): Transaction | undefined =>
    outlet.transaction ?? (quirks.keepsOldTransaction ? memoryOf(outlet).over : undefined);

  const scheduleSample = (memory: Memory): void => {
    memory.sampleAt = clock.monotonic() + dialect.sampleIntervalS() * 1000;
  };

  const sample = (outlet: Outlet, transaction: Transaction): void => {
    const [now, isLate] = [next(outlet, transaction), !isOnline()];
    outbox.push({ build: () => dialect.sampled(outlet, transaction, now, isLate) });
  };

  const end = (outlet: Outlet, cause: EndCause): void => {
    const { transaction } = outlet;
    if (!transaction) return;
    const [last, isLate] = [next(outlet, transaction), !isOnline()];
    Object.assign(outlet, { transaction: undefined, permission: undefined, hasEnded: outlet.car !== undefined });
    memoryOf(outlet).over = transaction;
    profiles.clear({ evse: outlet.id, purpose: 'tx' });
    outbox.push({
      build: () => dialect.ended(outlet, transaction, last, cause, isLate),
      answered() {
        if (quirks.closesWithMeterValues) parts.say(dialect.measured(outlet, transaction, facts(outlet)));
      },
    });
  };

  return {
    facts,
    named,
    end,
    sample(outlet) {
      if (outlet.transaction) sample(outlet, outlet.transaction);
    },
    begin(outlet, cause) {
      const { permission, car, transaction: running, isOperative, isFaulted } = outlet;
      if (!permission || !car || running || !isOperative || isFaulted) return;
      const transaction: Transaction = {
        id: dialect.newTransactionId(),
        token: permission.token,
        startedAt: time.now(),
        meterStartWh: outlet.registerWh(),
        seqNo: 0,
        remoteStartId: permission.remoteStartId,
      };
      Object.assign(outlet, { transaction, permission: undefined, hasEnded: false });
      parts.policyOf(outlet).begin();
      scheduleSample(memoryOf(outlet));
      if (permission.profile) profiles.set(outlet.id, permission.profile, time.now());
      const [first, isLate] = [next(outlet, transaction), !isOnline()];
      outbox.push({
        build: () => dialect.began(outlet, transaction, first, cause, isLate),
        answered(answer) {
          transaction.id ??= dialect.givenTransactionId(answer);
          if (!dialect.isAccepted(answer) && outlet.transaction === transaction) end(outlet, 'deauthorized');
        },
      });
    },
    watch(outlet) {
      const { transaction } = outlet;
      const memory = memoryOf(outlet);
      if (transaction && quirks.zeroEndsTransaction && parts.policyOf(outlet).wasPaused()) end(outlet, 'other');
      const status = outlet.status();
      if (status !== memory.status) {
        memory.status = status;
        const call = dialect.status(outlet);
        if (call) parts.say(call);
        if (outlet.transaction && dialect.changed) {
          const { transaction: running } = outlet;
          const { changed } = dialect;
          const [now, isLate] = [next(outlet, running), !isOnline()];
          outbox.push({ build: () => changed(running, now, isLate) });
        }
      }
      const told = named(outlet);
      if (!told || dialect.sampleIntervalS() === 0 || clock.monotonic() < memory.sampleAt) return;
      scheduleSample(memory);
      sample(outlet, told);
    },
  };
};
