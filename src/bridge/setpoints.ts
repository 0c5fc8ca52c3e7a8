/** setpoint/1 of what a component is told: who holds it, until when, and what is in force. */
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';
import type { Shown } from './orders.ts';

/** @param ended verbs that are shown no more */
export const setpointsOf = (
  device: string,
  component: string,
  shown: Shown[],
  ended: string[],
  clock: Clock,
): Message<'setpoint/1'>[] => {
  const topicOf = (verb: string): string => `devices/${device}/${component}/setpoint/${verb}`;
  return [
    ...ended.map((verb): Message<'setpoint/1'> => ({ topic: topicOf(verb), schema: 'setpoint/1', ended: true })),
    ...shown.map(
      ({ verb, lease, applied, progress }): Message<'setpoint/1'> => ({
        topic: topicOf(verb),
        schema: 'setpoint/1',
        command: verb,
        ...(lease && { params: lease.params }),
        applied,
        owner: lease?.owner ?? device,
        ...(lease && { priority: lease.priority, id: lease.id }),
        from: isoTime(lease?.from ?? clock.now()),
        ...(lease && { until: isoTime(lease.untilWall) }),
        ...(progress?.isReached !== undefined && { reached: progress.isReached, reached_at: isoTime(progress.at) }),
        ...(progress?.reason !== undefined && { reason: progress.reason }),
        source: lease ? 'command' : 'device_fallback',
      }),
    ),
  ];
};
