/** The controller of a simulated station: it wires connection, registration, transactions and operations together. */
import type { Clock } from '../../model/time.ts';
import { ChargingProfileStore } from './charging-profile-store.ts';
import { CsmsConnection, type CsmsConnectionOptions } from './csms-connection.ts';
import { DeviatingAnswers } from './deviating-answers.ts';
import { createIncomingCalls16 } from './incoming-calls-16.ts';
import { createIncomingCalls201 } from './incoming-calls-201.ts';
import { LocalAuthorizationList } from './local-authorization-list.ts';
import { MeterSampling } from './meter-sampling.ts';
import { type OfferedCurrent, OfferPolicy } from './offered-current.ts';
import type { BootReason, Call, Nameplate, OutgoingCalls } from './outgoing-calls.ts';
import { OutgoingCalls16 } from './outgoing-calls-16.ts';
import { OutgoingCalls201 } from './outgoing-calls-201.ts';
import type { Authorization, IdToken, SimulatedEvse } from './simulated-evse.ts';
import { SimulatedTransactions } from './simulated-transactions.ts';
import { StationClock } from './station-clock.ts';
import type { StationDeviations } from './station-deviations.ts';
import { type StationActions, StationOperations } from './station-operations.ts';
import { StationRegistration } from './station-registration.ts';
import { StationRestarts } from './station-restarts.ts';
import { TokenAuthorization } from './token-authorization.ts';
import { TransactionQueue } from './transaction-queue.ts';

interface StationControllerOptions {
  version: '1.6' | '2.0.1';
  connection: Omit<CsmsConnectionOptions, 'protocol'>;
  nameplate: Nameplate;
  deviations: StationDeviations;
  evses: readonly SimulatedEvse[];
}

/** Wires the parts of the station together. */
export class StationController {
  readonly stationClock: StationClock;
  readonly profiles: ChargingProfileStore;
  readonly transactions: SimulatedTransactions;
  readonly #options: StationControllerOptions;
  readonly #clock: Clock;
  readonly #calls: OutgoingCalls;
  readonly #restarts: StationRestarts;
  readonly #answers: DeviatingAnswers;
  readonly #connection: CsmsConnection;
  readonly #registration: StationRegistration;
  readonly #tokens: TokenAuthorization;
  readonly #queue: TransactionQueue;
  readonly #policies: ReadonlyMap<SimulatedEvse, OfferPolicy>;

  constructor(options: StationControllerOptions, clock: Clock) {
    const { deviations, evses, nameplate, version } = options;
    this.#options = options;
    this.#clock = clock;
    this.stationClock = new StationClock(clock, deviations);
    this.profiles = new ChargingProfileStore(version !== '1.6');
    this.#policies = new Map(evses.map((evse) => [evse, new OfferPolicy(evse.wiring, deviations)]));
    const context = { deviations, clock: this.stationClock, nameplate, evses };
    this.#calls = version === '1.6' ? new OutgoingCalls16(context) : new OutgoingCalls201(context);
    const localList = new LocalAuthorizationList();
    this.#connection = this.#createConnection();
    this.#registration = this.#createRegistration();
    this.#tokens = this.#createAuthorization(localList);
    this.#queue = this.#createQueue();
    this.transactions = this.#createTransactions();
    this.#restarts = this.#createRestarts();
    this.#answers = this.#createAnswers(localList);
  }

  /** @returns whether the WebSocket is open */
  isConnected(): boolean {
    return this.#connection.isOpen();
  }

  /** @returns whether the CSMS has accepted the station in this connection */
  isOnline(): boolean {
    return this.#registration.isOnline();
  }

  /** @returns number of messages about transactions that are not sent yet */
  queuedMessages(): number {
    return this.#queue.length();
  }

  /** @returns the current that an EVSE offers now */
  offer(evse: SimulatedEvse): OfferedCurrent {
    const limits = this.profiles.at(this.stationClock.now(), evse.id, evse.transaction?.startedAt);
    return this.#offerPolicyOf(evse).offer(limits, this.#sharers(), this.#clock.monotonic());
  }

  /** @returns whether a token may charge */
  authorize(token: IdToken): Promise<boolean> {
    return this.#tokens.authorize(token);
  }

  /** Lets somebody charge; the authorization expires when no car comes in time. */
  letCharge(evse: SimulatedEvse, authorization: Authorization): void {
    evse.authorization = authorization;
    evse.reservation = undefined;
    this.transactions.begin(evse, authorization.isRemote ? 'remote' : 'authorized');
    this.#tokens.waitForCar(evse);
  }

  /** Looks at every EVSE after time has passed, and restarts when a restart is due. */
  watch(): void {
    for (const evse of this.#options.evses) this.transactions.watch(evse);
    this.#restarts.watch();
  }

  switchOn(reason: BootReason): void {
    this.#registration.onPowerUp(reason);
    this.#connection.dial();
  }

  /** @param isOrderly ends the connection with a close frame */
  async switchOff(isOrderly: boolean): Promise<void> {
    this.#registration.onDisconnected();
    this.#restarts.cancel();
    this.#tokens.clear(this.#options.evses);
    await this.#connection.hangUp(isOrderly);
  }

  /** Ends the connection without a close frame; the station dials again after its time. */
  cutConnection(): void {
    this.#connection.cut();
  }

  #createConnection(): CsmsConnection {
    const { connection, deviations } = this.#options;
    return new CsmsConnection(
      { ...connection, protocol: this.#calls.protocol },
      deviations,
      {
        onOpen: () => {
          if (deviations.forgetsProfiles) this.profiles.clear({});
          this.#registration.onConnected(deviations.bootsOnce);
        },
        onClose: () => this.#registration.onDisconnected(),
        onCall: (action, params) => this.#answers.onCall(action, params),
      },
      this.#clock,
    );
  }

  #createRegistration(): StationRegistration {
    return new StationRegistration(
      {
        calls: this.#calls,
        stationClock: this.stationClock,
        request: (call) => this.#request(call),
        isConnected: () => this.#connection.isOpen(),
        onRegistered: () => {
          for (const evse of [undefined, ...this.#options.evses]) this.#sendStatus(evse);
          this.#queue.flush();
        },
      },
      this.#clock,
    );
  }

  #createAuthorization(localList: LocalAuthorizationList): TokenAuthorization {
    return new TokenAuthorization(
      { calls: this.#calls, localList, isOnline: () => this.isOnline(), request: (call) => this.#request(call) },
      this.#clock,
    );
  }

  #createQueue(): TransactionQueue {
    const { behaviour } = this.#calls;
    return new TransactionQueue(
      {
        isOnline: () => this.isOnline(),
        send: ({ action, payload }) => this.#connection.call(action, payload),
        attempts: behaviour.messageAttempts,
        retryS: behaviour.messageRetryS,
      },
      this.#clock,
    );
  }

  #createTransactions(): SimulatedTransactions {
    const { stationClock, profiles } = this;
    const calls = this.#calls;
    const queue = this.#queue;
    const { deviations } = this.#options;
    return new SimulatedTransactions(
      {
        calls,
        meter: new MeterSampling(deviations),
        stationClock,
        queue,
        profiles,
        deviations,
        offerPolicyOf: (evse) => this.#offerPolicyOf(evse),
        isOnline: () => this.isOnline(),
        send: (call) => this.#send(call),
      },
      this.#clock,
    );
  }

  #createRestarts(): StationRestarts {
    return new StationRestarts(
      {
        hasTransactions: () => this.#options.evses.some(({ transaction }) => transaction),
        queuedMessages: () => this.#queue.length(),
        switchOff: () => this.switchOff(true),
        switchOn: (reason) => this.switchOn(reason),
      },
      this.#clock,
    );
  }

  #createAnswers(localList: LocalAuthorizationList): DeviatingAnswers {
    const { stationClock, profiles } = this;
    const { version, deviations, evses } = this.#options;
    const { configuration } = this.#calls;
    const operations = this.#createOperations();
    const context = { deviations, stationClock, evses, profiles, localList, configuration, operations };
    const answer = version === '1.6' ? createIncomingCalls16(context) : createIncomingCalls201(context);
    const isOnline = (): boolean => this.isOnline();
    return new DeviatingAnswers({ answer, deviations, isOnline, hangUp: () => this.#connection.cut() }, this.#clock);
  }

  #createOperations(): StationOperations {
    const { stationClock, profiles, transactions } = this;
    const calls = this.#calls;
    const { deviations, evses } = this.#options;
    const actions: StationActions = {
      send: (call) => this.#send(call),
      bootNotification: () => void this.#registration.boot(),
      heartbeat: () => void this.#registration.sendHeartbeat(),
      statusNotification: (evse) => this.#sendStatus(evse),
      meterValues: (evse) =>
        this.#send(calls.meterValues(evse, transactions.transactionToName(evse), transactions.snapshot(evse))),
      transactionEvent: (evse) => transactions.sample(evse),
      startRemotely: (evse, authorization) => void this.#startRemotely(evse, authorization),
      endTransaction: (evse, cause) => transactions.end(evse, cause),
      restart: (reason, waitsForTransactions) => this.#restarts.plan(reason, waitsForTransactions),
      queuedMessages: () => this.#queue.length(),
    };
    return new StationOperations(
      {
        deviations,
        stationClock,
        evses,
        profiles,
        offerPolicyOf: (evse) => this.#offerPolicyOf(evse),
        sharers: () => this.#sharers(),
      },
      actions,
      this.#clock,
    );
  }

  #offerPolicyOf(evse: SimulatedEvse): OfferPolicy {
    return this.#policies.get(evse) ?? new OfferPolicy(evse.wiring, this.#options.deviations);
  }

  #sharers(): number {
    return Math.max(1, this.#options.evses.filter(({ transaction }) => transaction).length);
  }

  /** Sends a request that is not worth repeating when it fails. */
  #send(call: Call): void {
    if (this.isOnline()) void this.#request(call);
  }

  /** @returns the answer; undefined when the request fails */
  #request({ action, payload }: Call): Promise<unknown> {
    return this.#connection.call(action, payload).catch(() => undefined);
  }

  #sendStatus(evse: SimulatedEvse | undefined): void {
    const call = this.#calls.statusNotification(evse);
    if (call) this.#send(call);
  }

  async #startRemotely(evse: SimulatedEvse, authorization: Authorization): Promise<void> {
    if (!this.#calls.behaviour.authorizesRemoteStart() || (await this.authorize(authorization.token)))
      this.letCharge(evse, authorization);
  }
}
