/**
 * One EVSE as it is now: the status of its connector, its transaction and what it measures, and the states that follow
 * from them.
 */
import type { Sample } from '../../driver.ts';
import type { ConnectorStatus, SampledValue } from '../messages.ts';
import { type EvseContext, EvseStates } from './evse-states.ts';
import { isInTransaction, isPluggedIn, normaliseStatus, type Status } from './evse-status.ts';
import { EvseValues } from './evse-values.ts';
import type { LastMeasured } from './last-measured.ts';
import type { Plausibility } from './plausibility.ts';
import type { RegisterPower } from './power-from-register.ts';
import { energyOf } from './session-energy.ts';
import { durationOf, type Transaction } from './transaction.ts';

/** The status of a connector as the station reported it. */
interface ConnectorReport {
  status: ConnectorStatus;
  /** The station's own word. */
  raw: string;
  errorCode?: string;
  vendorErrorCode?: string;
  info?: string;
}

/** Longest text that is passed on, in characters. */
const longestText = 256;

/** The state of one EVSE over all connections of its station. */
export class Evse {
  /** 0: the station as a whole. */
  readonly id: number;
  /** OCPP 2.x: the connector that reported last, for unlocking. */
  connector: number | undefined;
  status: Status = 'unknown';
  /** The last one on this connection. */
  statusNotification: ConnectorReport | undefined;
  /** When the connector was available, as the station said last, ms since 1970. */
  availableAt = Number.NEGATIVE_INFINITY;
  /** The transaction that runs. */
  transaction: Transaction | undefined;
  /** The register of the transaction as it was written down before a restart: it may have risen since. */
  oldRegister: Transaction['register'] | undefined;
  /** A transaction ended since the car was plugged in. */
  hasEnded = false;
  /** Factor of the numbers of the register, by the unit that was told last. */
  registerFactor = 1;
  private readonly context: EvseContext;
  private readonly states: EvseStates;
  private readonly values: EvseValues;
  /** Current that the cable carries, A; Infinity: not known. */
  private cableA = Number.POSITIVE_INFINITY;
  /** Among the states, and compared with every message; undefined: not told on this connection. */
  private shownStatus: Status | undefined;
  private shownTransaction: string | undefined;

  constructor(id: number, context: EvseContext) {
    this.id = id;
    this.context = context;
    this.states = new EvseStates(id, context);
    this.values = new EvseValues(this, context, this.states);
  }

  get measured(): LastMeasured {
    return this.values.measured;
  }

  get registerPower(): RegisterPower {
    return this.values.registerPower;
  }

  get plausibility(): Plausibility {
    return this.values.plausibility;
  }

  /** When the EVSE last measured what flows, or nothing could flow, monotonic ms. */
  get heardAt(): number {
    return this.values.heardAt;
  }

  /** Whether the car may draw current, as far as anybody knows. */
  mayDraw(): boolean {
    return this.values.mayDraw();
  }

  /** The EVSE charges on other phases from now on. */
  forgetPhases(): void {
    this.values.forgetPhases();
  }

  /** @param at ms since 1970 @param isLive false: of the begin or end of a transaction */
  applySampledValues(sampledValues: SampledValue[], at: number, isLive: boolean): void {
    this.values.apply(sampledValues, at, isLive);
  }

  /** Tells a state of the model where it is another than before. @param raw the station's own word for it */
  setState(quantity: string, value: Sample['value'], raw?: string): void {
    this.states.set(quantity, value, raw);
  }

  setStatus(message: ConnectorReport): void {
    const { status, errorCode = '', vendorErrorCode, info } = message;
    this.statusNotification = message;
    if (status === 'available') this.cableA = Number.POSITIVE_INFINITY;
    if (status === 'available' || (status !== 'occupied' && isInTransaction(status))) this.hasEnded = false;
    this.showStatus();
    const code = vendorErrorCode ? `${errorCode} ${vendorErrorCode}`.trim() : errorCode;
    this.setState('error_code', code, info?.slice(0, longestText));
    this.values.settle();
  }

  /** The transaction that runs now; undefined: none. */
  setTransaction(transaction: Transaction | undefined): void {
    this.transaction = transaction;
    if (transaction) this.hasEnded = false;
    this.updateStatus();
    this.showTransactionId(transaction?.transaction ?? '');
    this.showEnergy();
    this.showDuration();
    this.showIdToken();
  }

  /** A transaction ended, and no other runs. */
  endTransaction(): void {
    this.transaction = undefined;
    this.hasEnded = true;
    this.showStatus();
    this.showTransactionId('');
    this.showIdToken();
    this.values.rest();
  }

  /** OCPP 2.x: what the cable that is plugged in carries, A. */
  setCableCurrent(maxA: number): void {
    this.cableA = maxA;
    this.showLimits();
  }

  /** The status may be another one by the transaction, or by what flows. */
  updateStatus(): void {
    if (this.findStatus() !== this.shownStatus) this.showStatus();
    this.values.settle();
  }

  /** Shows what is known, also where the station has not reported a status. */
  showKnown(): void {
    if (this.statusNotification) this.showLimits();
    else this.showStatus();
  }

  /** Time passes: states that do not change, and zeros at rest, are told again. */
  tick(): void {
    this.showDuration();
    if (this.transaction) this.updateStatus();
    this.states.repeat(this.context.clock.now());
    this.values.restAgain();
  }

  /** The connection is over: nothing of now is known any more. */
  forget(): void {
    const { channels, clock } = this.context;
    this.values.forget();
    this.states.forget();
    this.shownStatus = undefined;
    this.shownTransaction = undefined;
    this.statusNotification = undefined;
    this.status = this.findStatus();
    for (const { channel, quantity } of channels.of(this.id))
      if (!/^energy_|^session_/.test(quantity))
        this.states.push({ channel, value: null, ts: clock.now(), reason: 'device_offline' });
  }

  /** Moves the samples since the last time to the end of a list. */
  drain(to: Sample[]): void {
    this.states.drain(to);
  }

  private findStatus(): Status {
    const { statusNotification, transaction, hasEnded } = this;
    return normaliseStatus(statusNotification?.status, { transaction, hasEnded, isFlowing: this.values.isFlowing() });
  }

  private showStatus(): void {
    this.status = this.findStatus();
    this.shownStatus = this.status;
    this.setState('status', this.status, this.statusNotification?.raw.slice(0, longestText));
    if (this.id !== 0) this.showLimits();
  }

  /** Limits for a car: by the installation, the station and the cable. */
  private showLimits(): void {
    const { phases, minCurrentA, maxCurrentA, supplyPhases } = this.context;
    const isConnected = isPluggedIn(this.status);
    if (isConnected !== undefined) this.setState('connected', isConnected);
    this.setState('min_current', minCurrentA);
    this.setState('max_current', Math.min(maxCurrentA, this.cableA));
    this.setState('phases_available', Math.min(phases, supplyPhases(this.id) ?? phases));
  }

  /** In whole minutes while the transaction goes on; of one that was found under way, nobody knows. */
  private showDuration(): void {
    const { transaction, context } = this;
    const seconds = transaction && durationOf(transaction, context.clock.now());
    if (seconds !== undefined) this.setState('session_duration', seconds - (seconds % 60));
  }

  /** A register that contradicts the power is not told before the transaction ends. */
  private showEnergy(): void {
    const { transaction, oldRegister, plausibility } = this;
    // A counter does not go back: what a register from before a restart says now is told with its next reading.
    if (!transaction || transaction.register === oldRegister) return;
    const energy = energyOf(transaction.register);
    if (energy !== undefined) this.setState('session_energy', plausibility.suspectEnergy === undefined ? energy : null);
  }

  private showTransactionId(id: string): void {
    if (this.shownTransaction === id) return;
    this.shownTransaction = id;
    this.setState('session_id', id);
  }

  /** Whose transaction it is, hashed. */
  private showIdToken(): void {
    const tag = this.transaction?.tag ?? null;
    if (tag !== null || this.states.has('id_tag')) this.setState('id_tag', tag);
  }
}
