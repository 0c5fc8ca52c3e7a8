/** The values that one EVSE measures, and what can be concluded where it is silent. */
import type { SampledValue } from '../messages.ts';
import type { EvseContext, EvseStates } from './evse-states.ts';
import { isAtRest, isInTransaction, isPluggedIn, type Status } from './evse-status.ts';
import { LastMeasured } from './last-measured.ts';
import { toGridPart } from './phase-rotation.ts';
import { Plausibility } from './plausibility.ts';
import { RegisterPower } from './power-from-register.ts';
import type { Transaction } from './transaction.ts';

/** The state of an EVSE by which its values are interpreted. */
export interface EvseCondition {
  readonly id: number;
  readonly status: Status;
  readonly statusNotification: { status: string } | undefined;
  /** The transaction that runs. */
  readonly transaction: Transaction | undefined;
  /** A transaction ended since the car was plugged in. */
  readonly hasEnded: boolean;
}

/** Quantities that are measured while current flows, and are 0 where none can. */
const flowing = new Set(['power', 'current', 'current_total', 'reactive_power', 'apparent_power']);

/** More than a car takes to stand by, W. */
const chargingW = 100;
const chargingA = 1;

/** On one phase, what is said of all phases is said of that one. */
const ofOnePhase = (value: SampledValue): SampledValue[] => {
  const { quantity, part } = value;
  if (part !== undefined) return [value];
  if (quantity === 'voltage') return [{ ...value, part: 'l1' }];
  return quantity === 'current_total' ? [value, { ...value, quantity: 'current', part: 'l1' }] : [value];
};

/** OCPP 2.x: a transaction runs, and what it does was never said. */
const isUnclear = ({ transaction, statusNotification }: EvseCondition): boolean =>
  transaction !== undefined &&
  transaction.chargingState === undefined &&
  (statusNotification === undefined || statusNotification.status === 'occupied');

/** The station says itself that the car waits, or is made to wait. */
const isSuspended = ({ statusNotification, transaction }: EvseCondition): boolean =>
  [statusNotification?.status, transaction?.chargingState].some(
    (each) => each === 'suspended_ev' || each === 'suspended_evse',
  );

/** Interprets the sampled values of one EVSE. */
export class EvseValues {
  readonly measured = new LastMeasured();
  /** The power by the register of the transaction. */
  readonly registerPower = new RegisterPower();
  readonly plausibility = new Plausibility();
  /** When the EVSE last measured what flows, or nothing could flow, monotonic ms. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** When the EVSE last told its power itself, monotonic ms. */
  private powerAt = Number.NEGATIVE_INFINITY;
  /** That nothing flows was told as a conclusion. */
  private isRested = false;
  private readonly evse: EvseCondition;
  private readonly context: EvseContext;
  private readonly states: EvseStates;

  constructor(evse: EvseCondition, context: EvseContext, states: EvseStates) {
    this.evse = evse;
    this.context = context;
    this.states = states;
  }

  /** Whether something charges, by what the EVSE measured last, or by a register that rises. */
  isFlowing(): boolean {
    const { power, current } = this.measured;
    const never = Number.NEGATIVE_INFINITY;
    const newest = (power?.at ?? never) >= (current?.at ?? never) ? power : current;
    if (!newest || newest.at < this.registerPower.risenAt) return this.isRising();
    const isFresh = this.context.clock.monotonic() - newest.at <= this.freshMs();
    return isFresh && newest.value > (newest === power ? chargingW : chargingA);
  }

  /** Whether the car may draw current, as far as anybody knows. */
  mayDraw(): boolean {
    const { evse } = this;
    return isInTransaction(evse.status) || isUnclear(evse) || (evse.transaction !== undefined && this.isRising());
  }

  /**
   * @param at ms since 1970; a value older than what is known is not taken
   * @param isLive false: of the begin or end of a transaction, which a station may tell in other steps than between
   */
  apply(sampledValues: SampledValue[], at: number, isLive = true): void {
    const { plausibility, context } = this;
    const { phases, clock } = context;
    const values = phases === 1 ? sampledValues.flatMap(ofOnePhase) : sampledValues;
    const heardAt = clock.monotonic();
    const believed: SampledValue[] = [];
    plausibility.noteTogether(values, at);
    for (const value of values) if (this.applyOne(value, at, heardAt)) believed.push(value);
    const active = this.measured.note(believed, heardAt);
    if (active !== undefined) this.states.set('phases_active', active);
    const register = believed.find(({ quantity, part }) => quantity === 'energy_imported' && part === undefined);
    if (!register || !isLive) return;
    this.registerPower.note({ wh: register.value, at, monotonic: heardAt - (clock.now() - at) });
    this.showRegisterPower(at);
  }

  /** The status is another one now: nothing flows any more, or something may. */
  settle(): void {
    const { status, transaction } = this.evse;
    const isResting = this.isResting();
    // A fault may be no more than a warning, and the car goes on: only its silence says that nothing flows.
    const isFaultOnly = status === 'faulted' && transaction !== undefined;
    if (isResting && !this.isRested && !isFaultOnly) this.rest();
    else if (!isResting && this.isRested) this.wake();
  }

  /** Stations fall silent when a transaction is over: nothing flows, which without a cable is no estimate. */
  rest(): void {
    const { evse, context, isRested } = this;
    const { channels, clock } = context;
    const ts = clock.now();
    const isEstimated = isPluggedIn(evse.status) !== false;
    this.heardAt = clock.monotonic();
    this.isRested = true;
    channels.channelOf(evse.id, 'power');
    for (const { channel, quantity } of channels.of(evse.id))
      if (flowing.has(quantity)) this.states.push({ channel, value: 0, ts, ...(isEstimated && { isEstimated }) });
    // A conclusion is no measurement: nothing is proven by it.
    this.measured.forgetFlow();
    if (!isRested) this.registerPower.forget();
  }

  /** Nobody measures what flows at rest: the zeros are told again. */
  restAgain(): void {
    const { clock, intervalMs } = this.context;
    if (clock.monotonic() - this.heardAt >= intervalMs && this.isResting()) this.rest();
  }

  /** The EVSE charges on other phases from now on. */
  forgetPhases(): void {
    this.measured.phases = undefined;
  }

  /** The connection is over. */
  forget(): void {
    this.measured.forget();
    this.registerPower.forget();
    this.isRested = false;
    this.heardAt = Number.NEGATIVE_INFINITY;
  }

  /** Statuses and values that are older do not count, ms. */
  private freshMs(): number {
    return Math.max(90_000, 3.5 * this.context.intervalMs);
  }

  /** Whether the register rises, whatever the station says of itself. */
  private isRising(): boolean {
    const { registerPower, context } = this;
    const longestMs = Math.max(this.freshMs(), 1.5 * registerPower.stepMs());
    const isFresh = context.clock.monotonic() - registerPower.risenAt <= longestMs;
    const { risenW } = registerPower;
    return isFresh && risenW > chargingW && (registerPower.power() ?? risenW) > chargingW;
  }

  /** Also where the transaction is over, and the station did not say so by its status. */
  private isResting(): boolean {
    const { id, status, hasEnded, transaction } = this.evse;
    if (id === 0) return false;
    if (hasEnded && transaction === undefined) return true;
    return isAtRest(status) && (isPluggedIn(status) === false || !this.mayDraw());
  }

  /** Something may flow, and the station never said how much: that is not 0. */
  private wake(): void {
    const { channels, clock } = this.context;
    this.isRested = false;
    const channel = channels.channelOf(this.evse.id, 'power');
    if (channel === undefined || this.powerAt > Number.NEGATIVE_INFINITY) return;
    this.states.push({ channel, value: null, ts: clock.now(), reason: 'not_measured' });
  }

  /** @returns whether the value is believed, and not older than what is known */
  private applyOne(sampledValue: SampledValue, at: number, heardAt: number): boolean {
    const { states, context, evse, plausibility } = this;
    const { quantity, part, value, isDerived } = sampledValue;
    const reason = plausibility.check(sampledValue, at);
    const channel = context.channels.channelOf(evse.id, quantity, toGridPart(context.phaseRotation, part));
    if (channel === undefined || at < states.toldAt(channel)) return false;
    if (flowing.has(quantity)) this.heardAt = heardAt;
    if (quantity === 'power' && part === undefined) {
      this.powerAt = heardAt;
      context.channels.setInterval(channel, undefined);
    }
    if (reason !== undefined) states.push({ channel, value: null, ts: at, reason, raw: String(value) });
    else states.push(isDerived ? { channel, value, ts: at, isEstimated: true } : { channel, value, ts: at });
    return reason === undefined;
  }

  /** Tells the power by the register, where the station does not tell it. @param ts ms since 1970 */
  private showRegisterPower(ts: number): void {
    const { evse, registerPower, context, states } = this;
    const { channels, clock, intervalMs } = context;
    const isTold = clock.monotonic() - this.powerAt <= this.freshMs();
    if (evse.id === 0 || isTold || this.isResting()) return;
    if (evse.transaction === undefined && !isInTransaction(evse.status)) return;
    if (this.isRested) this.wake();
    const value = isSuspended(evse) && registerPower.isStill() ? 0 : registerPower.power();
    const channel = channels.channelOf(evse.id, 'power');
    if (channel === undefined || value === undefined || ts < states.toldAt(channel)) return;
    channels.setInterval(channel, Math.max(intervalMs / 1000, registerPower.intervalS()));
    states.push({ channel, value, ts, isEstimated: true });
  }
}
