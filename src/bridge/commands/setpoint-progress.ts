/** Progress of the setpoints of an actuator: what the device does for them, as its setpoint topics show it. */
import { isSame } from '../../common/is-same.ts';
import { type Actuator, type Applied, type Order, type Progress, signatureOf } from '../../drivers/driver.ts';
import type { Params } from '../../model/command.ts';
import type { BridgeContext } from '../bridge-context.ts';
import type { ActuatorEvents } from './actuator-events.ts';
import { EffectWatch, type MeasuredValue } from './effect-watch.ts';
import { type EffectiveOrder, targetsOf } from './effective-order.ts';
import { expectedEffects } from './expected-effect.ts';
import { setpointMessages, setpointsInForce } from './setpoint-messages.ts';

/** An actuator as far as its setpoints show it. */
interface ShownActuator {
  /** "battery", "ev_charger/1" */
  component: string;
  /** Returns the actuator as the driver describes it now. */
  describe(): Actuator | undefined;
  events: ActuatorEvents;
  /** Verbs that were shown before a restart. */
  shownVerbs: string[];
}

const isSameIfAny = (a: Params | undefined, b: Params | undefined): boolean =>
  a === undefined || b === undefined ? a === b : isSame(a, b);

/** Whether two progresses differ in nothing but their time. */
const isSameProgress = (a: Progress | undefined, b: Progress): boolean =>
  a !== undefined && a.isReached === b.isReached && a.reason === b.reason && isSameIfAny(a.inForce, b.inForce);

/** The setpoints of one actuator, and what the device does for them. */
export class SetpointProgress {
  readonly #actuator: ShownActuator;
  readonly #context: BridgeContext;
  readonly #effects: EffectWatch;
  readonly #progress = new Map<string, Progress>();
  /** The order that the device was told last, or is being told. */
  #order: Order | undefined;
  /** Parameters of that order, by verb. */
  #targets = new Map<string, Params>();
  /** The order that was carried out last. */
  #shown: EffectiveOrder | undefined;
  #verbs: string[];

  constructor(actuator: ShownActuator, context: BridgeContext) {
    this.#actuator = actuator;
    this.#context = context;
    this.#verbs = actuator.shownVerbs;
    this.#effects = new EffectWatch(
      () => actuator.describe(),
      (verb, progress) => this.#update(verb, progress),
    );
  }

  /** Verbs that are shown on the broker. */
  get verbs(): string[] {
    return this.#verbs;
  }

  /** @returns progress of the setpoint, or of the safe state, that the device was told last */
  get current(): Progress | undefined {
    return this.#progress.get(this.#setpointVerb());
  }

  /** An order is about to be carried out: progress of another order says nothing about this one. */
  begin(order: Order): void {
    this.#order = order;
    const actuator = this.#actuator.describe();
    const targets = targetsOf(order, actuator?.fallback);
    for (const [verb, params] of this.#targets)
      if (!isSameIfAny(params, targets.get(verb))) this.#progress.delete(verb);
    this.#targets = targets;
    this.#effects.begin(actuator && !actuator.tellsProgress ? expectedEffects(actuator, targets) : new Map());
  }

  /** The order has been carried out. */
  onCarriedOut(effective: EffectiveOrder, applied: Applied): void {
    const { clock } = this.#context;
    this.#effects.onCarriedOut(clock.monotonic());
    this.#shown = effective;
    const at = clock.now();
    if (!this.#actuator.describe()?.tellsProgress && applied.verified && applied.by === 'effect')
      this.#note(this.#setpointVerb(), { isReached: true, at });
    if (!applied.verified && applied.reason === 'no_effect') this.#note(this.#setpointVerb(), { isReached: false, at });
    this.#show();
  }

  /** The driver tells what the device does for the order. */
  onProgress(progress: Progress): void {
    this.#update(this.#setpointVerb(), progress);
  }

  onMeasured(measured: MeasuredValue): void {
    this.#effects.onMeasured(measured);
  }

  #setpointVerb(): string {
    return this.#order?.verb ?? this.#actuator.describe()?.fallback?.verb ?? '';
  }

  #update(verb: string, progress: Progress): void {
    if (!this.#note(verb, progress) || !this.#shown || !this.#order) return;
    // An order that is still on its way is shown once the device has been told.
    if (signatureOf(this.#shown.order) === signatureOf(this.#order)) this.#show();
  }

  /** @returns whether the progress is news */
  #note(verb: string, progress: Progress): boolean {
    const params = this.#targets.get(verb);
    const known = this.#progress.get(verb);
    if (!params || isSameProgress(known, progress)) return false;
    this.#progress.set(verb, progress);
    if (progress.isReached === false && known?.isReached !== false)
      this.#actuator.events.setpointNotReached(verb, params, {
        ...progress,
        advice: this.#actuator.describe()?.advice,
      });
    return true;
  }

  #show(): void {
    if (!this.#shown) return;
    const { device, clock, sink } = this.#context;
    const fallback = this.#actuator.describe()?.fallback;
    const inForce = setpointsInForce(this.#shown, fallback, (verb) => this.#progress.get(verb));
    const verbs = inForce.map(({ verb }) => verb);
    const ended = this.#verbs.filter((verb) => !verbs.includes(verb));
    this.#verbs = verbs;
    if (inForce.length === 0 && ended.length === 0) return;
    const { component } = this.#actuator;
    sink.events(setpointMessages({ device, component, now: clock.now() }, { inForce, ended }));
  }
}
