/**
 * Control of one actuator: the device is told what the leases decide, and once nobody holds the actuator, it is brought
 * into its safe state, again and again until that is confirmed. The timers of the leases run here, next to the device.
 */
import { type Claim, type EndReason, type Lease, LeaseTable } from '../../control/leases.ts';
import {
  type Actuator,
  type Applied,
  CommandFailure,
  isHeld,
  type Order,
  type Progress,
} from '../../drivers/driver.ts';
import type { Timer } from '../../model/time.ts';
import { componentKey } from '../../model/topic.ts';
import type { BridgeContext } from '../bridge-context.ts';
import { ActuatorEvents } from './actuator-events.ts';
import type { CommandJournal } from './command-journal.ts';
import type { MeasuredValue } from './effect-watch.ts';
import { boundByForeign, type EffectiveOrder, effectiveOrder, inForceFor } from './effective-order.ts';
import { type NextOrder, type OrderSource, OrderWriter } from './order-writer.ts';
import { type CommandRequest, nothingHeld, PendingRequests } from './pending-requests.ts';
import { RegisterWear, wornOutAnswer } from './register-wear.ts';
import { SetpointProgress } from './setpoint-progress.ts';
import { isTargetReached } from './target-soc.ts';

/** Nothing is done that a restart would not know of. */
export const unwrittenMessage = 'it could not be written down, so a restart would not know of it';

const noLeases = { setpoint: undefined, limits: new Map<string, Lease>() };

/** One actuator that is held, or was. */
export class ActuatorControl implements OrderSource {
  readonly component: string;
  readonly #key: string;
  readonly #context: BridgeContext;
  readonly #journal: CommandJournal;
  readonly #leases: LeaseTable;
  readonly #requests: PendingRequests;
  readonly #wear: RegisterWear;
  readonly #writer: OrderWriter;
  readonly #events: ActuatorEvents;
  readonly #progress: SetpointProgress;
  /** Whether we have told the actuator something, and have not brought it into its safe state since. */
  #isOurs: boolean;
  /** Whether a lease ran out while the runtime was away: the safe state comes before any other order. */
  #mustReset: boolean;
  /** Why the safe state is not confirmed. */
  #problem: string | undefined;
  /** Whether the next safe state is entered because a lease was not renewed. */
  #isFailsafe = false;
  #expiry: Timer | undefined;
  #isClosed = false;
  /** Waits for the safe state, once. */
  #leaving: { resolve(): void; reject(failure: Error): void } | undefined;

  constructor(actuator: Actuator, context: BridgeContext, journal: CommandJournal) {
    const { clock } = context;
    const saved = journal.stateOf(actuator.key);
    this.component = componentKey(actuator);
    this.#key = actuator.key;
    this.#context = context;
    this.#journal = journal;
    this.#leases = new LeaseTable(clock, saved);
    this.#requests = new PendingRequests(this.#leases, clock);
    this.#wear = new RegisterWear(clock);
    this.#writer = new OrderWriter(this, context);
    this.#events = new ActuatorEvents(context, this.component);
    this.#progress = new SetpointProgress(
      {
        component: this.component,
        describe: () => this.#describe(),
        events: this.#events,
        shownVerbs: saved?.shown ?? [],
      },
      context,
    );
    this.#isOurs = saved?.isOurs ?? false;
    this.#mustReset = this.#isOurs && this.#leases.all().length < (saved?.leases.length ?? 0);
    for (const each of context.observed.last(this.component)) this.#progress.onMeasured(each);
  }

  claim(claim: Claim, request: CommandRequest): void {
    const claimed = this.#leases.claim(claim);
    if (!claimed) {
      request.settle({ status: 'rejected', code: 'INTERLOCK', message: 'too many owners hold this already' });
      return;
    }
    if (this.#describe()?.isPersistent && this.#wear.isExhausted && this.#writer.isNew(this.decided())) {
      this.#leases.undo(claimed.lease);
      request.settle(wornOutAnswer);
      return;
    }
    this.#requests.add(request, claimed.lease);
    if (claimed.displaced) this.#events.ownerConflict(claimed.displaced, claimed.lease);
    this.#onLeasesChanged();
  }

  /** Ends all leases of an owner, or those of one verb. */
  release({ owner, verb }: { owner: string; verb: string | undefined }, request: CommandRequest): void {
    const released = this.#leases.release(owner, verb);
    if (released.length === 0) {
      request.settle(nothingHeld);
      return;
    }
    this.#requests.add(request, undefined);
    this.#tellEnds(released, 'released');
    this.#onLeasesChanged();
  }

  /** Ends every lease that fits. */
  endLeases(reason: EndReason, fits: (lease: Lease) => boolean): void {
    const ending = this.#leases.all().filter(fits);
    for (const lease of ending) this.#leases.end(lease);
    this.#tellEnds(ending, reason);
    if (ending.length > 0) this.#onLeasesChanged();
  }

  /** Takes up what was in force before a restart, with the requests that the restart has cut off. */
  resume(requests: CommandRequest[]): void {
    for (const request of requests) {
      const lease = this.#leases.all().find(({ id }) => id === request.id);
      if (lease) this.#requests.add(request, lease);
      else
        request.settle({
          status: 'failed',
          code: 'INTERNAL',
          message: 'the runtime restarted before it was carried out; the device is in its safe state',
        });
    }
    this.#onLeasesChanged();
  }

  /** The device does not hold any more what it was told. @param what shows that, in words */
  onDrift(what: string): void {
    this.#events.setpointLost(what);
    this.#writer.forget();
    this.#onLeasesChanged();
  }

  /** The device answers again: nobody knows what it holds. */
  onDeviceReturned(): void {
    if (!this.#isOurs) return;
    this.#writer.forget();
    this.#writer.retryNow();
    this.#onLeasesChanged();
  }

  onProgress(progress: Progress): void {
    this.#progress.onProgress(progress);
  }

  /** The component measures a value. */
  onMeasured(measured: MeasuredValue): void {
    this.#progress.onMeasured(measured);
    const holder = measured.quantity === 'soc' ? this.#leases.arbitrate().setpoint : undefined;
    if (holder && isTargetReached(holder, measured.value))
      this.endLeases('target_reached', (lease) => lease === holder);
  }

  close(): void {
    this.#isClosed = true;
    this.#expiry?.cancel();
    this.#writer.close();
  }

  /**
   * Ends all leases, because nobody will be here to end them later. Resolves in the safe state, and rejects if the first
   * attempt at that fails.
   */
  async letGo(): Promise<void> {
    this.endLeases('released', () => true);
    if (!this.#isOurs) return;
    await new Promise<void>((resolve, reject) => {
      this.#leaving = { resolve, reject };
      this.#writer.retryNow();
      this.#onLeasesChanged();
    });
  }

  next(): NextOrder | undefined {
    const effective = this.#effective(this.#mustReset ? noLeases : undefined);
    if (!this.#requests.isWaiting) {
      // A lease can come into force without a request: its owner was told that another one was stronger.
      if (!this.#isOurs && this.#leases.all().length === 0) return undefined;
      if (!this.#mustReset && this.#writer.holds(effective.order)) return undefined;
    }
    return {
      effective,
      isReset: this.#mustReset,
      isUrgent: this.#requests.isUrgent,
      minWriteIntervalMs: this.#describe()?.minWriteIntervalMs ?? 0,
    };
  }

  decided(): Order {
    return this.#effective().order;
  }

  onStart({ effective: { order }, isReset }: NextOrder): void {
    if (!isReset) order.startBy = this.#requests.start();
    if (isHeld(order) && !this.#becomeOurs()) throw new CommandFailure('INTERNAL', unwrittenMessage);
    if (this.#describe()?.isPersistent && this.#writer.isNew(order)) this.#wear.add();
    this.#progress.begin(order);
  }

  onSuccess(told: EffectiveOrder, { foreignLimits = {}, ...applied }: Applied): void {
    const { order } = told;
    // Whoever asked is told what applies, not what was asked for.
    const effective = boundByForeign(told, this.#describe(), foreignLimits);
    if (Object.keys(foreignLimits).length > 0) this.#progress.begin(effective.order);
    this.#mustReset = false;
    this.#setProblem(undefined);
    if (!isHeld(order) && this.#isFailsafe) this.#events.failsafeEntered(this.#describe()?.fallback?.means ?? {});
    this.#isFailsafe = false;
    this.#progress.onCarriedOut(effective, applied);
    this.#isOurs &&= isHeld(order) || this.#leases.all().length > 0;
    this.#save();
    if (!this.#isOurs) this.#leaving?.resolve();
    this.#requests.complete(applied, (lease) =>
      inForceFor(lease, effective, { actuator: this.#describe(), progress: this.#progress.current }),
    );
  }

  onFailure(order: Order, failure: CommandFailure): void {
    this.#requests.fail(failure);
    // There is one alarm, in however many ways the safe state fails until it is confirmed.
    if (!isHeld(order) && this.#problem === undefined) this.#setProblem(failure.message);
    if (!isHeld(order)) this.#leaving?.reject(failure);
    this.#requests.settleSuperseded();
    this.#armExpiry();
    this.#save();
  }

  /** @returns the actuator as the driver describes it now */
  #describe(): Actuator | undefined {
    return this.#context.actuators.find(({ key }) => key === this.#key);
  }

  #effective(arbitration = this.#leases.arbitrate()): EffectiveOrder {
    return effectiveOrder(this.#key, arbitration, this.#describe());
  }

  #save(isUrgent = false): boolean {
    const state = {
      isOurs: this.#isOurs,
      leases: this.#leases.save(),
      shown: this.#progress.verbs,
      at: this.#context.clock.now(),
    };
    return this.#journal.saveState(this.#key, state, isUrgent);
  }

  #tellEnds(leases: Lease[], reason: EndReason): void {
    for (const lease of leases) {
      this.#requests.settleEnded(lease, reason);
      this.#events.leaseEnded(lease, reason);
      this.#isFailsafe ||= reason === 'expired' || reason === 'owner_offline';
    }
  }

  #onLeasesChanged(): void {
    if (this.#isClosed) return;
    this.#requests.settleSuperseded();
    this.#armExpiry();
    if (this.#isOurs || this.#requests.isWaiting || this.#leases.all().length > 0) this.#save();
    this.#writer.update();
  }

  #armExpiry(): void {
    this.#expiry?.cancel();
    const next = Math.min(this.#leases.nextExpiry() ?? Number.POSITIVE_INFINITY, this.#requests.nextStartBy());
    if (next === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#context;
    this.#expiry = clock.after(Math.max(0, next - clock.monotonic()), () => this.#onExpiry());
  }

  #onExpiry(): void {
    this.#tellEnds(this.#leases.expire(), 'expired');
    this.#requests.settleExpired();
    this.#onLeasesChanged();
  }

  /** @returns false if it could not be written down that the actuator is ours: then nothing may be written to it */
  #becomeOurs(): boolean {
    if (this.#isOurs) return true;
    this.#isOurs = true;
    this.#isOurs = this.#save(true);
    return this.#isOurs;
  }

  /** @param problem why the safe state is not confirmed; undefined: the safe state is confirmed */
  #setProblem(problem: string | undefined): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    this.#context.setUnconfirmed(this.#key, problem);
    this.#events.failsafeUnconfirmed(problem);
  }
}
