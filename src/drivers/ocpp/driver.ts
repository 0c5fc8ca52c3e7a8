/**
 * A charging station as a device: it dials in, is answered, made ready and understood, and takes what the bridge
 * orders. It outlives its connections; what it must not forget lies in its store.
 */
import { type Clock, isoTime, type Timer } from '../../model/time.ts';
import type { DeviceDescription, DeviceState, Driver, DriverSink } from '../driver.ts';
import type { Codec } from './codec/codec.ts';
import { authorizationOf } from './codec/replies.ts';
import { createForeignBook, noForeign } from './forward/foreign.ts';
import { createForward, type ForwardOptions } from './forward/forward.ts';
import { createLimitRelay } from './forward/forward-limits.ts';
import { createLimiter } from './limits/limits.ts';
import { offer } from './limits/offer.ts';
import { createOrders } from './limits/orders.ts';
import { createPhaseSwitch } from './limits/phases.ts';
import { fallbackOf, fallbackSheet, type LimitSettings } from './limits/settings.ts';
import { createTakeOver } from './limits/take-over.ts';
import { CallFailure, type StationHandler, type StationLink } from './link/link.ts';
import type { Preset, Quirks } from './quirks.ts';
import { createActions } from './station/actions.ts';
import { createAsker } from './station/asking.ts';
import { type AuthorisationOptions, createAuthoriser } from './station/authorisation.ts';
import { createChannelBook } from './station/channels.ts';
import { type Connector, endSession, showSupply } from './station/connector.ts';
import { connectorOf, createConnectors } from './station/connectors.ts';
import { findFamily } from './station/family.ts';
import { createMemory, type Facts } from './station/memory.ts';
import { createNudge } from './station/nudge.ts';
import { beginReadiness, createReadiness, endReadiness, hear } from './station/readiness.ts';
import { rememberRefusals } from './station/refused.ts';
import { type PhaseRotation, phaseRotations } from './station/rotation.ts';
import { createSetUp } from './station/set-up.ts';
import { type StationSheet, sheetOf } from './station/sheet.ts';
import { createStarter } from './station/starter.ts';
import { closeStation, createStation, flush, loseStation, resume, takeEvent, tick } from './station/station.ts';
import { createLedger, type RecordStore } from './station/store.ts';
import { createTagsInUse, type TagsInUse } from './station/tags-in-use.ts';
import { beginConnection } from './station/timekeeper.ts';
import { createTransactionBook, detach, running } from './station/transactions.ts';
import type { Decision, StationEvent, Version } from './words.ts';

export interface OcppDriverOptions {
  /** As the station dials in. */
  identity: string;
  /** Name of the device in the source of its readings. */
  name: string;
  codecOf(version: Version): Codec;
  store: RecordStore;
  presets: Preset[];
  /** What the integrator said; goes before the preset. */
  quirks: Quirks;
  /** A preset by its id, where the station does not say what it is. */
  preset?: string;
  /** Of the installation; absent: its L1 is that of the grid. */
  phaseRotation?: PhaseRotation;
  limits: LimitSettings;
  authorisation: AuthorisationOptions;
  /** Of all stations of the server; absent: this one alone. */
  tagsInUse?: TagsInUse;
  /** Between two heartbeats of the station, s. */
  heartbeatS: number;
  /** EVSEs it is known to have, before it says so. */
  evses?: number[];
  /** Somebody else bills it, and may limit it. */
  forward?: ForwardOptions;
}

export interface OcppDriver extends Driver, StationHandler {
  facts(): Facts;
  /** What is known of the station, for the form. */
  sheet(): StationSheet;
  /** The station falls back by itself without us. */
  isGuarded(): boolean;
}

const tickMs = 10_000;

export const createOcppDriver = (options: OcppDriverOptions, clock: Clock): OcppDriver => {
  const { identity, name, codecOf, limits } = options;
  const ledger = createLedger(options.store);
  const memory = createMemory(ledger);
  const book = createTransactionBook(ledger, clock);
  const tags = (options.tagsInUse ?? createTagsInUse()).join(() =>
    [...book.sessions.values()].flatMap(({ state, evse = 0, tag }) =>
      state === 'running' && tag ? [{ evse, tag }] : [],
    ),
  );
  const authoriser = createAuthoriser(options.authorisation, clock, tags.isElsewhere);
  const isWatchedOnly = options.forward?.mode === 'observe';
  const foreign = options.forward && createForeignBook(ledger, () => lastVersion === '1.6');
  const ownTag = options.authorisation.ownTag;
  let sink: DriverSink | undefined;
  let line: { link: StationLink; codec: Codec } | undefined;
  let lastVersion: Version | undefined;
  let state: DeviceState = { kind: 'connecting' };
  let isStoreBroken = false;
  let ticker: Timer | undefined;
  const noted = new Set<string>();

  let { boot } = memory.facts;
  let family = findFamily(options, boot);
  const quirks = (): Quirks => family.quirks;

  /** Stations say who they are with each boot. */
  const described = (): void => {
    if (memory.facts.boot !== boot) {
      boot = memory.facts.boot;
      family = findFamily(options, boot);
    }
    sink?.described();
  };
  /** Told with the next samples: a first message brings many at once. */
  let hasNewChannels = false;
  const channels = createChannelBook(ledger, limits.intervalS, () => {
    hasNewChannels = true;
  });
  const { asker, refused } = rememberRefusals(
    createAsker(
      () => line,
      () => quirks().paceMs ?? 0,
      clock,
    ),
    clock,
  );
  const nudge = createNudge(asker, quirks, clock);

  const connectors = createConnectors(
    {
      phases: limits.phases,
      phaseRotation: options.phaseRotation ?? phaseRotations[0],
      minCurrentA: limits.minCurrentA,
      maxCurrentA: limits.maxCurrentA,
      intervalMs: limits.intervalS * 1000,
      supplyPhases: (evse) => memory.facts.supplyPhases?.[String(evse)],
      channels,
      clock,
    },
    memory,
    described,
  );
  const evses = (): number[] => connectors.numbers;
  const connector = (evse: number): Connector => connectorOf(connectors, evse);
  const transaction = (evse: number): string | undefined => running(book, evse)?.transaction;

  const station = createStation(
    { identity, quirks, authoriser, heartbeatS: options.heartbeatS },
    connectors,
    book,
    memory,
    clock,
    {
      samples(samples) {
        if (hasNewChannels) described();
        hasNewChannels = false;
        sink?.cycle({ samples, durationMs: 0, errors: [] });
      },
      event: (event) => sink?.event(event),
      described,
      inForce: (profile) => limiter.inForce(profile),
      profiles: (event) => takeOver.reported(event),
      moved(evse) {
        foreign?.moved(evse, transaction(evse) !== undefined);
        if (evse === 0 || !readiness.isUsable) return;
        limiter.moved(evse);
        starter.moved(evse);
      },
    },
  );

  const actions = createActions(asker, clock, { connector, transaction, ownTag });
  const takeOver = createTakeOver(
    foreign ? 'keep' : (limits.foreignPolicy ?? 'once'),
    asker,
    memory,
    foreign ?? noForeign,
    clock,
    { evses, event: (event) => sink?.event(event) },
  );
  const limiter = createLimiter(limits, asker, memory, quirks, nudge, takeOver, foreign ?? noForeign, clock, {
    evses,
    connector,
    transaction,
    begun: (evse) => running(book, evse)?.startedAt,
    restart: (evse) => actions.start(evse),
    drifted: (evse, what) => sink?.drifted(`limit/${evse}`, what),
  });
  const phaseSwitch = createPhaseSwitch(limiter, memory, quirks, nudge, clock, {
    connector,
    switched: (index, from, to) =>
      sink?.event({
        component: { type: 'ev_charger', index },
        name: 'phase_switched',
        severity: 'info',
        data: { ...(from === undefined ? {} : { from }), to },
      }),
  });
  const starter = createStarter(
    () => quirks().needsRemoteStart === true && options.authorisation.mode === 'free',
    connector,
    transaction,
    (evse) => actions.start(evse),
  );
  // What a backend has put into the station is the backend's; where it alone limits, so are all settings.
  const setUpQuirks = (): Quirks => (isWatchedOnly ? { ...quirks(), keepsSettings: true } : quirks());
  const lists = foreign ? { ...authoriser, localList: () => undefined } : authoriser;
  const setUp = createSetUp(limits.intervalS, asker, memory, setUpQuirks, lists, clock, {
    connectors(count) {
      for (let evse = 1; evse <= count; evse++) connector(evse);
    },
    transactions: () => evses().flatMap((evse) => transaction(evse) ?? []),
    over(id) {
      const evse = book.sessions.get(id)?.evse;
      if (evse === undefined) return;
      detach(book, evse);
      endSession(connector(evse));
      flush(station);
    },
    evses,
    isStatusMissing: () => evses().some((evse) => connector(evse).status === 'unknown'),
  });
  const carryOut = createOrders(limits, limiter, phaseSwitch, actions);
  const forward =
    options.forward &&
    foreign &&
    createForward(options.forward, identity, ledger, clock, {
      event: (event) => sink?.event(event),
      relayed: createLimitRelay(foreign, limiter.tellAgain, clock),
    });

  for (const evse of options.evses ?? []) connector(evse);
  ledger.release();

  const enter = (next: DeviceState): void => {
    state = next;
    sink?.state(next);
    // A station may have nothing to say for hours: how it is, is told all the same.
    sink?.cycle({ samples: [], durationMs: 0, errors: [] });
  };

  const showStore = (): void => {
    const isBroken = ledger.isBroken;
    if (isBroken === isStoreBroken) return;
    isStoreBroken = isBroken;
    if (!readiness.isUsable) return;
    enter(
      isBroken
        ? {
            kind: 'degraded',
            reason: 'sessions cannot be written down; the station is not answered, and tells them again',
          }
        : { kind: 'online' },
    );
  };

  const readiness = createReadiness(clock, {
    needsBoot: () => quirks().needsBoot === true,
    askForBoot: setUp.askForBoot,
    usable() {
      const wasThere = state.kind === 'online' || state.kind === 'degraded';
      enter({ kind: 'online' });
      // Where the old connection was not seen to end, nobody above knows that the limits have to be told again.
      if (wasThere) void limiter.tellAgain();
    },
    async makeReady(hasBooted, signal) {
      const isWhole = await setUp.run(hasBooted, signal);
      described();
      for (const each of connectors.all) showSupply(each);
      flush(station);
      if (isWhole && !isWatchedOnly) await takeOver.survey(signal);
    },
    event: (event) => sink?.event(event),
  });

  const noteOddities = (notes: string[]): void => {
    for (const note of notes) {
      if (noted.has(note) || noted.size >= 100) continue;
      noted.add(note);
      sink?.event({ name: 'protocol_deviation', severity: 'debug', message: note.slice(0, 1024) });
    }
  };

  /** Something charges and nobody says how much. */
  const breakSilence = (): void => {
    const since = clock.monotonic() - 2 * limits.intervalS * 1000;
    for (const evse of evses()) if (transaction(evse) !== undefined && connector(evse).heardAt < since) nudge.ask(evse);
  };

  const stepMs = Math.min(tickMs, limits.intervalS * 1000);
  /** Monotonic, ms. */
  let passedAt = clock.monotonic();

  /** With a message, where one comes: then all of the station is at hand. By itself only where the station is silent. */
  const passTime = (afterMs: number): void => {
    const now = clock.monotonic();
    if (!readiness.isUsable || now - passedAt < afterMs) return;
    passedAt = now;
    tick(station);
    limiter.tick();
    breakSilence();
  };

  const decide = (event: StationEvent): Decision | Promise<Decision> => {
    try {
      return takeEvent(station, event);
    } finally {
      showStore();
      passTime(0.8 * stepMs);
    }
  };

  const describe = (): DeviceDescription => {
    const { boot } = memory.facts;
    return {
      protocol: `ocpp${line?.link.version ?? lastVersion ?? ''}`,
      source: `ocpp/${name}`,
      ...(boot && {
        vendor: boot.vendor,
        model: boot.model,
        ...(boot.serial && { serial: boot.serial }),
        ...(boot.firmware && { firmware: boot.firmware }),
      }),
      channels: channels.all,
      components: {
        ev_charger: { role: 'ev', phases: limits.phases, phaseRotation: options.phaseRotation ?? phaseRotations[0] },
      },
    };
  };

  return {
    describe,
    inspect: () => new Map(),
    actuators: () => offer(evses(), limits, memory.facts, quirks(), !isWatchedOnly),
    apply: carryOut,
    facts: () => memory.facts,
    sheet: () =>
      sheetOf({
        identity,
        isConnected: line !== undefined,
        version: line?.link.version ?? lastVersion,
        facts: memory.facts,
        evses: evses(),
        preset: family.preset,
        quirks: quirks(),
        fallback: isWatchedOnly ? { why: 'watched' } : fallbackSheet(limits, quirks()),
        others: takeOver.others(),
        refused: refused(),
      }),
    // Where it is not limited from here, there is nothing to fall back from.
    isGuarded: () => isWatchedOnly || fallbackOf(limits, quirks()) !== undefined,
    start(given) {
      sink = given;
      sink.state(state);
      resume(station);
      ticker = clock.every(stepMs, () => passTime(0.95 * stepMs));
    },
    connected(link) {
      line = { link, codec: codecOf(link.version) };
      lastVersion = link.version;
      beginConnection(station.time, clock);
      limiter.returned();
      takeOver.returned();
      nudge.reset();
      described();
      beginReadiness(readiness);
      forward?.connected(link);
    },
    called(action, payload) {
      if (!line) throw new CallFailure('offline', 'not connected');
      const { codec } = line;
      const decoded = codec.decode(action, payload, clock.now());
      if (!decoded.ok) throw new CallFailure('error', decoded.reason, decoded.code);
      const { event, notes } = decoded;
      noteOddities(notes);
      hear(readiness, event.kind === 'boot');
      const reply = (made: Decision): object => codec.reply(event, made, clock.now());
      const answer = (): object | Promise<object> => {
        const decision = decide(event);
        return decision instanceof Promise ? decision.then(reply) : reply(decision);
      };
      return forward
        ? forward.called(action, payload, answer, (status) => {
            if (event.kind === 'authorize') authoriser.judged(event.token, authorizationOf(status));
          })
        : answer();
    },
    disconnected(reason) {
      endReadiness(readiness);
      line = undefined;
      forward?.disconnected();
      loseStation(station);
      const { reconnectS } = quirks();
      enter({
        kind: 'offline',
        reason: `not connected since ${isoTime(clock.now())}: ${reason}`,
        ...(reconnectS === undefined ? {} : { retryMs: reconnectS * 1000 }),
      });
    },
    async close() {
      endReadiness(readiness);
      ticker?.cancel();
      limiter.close();
      takeOver.close();
      tags.leave();
      forward?.close();
      closeStation(station);
      line = undefined;
    },
  };
};
