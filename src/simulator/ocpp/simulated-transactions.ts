/** The transactions of a simulated station: when they begin and end, and the messages about them. */
import type { Clock } from '../../model/time.ts';
import type { ChargingProfileStore } from './charging-profile-store.ts';
import type { MeterSampling } from './meter-sampling.ts';
import type { OfferPolicy } from './offered-current.ts';
import type {
  Call,
  EvseSnapshot,
  OutgoingCalls,
  TransactionEndCause,
  TransactionSnapshot,
  TransactionStartCause,
} from './outgoing-calls.ts';
import type { ChargePointStatus, SimulatedEvse, SimulatedTransaction } from './simulated-evse.ts';
import type { StationClock } from './station-clock.ts';
import type { StationDeviations } from './station-deviations.ts';
import type { TransactionQueue } from './transaction-queue.ts';

interface SimulatedTransactionsOptions {
  calls: OutgoingCalls;
  meter: MeterSampling;
  stationClock: StationClock;
  queue: TransactionQueue;
  profiles: ChargingProfileStore;
  deviations: StationDeviations;
  offerPolicyOf(evse: SimulatedEvse): OfferPolicy;
  isOnline(): boolean;
  /** Sends a request outside of the order of transactions; it is lost while the station is offline. */
  send(call: Call): void;
}

/** The memory of one EVSE between two looks at it. */
interface EvseHistory {
  status: ChargePointStatus;
  /** Monotonic ms of the next periodic sample. */
  sampleAt: number;
  /** The last transaction that is over. */
  lastEnded: SimulatedTransaction | undefined;
}

/** The transactions of one station. */
export class SimulatedTransactions {
  readonly #options: SimulatedTransactionsOptions;
  readonly #clock: Clock;
  readonly #histories = new Map<SimulatedEvse, EvseHistory>();

  constructor(options: SimulatedTransactionsOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Begins a transaction when a car and an authorization are there. */
  begin(evse: SimulatedEvse, cause: TransactionStartCause): void {
    const { calls, profiles, stationClock, queue, offerPolicyOf } = this.#options;
    const { authorization, car, isOperative, isFaulted } = evse;
    if (!authorization || !car || evse.transaction || !isOperative || isFaulted) return;
    const transaction: SimulatedTransaction = {
      id: calls.createTransactionId(),
      token: authorization.token,
      startedAt: stationClock.now(),
      meterStartWh: evse.registerWh(),
      seqNo: 0,
      remoteStartId: authorization.remoteStartId,
    };
    evse.transaction = transaction;
    evse.authorization = undefined;
    evse.hasEnded = false;
    offerPolicyOf(evse).onTransactionStarted();
    this.#planSample(this.#historyOf(evse));
    if (authorization.profile) profiles.set(evse.id, authorization.profile, stationClock.now());
    const started = this.#transactionSnapshot(evse, transaction);
    queue.push({
      build: () => calls.transactionStarted(started, cause),
      onAnswer: (answer) => {
        transaction.id ??= calls.transactionIdOf(answer);
        if (!calls.isAccepted(answer) && evse.transaction === transaction) this.end(evse, 'deauthorized');
      },
    });
  }

  /** Ends the running transaction, if there is one. */
  end(evse: SimulatedEvse, cause: TransactionEndCause): void {
    const { calls, profiles, queue, deviations, send } = this.#options;
    const { transaction } = evse;
    if (!transaction) return;
    const ended = this.#transactionSnapshot(evse, transaction);
    evse.transaction = undefined;
    evse.authorization = undefined;
    evse.hasEnded = evse.car !== undefined;
    this.#historyOf(evse).lastEnded = transaction;
    profiles.clear({ evse: evse.id, purpose: 'tx' });
    queue.push({
      build: () => calls.transactionEnded(ended, cause),
      onAnswer: () => {
        if (deviations.closesWithMeterValues) send(calls.meterValues(evse, transaction, this.snapshot(evse)));
      },
    });
  }

  /** Looks at an EVSE after time has passed: tells a changed status, and samples when the interval is over. */
  watch(evse: SimulatedEvse): void {
    const { calls, deviations, offerPolicyOf } = this.#options;
    if (evse.transaction && deviations.zeroEndsTransaction && offerPolicyOf(evse).wasPaused()) this.end(evse, 'other');
    this.#watchStatus(evse);
    const history = this.#historyOf(evse);
    const transaction = this.transactionToName(evse);
    if (!transaction || calls.sampleIntervalS() === 0 || this.#clock.monotonic() < history.sampleAt) return;
    this.#planSample(history);
    this.#pushSample(evse, transaction);
  }

  /** Samples now, as part of a running transaction. */
  sample(evse: SimulatedEvse): void {
    if (evse.transaction) this.#pushSample(evse, evse.transaction);
  }

  /** @returns the state of an EVSE now, with a seqNo of 0 */
  snapshot(evse: SimulatedEvse): EvseSnapshot {
    const { calls, meter, stationClock, deviations, isOnline } = this.#options;
    const startWh = deviations.hasSessionRegister ? (evse.transaction?.meterStartWh ?? 0) : 0;
    return {
      at: stationClock.now(),
      status: evse.status(),
      samples: meter.sample(evse, calls.measurands()),
      registerWh: evse.registerWh() - startWh,
      seqNo: 0,
      phases: evse.livePhases(),
      isOffline: !isOnline(),
    };
  }

  /** @returns the transaction that meter values name */
  transactionToName(evse: SimulatedEvse): SimulatedTransaction | undefined {
    if (evse.transaction) return evse.transaction;
    return this.#options.deviations.keepsOldTransaction ? this.#historyOf(evse).lastEnded : undefined;
  }

  #historyOf(evse: SimulatedEvse): EvseHistory {
    const known = this.#histories.get(evse) ?? { status: evse.status(), sampleAt: 0, lastEnded: undefined };
    this.#histories.set(evse, known);
    return known;
  }

  /** Takes the next seqNo of the transaction. */
  #transactionSnapshot(evse: SimulatedEvse, transaction: SimulatedTransaction): TransactionSnapshot {
    return { evse, transaction, snapshot: { ...this.snapshot(evse), seqNo: transaction.seqNo++ } };
  }

  #planSample(history: EvseHistory): void {
    history.sampleAt = this.#clock.monotonic() + this.#options.calls.sampleIntervalS() * 1000;
  }

  #pushSample(evse: SimulatedEvse, transaction: SimulatedTransaction): void {
    const { calls, queue } = this.#options;
    const sampled = this.#transactionSnapshot(evse, transaction);
    queue.push({ build: () => calls.periodicSample(sampled) });
  }

  #watchStatus(evse: SimulatedEvse): void {
    const { calls, queue, send } = this.#options;
    const { chargingStateChanged } = calls;
    const history = this.#historyOf(evse);
    const status = evse.status();
    if (status === history.status) return;
    history.status = status;
    const call = calls.statusNotification(evse);
    if (call) send(call);
    if (!evse.transaction || !chargingStateChanged) return;
    const changed = this.#transactionSnapshot(evse, evse.transaction);
    queue.push({ build: () => chargingStateChanged(changed) });
  }
}
