/** A charging station of any version: it boots, tells its state, authorises, and does what its central system asks. */
import { createRPCError } from 'ocpp-rpc';
import { z } from 'zod';
import type { Clock, Timer } from '../../model/time.ts';
import { createDesk } from './desk.ts';
import type { BootReason, Call, Desk, Dialect, Nameplate } from './dialect.ts';
import { createLine, type LineOptions } from './line.ts';
import { createOfferPolicy, type Offer } from './offer.ts';
import { createOutbox } from './outbox.ts';
import type { Outlet, Permission, Token } from './outlet.ts';
import { createOwnTime } from './own-time.ts';
import type { Quirks } from './quirks.ts';
import { createMeter } from './readings.ts';
import { createProfileStore } from './schedule.ts';
import { createSessions, type Sessions } from './sessions.ts';

export interface StationParts {
  line: Omit<LineOptions, 'protocol'>;
  nameplate: Nameplate;
  quirks: Quirks;
  outlets: readonly Outlet[];
  /** 2.x */
  isSamePlaceRefused: boolean;
  createDialect(desk: Desk): Dialect;
}

export interface Station {
  readonly desk: Desk;
  readonly sessions: Sessions;
  isOpen(): boolean;
  /** Registered at its central system. */
  isOnline(): boolean;
  offer(outlet: Outlet): Offer;
  authorize(token: Token): Promise<boolean>;
  /** Lets someone charge; forgotten where no car comes in time. */
  admit(outlet: Outlet, permission: Permission): void;
  /** Looks at every outlet after time has passed. */
  watch(): void;
  switchOn(reason: BootReason): void;
  /** @param isOrderly says goodbye */
  switchOff(isOrderly: boolean): Promise<void>;
  cut(): void;
}

const bootAnswer = z.object({ status: z.string(), currentTime: z.string(), interval: z.number() });
const timeAnswer = z.object({ currentTime: z.string() });
/** Where BootNotification has no answer, or one that leaves it to the station. */
const retryBootS = 10;
const restartsInS = 1;
/** Before a restart, for what its transactions have to say. */
const tellsForS = 5;

export const createStation = (parts: StationParts, clock: Clock): Station => {
  const { quirks, outlets } = parts;
  const time = createOwnTime(clock, quirks);
  const profiles = createProfileStore(parts.isSamePlaceRefused);
  const policies = new Map(outlets.map((outlet) => [outlet, createOfferPolicy(outlet.wiring, quirks)]));
  const patience = new Map<Outlet, Timer>();
  const timers: { boot?: Timer; heartbeat?: Timer; restart?: Timer } = {};
  let isOnline = false;
  let wasOnline = false;
  let restarting: { reason: BootReason; isPatient: boolean; until: number } | undefined;
  let bootReason: BootReason = 'PowerUp';
  let calledAt = Number.NEGATIVE_INFINITY;

  const policyOf = (outlet: Outlet) => policies.get(outlet) ?? createOfferPolicy(outlet.wiring, quirks);
  const sharers = (): number => Math.max(1, outlets.filter(({ transaction }) => transaction).length);
  /** What it says so is not worth repeating where it fails. */
  const say = ({ action, payload }: Call): void => {
    if (isOnline) line.call(action, payload).catch(() => {});
  };
  const tellStatus = (outlet: Outlet | undefined): void => {
    const call = dialect.status(outlet);
    if (call) say(call);
  };

  const ask = ({ action, payload }: Call): Promise<unknown> => line.call(action, payload).catch(() => undefined);
  const beat = async (): Promise<void> => {
    const answer = timeAnswer.safeParse(await ask(dialect.heartbeat()));
    if (answer.success) time.set(answer.data.currentTime);
  };
  const goOffline = (): void => {
    isOnline = false;
    timers.boot?.cancel();
    timers.heartbeat?.cancel();
  };
  const goOnline = (heartbeatS: number): void => {
    goOffline();
    [isOnline, wasOnline] = [true, true];
    if (heartbeatS > 0) timers.heartbeat = clock.every(heartbeatS * 1000, () => void beat());
    for (const outlet of [undefined, ...outlets]) tellStatus(outlet);
    outbox.flush();
  };
  const register = async (): Promise<void> => {
    const { success, data } = bootAnswer.safeParse(await ask(dialect.boot(bootReason)));
    if (!line.isOpen()) return;
    if (success) time.set(data.currentTime);
    const intervalS = data?.interval || retryBootS;
    if (data?.status === 'Accepted') goOnline(intervalS);
    else {
      goOffline();
      timers.boot = clock.after(intervalS * 1000, () => void register());
    }
  };
  /** @param isPatient waits for the end of the last transaction; otherwise only until they are told */
  const planRestart = (reason: BootReason, isPatient: boolean): void => {
    restarting = { reason, isPatient, until: clock.monotonic() + tellsForS * 1000 };
  };
  const isRestartDue = (): boolean => {
    if (!restarting) return false;
    if (restarting.isPatient && outlets.some(({ transaction }) => transaction)) return false;
    return outbox.length() === 0 || clock.monotonic() > restarting.until;
  };
  const restart = async (reason: BootReason): Promise<void> => {
    restarting = undefined;
    await station.switchOff(true);
    timers.restart = clock.after(restartsInS * 1000, () => station.switchOn(reason));
  };

  const called = async (action: string, params: unknown): Promise<object> => {
    const pauseMs = clock.monotonic() - calledAt;
    calledAt = clock.monotonic();
    const isHurried = quirks.hangsUpWhenHurriedMs !== undefined && pauseMs < quirks.hangsUpWhenHurriedMs;
    if (isHurried || (quirks.hangsUpBeforeBoot && !isOnline)) line.cut();
    if (quirks.ignores.includes(action)) return new Promise(() => {});
    if (quirks.answersAfterMs > 0) await new Promise<void>((resolve) => clock.after(quirks.answersAfterMs, resolve));
    try {
      return dialect.answer(action, params);
    } catch (error) {
      if (!quirks.explainsAtLength) throw error;
      throw createRPCError('GenericError', (error as Error).message.padEnd(600, ' and again'));
    }
  };

  const desk = createDesk(
    { nameplate: parts.nameplate, quirks, time, outlets, profiles, policyOf, sharers },
    {
      say,
      register: () => void register(),
      beat: () => void beat(),
      tellStatus,
      tellMeter: (outlet) => say(dialect.measured(outlet, sessions.named(outlet), sessions.facts(outlet))),
      tellTransaction: (outlet) => sessions.sample(outlet),
      async admit(outlet, permission) {
        if (!dialect.rules.authorizesRemoteStart() || (await station.authorize(permission.token)))
          station.admit(outlet, permission);
      },
      end: (outlet, cause) => sessions.end(outlet, cause),
      restart: planRestart,
      waiting: () => outbox.length(),
    },
    clock,
  );
  const dialect = parts.createDialect(desk);
  const line = createLine({ ...parts.line, protocol: dialect.protocol }, quirks, clock, {
    opened() {
      if (quirks.forgetsProfiles) profiles.clear({});
      if (quirks.bootsOnce && wasOnline) goOnline(dialect.heartbeatS());
      else void register();
    },
    closed: goOffline,
    called,
  });
  const outbox = createOutbox(
    {
      isOpen: () => isOnline,
      send: ({ action, payload }) => line.call(action, payload),
      attempts: dialect.rules.attempts,
      retryS: dialect.rules.retryS,
    },
    clock,
  );
  const meter = createMeter(quirks);
  const sessions = createSessions(
    { dialect, meter, time, outbox, profiles, quirks, policyOf, isOnline: () => isOnline, say },
    clock,
  );

  const station: Station = {
    desk,
    sessions,
    isOpen: line.isOpen,
    isOnline: () => isOnline,
    offer(outlet) {
      const ceilings = profiles.at(time.now(), outlet.id, outlet.transaction?.startedAt);
      return policyOf(outlet).offer(ceilings, sharers(), clock.monotonic());
    },
    async authorize(token) {
      const { isListOn, trustsListOnline, trustsListOffline, trustsAllOffline } = dialect.rules;
      const listed = isListOn() ? desk.localList.statusOf(token.id) : undefined;
      if (isOnline && trustsListOnline() && listed === 'Accepted') return true;
      if (!isOnline) return listed === undefined ? trustsAllOffline() : trustsListOffline() && listed === 'Accepted';
      return dialect.isAccepted(await ask(dialect.authorize(token)));
    },
    admit(outlet, permission) {
      outlet.permission = permission;
      sessions.begin(outlet, permission.isRemote ? 'remote' : 'authorized');
      patience.get(outlet)?.cancel();
      const forget = (): void => {
        outlet.permission = undefined;
      };
      if (outlet.permission) patience.set(outlet, clock.after(dialect.rules.connectionTimeoutS() * 1000, forget));
    },
    watch() {
      outlets.forEach(sessions.watch);
      if (restarting && isRestartDue()) void restart(restarting.reason);
    },
    switchOn(reason) {
      [bootReason, wasOnline] = [reason, false];
      line.dial();
    },
    async switchOff(isOrderly) {
      goOffline();
      timers.restart?.cancel();
      for (const timer of patience.values()) timer.cancel();
      for (const outlet of outlets) outlet.permission = undefined;
      await line.hangUp(isOrderly);
    },
    cut: line.cut,
  };
  return station;
};
