/**
 * A charging station as a device: it dials in, is answered, made ready and understood, and takes what the bridge
 * orders. It outlives its connections; what it must not forget lies in its store.
 */
import type { Clock } from '../../model/time.ts';
import type { Driver } from '../driver.ts';
import type { Codec } from './codec/codec.ts';
import { phaseRotations } from './codec/limits.ts';
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
import { setAlarm } from './station/alarms.ts';
import { createAsker } from './station/asking.ts';
import { createAudience } from './station/audience.ts';
import { type AuthorisationOptions, createAuthoriser } from './station/authorisation.ts';
import { createChannelBook } from './station/channels.ts';
import type { Connector } from './station/connector.ts';
import { connectorOf, createConnectors } from './station/connectors.ts';
import { describeStation } from './station/description.ts';
import { takeEvent } from './station/events.ts';
import { findFamily } from './station/family.ts';
import { detach } from './station/lost-ends.ts';
import { createMemory, type Facts } from './station/memory.ts';
import { renewPassword } from './station/new-password.ts';
import { createNudge } from './station/nudge.ts';
import { createOddities } from './station/oddities.ts';
import { endSession, showKnown } from './station/plug.ts';
import { createPulse } from './station/pulse.ts';
import { beginReadiness, createReadiness, endReadiness, hear } from './station/readiness.ts';
import { rememberRefusals } from './station/refused.ts';
import type { PhaseRotation } from './station/rotation.ts';
import { createSetUp } from './station/set-up.ts';
import { type StationSheet, sheetOf } from './station/sheet.ts';
import { createStanding } from './station/standing.ts';
import { createStarter } from './station/starter.ts';
import {
  closeStation,
  createStation,
  findStation,
  flush,
  loseStation,
  resume,
  showSessions,
  tick,
} from './station/station.ts';
import { createLedger, type RecordStore } from './station/store.ts';
import { createTagsInUse, type TagsInUse } from './station/tags-in-use.ts';
import { createTransactionBook, running } from './station/transaction-book.ts';
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
  /** Told to a station that comes with an older one. */
  password?: string;
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

/** Between two looks at what time has done to a station, ms. */
const longestStepMs = 10_000;

export const createOcppDriver = (options: OcppDriverOptions, clock: Clock): OcppDriver => {
  const { identity, name, codecOf, limits } = options;
  const ledger = createLedger(options.store);
  const memory = createMemory(ledger);
  const book = createTransactionBook(ledger, clock);
  const audience = createAudience();
  const { sink } = audience;
  const { event } = sink;
  const standing = createStanding(ledger, sink, clock);
  const tags = (options.tagsInUse ?? createTagsInUse()).join(() =>
    [...book.sessions.values()].flatMap(({ state, evse = 0, tag }) =>
      state === 'running' && tag ? [{ evse, tag }] : [],
    ),
  );
  const authoriser = createAuthoriser(options.authorisation, clock, tags.isElsewhere);
  const isWatchedOnly = options.forward?.mode === 'observe';
  const foreign = options.forward && createForeignBook(ledger, () => version === '1.6');
  const ownTag = options.authorisation.ownTag;
  let line: { link: StationLink; codec: Codec } | undefined;
  /** It dialled in with last. */
  let version: Version | undefined;

  let { boot } = memory.facts;
  let family = findFamily(options, boot);
  const quirks = (): Quirks => family.quirks;

  /** Stations say who they are with each boot. */
  const described = (): void => {
    if (memory.facts.boot !== boot) {
      boot = memory.facts.boot;
      family = findFamily(options, boot);
    }
    sink.described();
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
        sink.cycle({ samples, durationMs: 0, errors: [] });
      },
      event,
      described,
      inForce: (profile) => limiter.inForce(profile),
      profiles: (event) => takeOver.reported(event),
      odd: (what) => noteOddities([what]),
      moved(evse) {
        foreign?.moved(evse, transaction(evse) !== undefined);
        if (evse === 0 || !readiness.isUsable) return;
        limiter.moved(evse);
        starter.moved(evse);
      },
    },
  );

  const actions = createActions(asker, clock, {
    connector,
    session: (evse) => running(book, evse),
    remoteStarts: station.remoteStarts,
    ownTag,
  });
  const takeOver = createTakeOver(
    foreign ? 'keep' : (limits.foreignPolicy ?? 'once'),
    asker,
    memory,
    foreign ?? noForeign,
    clock,
    { evses, event },
  );
  const limiter = createLimiter(limits, asker, memory, quirks, nudge, takeOver, foreign ?? noForeign, clock, {
    evses,
    connector,
    transaction,
    begun: (evse) => running(book, evse)?.startedAt,
    restart: (evse) => actions.start(evse),
    drifted: (evse, what) => sink.drifted(`limit/${evse}`, what),
    progressed: (evse, progress) => sink.progressed(`limit/${evse}`, progress),
    stationLimit: (evse, what) => setAlarm(station.alarms, evse, 'station_limit', 'warning', what),
  });
  const phaseSwitch = createPhaseSwitch(limiter, memory, quirks, nudge, clock, {
    connector,
    switched: (index, from, to) =>
      event({
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
  const listed = foreign ? undefined : authoriser.listed;
  const setUp = createSetUp(limits.intervalS, asker, memory, setUpQuirks, listed, clock, {
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
    silentEvses: () =>
      (evses().length > 0 ? evses() : [1]).filter(
        (evse) => (connectors.byNumber[evse]?.status ?? 'unknown') === 'unknown',
      ),
    status: (evse, status, raw) => void takeEvent(station, { kind: 'status', evse, status, raw, at: undefined }),
  });
  const carryOut = createOrders(limits, limiter, phaseSwitch, actions);
  const forward =
    options.forward &&
    foreign &&
    createForward(options.forward, identity, ledger, clock, {
      event,
      relayed: createLimitRelay(foreign, limiter.tellAgain, clock),
    });

  for (const evse of options.evses ?? []) connector(evse);
  ledger.release();

  const readiness = createReadiness(clock, {
    needsBoot: () => quirks().needsBoot === true,
    askForBoot: setUp.askForBoot,
    usable() {
      const wasHere = standing.usable();
      // Where the old connection was not seen to end, nobody above knows that the limits have to be told again.
      if (wasHere) void limiter.tellAgain();
      showSessions(station);
      // A car may have been there before the station could be asked anything.
      for (const evse of evses()) starter.moved(evse);
    },
    async makeReady(hasBooted, signal) {
      const isWhole = await setUp.run(hasBooted, signal);
      described();
      // Every station has a first one, whatever it says.
      if (evses().length === 0) connector(1);
      for (const evse of evses()) showKnown(connector(evse));
      flush(station);
      if (isWhole && !isWatchedOnly) await takeOver.survey(signal);
      // Last of all: some break the connection off with it.
      const outcome = line && (await renewPassword(options.password, line.link, asker));
      if (outcome) event(outcome);
    },
    event,
  });

  const noteOddities = createOddities(event);

  /** Something charges and nobody says how much. */
  const breakSilence = (): void => {
    const since = clock.monotonic() - 2 * limits.intervalS * 1000;
    for (const evse of evses()) if (transaction(evse) !== undefined && connector(evse).heardAt < since) nudge.ask(evse);
  };

  const pulse = createPulse(
    Math.min(longestStepMs, limits.intervalS * 1000),
    () => readiness.isUsable,
    () => {
      tick(station);
      limiter.tick();
      breakSilence();
    },
    clock,
  );

  const decide = (event: StationEvent): Decision | Promise<Decision> => {
    try {
      return takeEvent(station, event);
    } finally {
      standing.written();
      pulse.heard();
    }
  };

  return {
    describe: () =>
      describeStation({
        name,
        version,
        boot: memory.facts.boot,
        channels: channels.all,
        phases: limits.phases,
        phaseRotation: options.phaseRotation,
      }),
    inspect: () => new Map(),
    actuators: () => offer(evses(), limits, memory.facts, quirks(), !isWatchedOnly),
    apply: carryOut,
    facts: () => memory.facts,
    sheet: () =>
      sheetOf({
        identity,
        isConnected: line !== undefined,
        isPasswordOld: line?.link.peer.isPasswordNewest === false,
        version,
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
    start(listener) {
      audience.open(listener);
      resume(station);
      pulse.start();
    },
    connected(link) {
      line = { link, codec: codecOf(link.version) };
      version = link.version;
      findStation(station);
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
      if (!decoded.ok) {
        noteOddities([`${decoded.reason}: refused`]);
        throw new CallFailure('error', decoded.reason, decoded.code);
      }
      const { event, notes } = decoded;
      noteOddities(notes);
      hear(readiness, event.kind === 'boot');
      let ended: string | undefined;
      const reply = (made: Decision): object => {
        ended = made.ended;
        return codec.reply(event, made, clock.now());
      };
      const answer = (): object | Promise<object> => {
        const decision = decide(event);
        return decision instanceof Promise ? decision.then(reply) : reply(decision);
      };
      return forward
        ? forward.called(action, payload, answer, {
            judged(status) {
              if (event.kind === 'authorize') authoriser.judged(event.token, authorizationOf(status));
            },
            ended: () => ended,
          })
        : answer();
    },
    disconnected(reason) {
      endReadiness(readiness);
      line = undefined;
      forward?.disconnected();
      loseStation(station);
      standing.gone(reason, quirks().reconnectS);
    },
    deviated: (message) => event({ name: 'protocol_deviation', severity: 'warning', message }),
    async close() {
      endReadiness(readiness);
      pulse.close();
      limiter.close();
      takeOver.close();
      tags.leave();
      forward?.close();
      closeStation(station);
      line = undefined;
    },
  };
};
