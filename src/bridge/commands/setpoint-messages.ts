/** setpoint/1 of an actuator: who holds it and until when, what is in force, and whether the device does it. */
import type { Arbitration, Lease } from '../../control/leases.ts';
import type { Actuator, Progress } from '../../drivers/driver.ts';
import type { Params } from '../../model/command.ts';
import type { Message } from '../../model/message.ts';
import { isoTime } from '../../model/time.ts';
import type { EffectiveOrder } from './effective-order.ts';

type SetpointMessage = Message<'setpoint/1'>;

/** A setpoint that is in force at the device. */
interface SetpointInForce {
  verb: string;
  /** undefined: the safe state, which is a command itself. */
  lease: Lease | undefined;
  applied: Params;
  /** undefined while nothing shows whether the device obeys. */
  progress: Progress | undefined;
}

const setpointOf = (
  { setpoint }: Arbitration,
  params: Params,
  fallback: Actuator['fallback'],
): Omit<SetpointInForce, 'progress'>[] => {
  if (setpoint) return [{ verb: setpoint.verb, lease: setpoint, applied: params }];
  return fallback?.verb === undefined ? [] : [{ verb: fallback.verb, lease: undefined, applied: fallback.means }];
};

/**
 * @param fallback the safe state of the actuator
 * @param progressOf returns what the device does for the command with this verb
 */
export const setpointsInForce = (
  { order, arbitration }: EffectiveOrder,
  fallback: Actuator['fallback'],
  progressOf: (verb: string) => Progress | undefined,
): SetpointInForce[] => {
  const limits = [...arbitration.limits].map(([verb, lease]) => ({ verb, lease, applied: { ...lease.params } }));
  return [...limits, ...setpointOf(arbitration, order.params, fallback)].map(({ verb, lease, applied }) => {
    const progress = progressOf(verb);
    return { verb, lease, applied: progress?.inForce ?? applied, progress };
  });
};

/** The setpoints of an actuator for the broker. */
interface ShownSetpoints {
  inForce: SetpointInForce[];
  /** Verbs that are shown no more. */
  ended: string[];
}

/**
 * @param component "battery", "ev_charger/1"
 * @param now wall clock, ms
 */
export const setpointMessages = (
  { device, component, now }: { device: string; component: string; now: number },
  { inForce, ended }: ShownSetpoints,
): SetpointMessage[] => {
  const topicOf = (verb: string): string => `devices/${device}/${component}/setpoint/${verb}`;
  return [
    ...ended.map((verb): SetpointMessage => ({ topic: topicOf(verb), schema: 'setpoint/1', ended: true })),
    ...inForce.map(
      ({ verb, lease, applied, progress }): SetpointMessage => ({
        topic: topicOf(verb),
        schema: 'setpoint/1',
        command: verb,
        ...(lease && { params: lease.params }),
        applied,
        owner: lease?.owner ?? device,
        ...(lease && { priority: lease.priority, id: lease.id }),
        from: isoTime(lease?.from ?? now),
        ...(lease && { until: isoTime(lease.untilWall) }),
        ...(progress?.isReached !== undefined && { reached: progress.isReached, reached_at: isoTime(progress.at) }),
        ...(progress?.reason !== undefined && { reason: progress.reason }),
        source: lease ? 'command' : 'device_fallback',
      }),
    ),
  ];
};
