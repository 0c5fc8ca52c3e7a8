/** Availability of a device: how the broker, and the node in the editor, see its state. */
import type { DeviceState } from '../../drivers/driver.ts';
import type { Message } from '../../model/message.ts';
import { type Clock, isoTime } from '../../model/time.ts';
import type { Readings } from './readings.ts';

/** The state of a bridge, for the status of its node. */
export type BridgeStatus =
  | { kind: 'connecting' }
  /** points: readings that are good. durationS: the last cycle. */
  | { kind: 'live'; points: number; durationS: number }
  | { kind: 'degraded'; points: number; reason: string }
  /** ageS: the oldest of the stale readings. */
  | { kind: 'stale'; points: number; ageS: number }
  /** retryS: until the next attempt. asleepSince: wall clock, ms. */
  | { kind: 'offline'; reason: string; retryS?: number; asleepSince?: number };

const maxReasonLength = 256;

const textOf = (state: DeviceState): string => ('reason' in state ? `${state.kind}: ${state.reason}` : state.kind);

const availabilityMessage = (device: string, state: DeviceState, ts: string): Message<'availability/1'> => ({
  topic: `devices/${device}/availability`,
  schema: 'availability/1',
  state: state.kind === 'connecting' ? 'offline' : state.kind,
  ...('reason' in state ? { reason: state.reason.slice(0, maxReasonLength) } : {}),
  ts,
});

/** The state of one device, as its driver tells it, and whether its actuators are known to be in their safe state. */
export class Availability {
  readonly #device: string;
  readonly #clock: Clock;
  /** Why an actuator is not known to be in the safe state that it should be in, by its key; for most devices none. */
  #unconfirmed: Map<string, string> | undefined;
  /** The availability that was published last. */
  #published: string | undefined;
  /** As the driver tells it. */
  state: DeviceState = { kind: 'connecting' };

  constructor(device: string, clock: Clock) {
    this.#device = device;
    this.#clock = clock;
  }

  /** @param problem why the safe state of the actuator is not confirmed; undefined: the safe state is confirmed */
  setUnconfirmed(actuator: string, problem: string | undefined): void {
    this.#unconfirmed ??= new Map();
    if (problem === undefined) this.#unconfirmed.delete(actuator);
    else this.#unconfirmed.set(actuator, problem);
  }

  /** @returns the availability, if it is known and has changed since it was published; now it counts as published */
  takeChange(): Message<'availability/1'> | undefined {
    const shown = this.#shown();
    const text = textOf(shown);
    if (shown.kind === 'connecting' || text === this.#published) return undefined;
    this.#published = text;
    return availabilityMessage(this.#device, shown, isoTime(this.#clock.now()));
  }

  /**
   * @param durationMs duration of the last cycle; 0 without one
   * @returns the status of the node
   */
  status({ good: points, staleSince }: Readings, durationMs: number): BridgeStatus {
    const shown = this.#shown();
    switch (shown.kind) {
      case 'connecting':
        return { kind: 'connecting' };
      case 'offline': {
        const { reason, retryMs, asleepSince } = shown;
        return {
          kind: 'offline',
          reason,
          ...(retryMs === undefined ? {} : { retryS: retryMs / 1000 }),
          ...(asleepSince === undefined ? {} : { asleepSince }),
        };
      }
      case 'degraded':
        return { kind: 'degraded', points, reason: shown.reason };
      case 'online':
        return staleSince === undefined
          ? { kind: 'live', points, durationS: durationMs / 1000 }
          : { kind: 'stale', points, ageS: (this.#clock.now() - staleSince) / 1000 };
    }
  }

  /** A device that should be in its safe state, and is not known to be, is not simply online. */
  #shown(): DeviceState {
    const [problem] = this.#unconfirmed?.values() ?? [];
    return this.state.kind === 'online' && problem !== undefined
      ? { kind: 'degraded', reason: `the safe state is not confirmed: ${problem}` }
      : this.state;
  }
}
