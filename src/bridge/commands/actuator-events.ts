/** Events of an actuator: leases that end, owners in conflict, setpoints that are not reached, and the safe state. */
import type { EndReason, Lease } from '../../control/leases.ts';
import type { Progress } from '../../drivers/driver.ts';
import type { Params } from '../../model/command.ts';
import { isoTime } from '../../model/time.ts';
import type { BridgeContext } from '../bridge-context.ts';

/** event/1 takes no longer message. */
const maxMessageLength = 1024;

const messageOf = (...sentences: (string | undefined)[]): { message?: string } => {
  const text = sentences.filter((each) => each !== undefined).join('. ');
  return text === '' ? {} : { message: text.slice(0, maxMessageLength) };
};

const leaseData = ({ verb, owner, priority, id, untilWall }: Lease): Record<string, string | number> => ({
  command: verb,
  owner,
  priority,
  id,
  until: isoTime(untilWall),
});

const nameOfEnd: Record<EndReason, string> = {
  expired: 'lease_expired',
  owner_offline: 'lease_expired',
  released: 'lease_released',
  target_reached: 'target_reached',
};

/** Tells the events of one actuator. */
export class ActuatorEvents {
  readonly #context: BridgeContext;
  readonly #component: string;

  /** @param component "battery", "ev_charger/1" */
  constructor(context: BridgeContext, component: string) {
    this.#context = context;
    this.#component = component;
  }

  leaseEnded(lease: Lease, reason: EndReason): void {
    const severity = reason === 'released' || reason === 'target_reached' ? 'info' : 'warning';
    const data = { ...leaseData(lease), reason };
    this.#context.emit(this.#component, { name: nameOfEnd[reason], severity, data });
  }

  /** The owner of a lease has lost the actuator to another. */
  ownerConflict(lost: Lease, holds: Lease): void {
    const data = { lost: leaseData(lost), holds: leaseData(holds) };
    this.#context.emit(this.#component, { name: 'owner_conflict', severity: 'warning', data });
  }

  /** The device does not do what it was told. @param progress with what to switch on at such a device */
  setpointNotReached(
    verb: string,
    params: Params,
    { what, reason, advice }: Progress & { advice: string | undefined },
  ): void {
    const data = { command: verb, ...params, ...(reason === undefined ? {} : { reason }) };
    this.#context.emit(this.#component, {
      name: 'setpoint_not_reached',
      severity: 'warning',
      // A reason of its own explains the difference: then nothing has to be switched on.
      ...messageOf(what, reason === undefined ? advice : undefined),
      data,
    });
  }

  /** The device does not hold any more what it was told. @param what shows that, in words */
  setpointLost(what: string): void {
    this.#context.emit(this.#component, { name: 'setpoint_lost', severity: 'warning', ...messageOf(what) });
  }

  /** The device is in its safe state because a lease ended without being renewed. @param means that state */
  failsafeEntered(means: Params): void {
    this.#context.emit(this.#component, { name: 'failsafe_entered', severity: 'warning', data: { ...means } });
  }

  /** @param problem why the safe state is not confirmed; undefined: the safe state is confirmed */
  failsafeUnconfirmed(problem: string | undefined): void {
    const state = problem === undefined ? 'cleared' : 'active';
    this.#context.emit(this.#component, {
      name: 'failsafe_unconfirmed',
      severity: 'alarm',
      state,
      ...messageOf(problem),
    });
  }
}
