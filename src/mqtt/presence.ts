/** Who else is alive: heartbeats of other nodes, and the last wills that brokers send for them. */
import type { Event } from '../model/event.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime, parseTime } from '../model/time.ts';

export interface PresenceOptions {
  /** Our own name: not watched, but a second one under it is told. */
  own: string;
  boot: string;
  /** Periods without a heartbeat after which a node counts as lost. */
  missed: number;
}

export interface Presence {
  take(message: Message): void;
  /** Looks who is late; called about once per second. */
  tick(): void;
  summary(): { present: number; lost: string[]; hasNamesake: boolean };
}

interface Peer {
  heardAt: number;
  periodMs: number;
  isLost: boolean;
}

/** @param tell component_lost, component_returned and name_taken, as events under system/event/<own> */
export const createPresence = (
  { own, boot, missed }: PresenceOptions,
  clock: Clock,
  tell: (event: Message<'event/1'>) => void,
): Presence => {
  const peers = new Map<string, Peer>();
  const startedAt = clock.now();
  let hasNamesake = false;
  let count = 0;

  const emit = (name: string, severity: Event['severity'], data: NonNullable<Event['data']>): void => {
    count++;
    tell({
      topic: `system/event/${own}/${name}`,
      schema: 'event/1',
      id: `${boot}-${count}`,
      name,
      severity,
      ts: isoTime(clock.now()),
      data,
    });
  };

  const lose = (node: string, peer: Peer, reason: string): void => {
    if (peer.isLost) return;
    peer.isLost = true;
    emit('component_lost', 'warning', {
      node,
      reason,
      silent_s: Math.round((clock.monotonic() - peer.heardAt) / 1000),
    });
  };

  const hear = (node: string, heartbeat: Message<'heartbeat/1'>): void => {
    if (node === own) {
      // Our own from before a restart may still be under way.
      const isOther = heartbeat.boot !== undefined && heartbeat.boot !== boot && parseTime(heartbeat.ts) > startedAt;
      if (isOther && !hasNamesake) emit('name_taken', 'alarm', { node });
      hasNamesake ||= isOther;
      return;
    }
    const known = peers.get(node);
    peers.set(node, { heardAt: clock.monotonic(), periodMs: heartbeat.period_s * 1000, isLost: false });
    if (known?.isLost) emit('component_returned', 'info', { node });
  };

  return {
    take(message) {
      const [root, area, node] = message.topic.split('/');
      if (root !== 'system' || node === undefined) return;
      if (area === 'heartbeat' && message.schema === 'heartbeat/1') hear(node, message);
      else if (area === 'status' && message.schema === 'availability/1' && message.state === 'offline') {
        const peer = peers.get(node);
        if (peer) lose(node, peer, message.reason ?? 'offline');
      }
    },
    tick() {
      const now = clock.monotonic();
      for (const [node, peer] of peers) if (now - peer.heardAt > missed * peer.periodMs) lose(node, peer, 'silent');
    },
    summary() {
      const lost = [...peers].filter(([, peer]) => peer.isLost).map(([node]) => node);
      return { present: peers.size - lost.length, lost, hasNamesake };
    },
  };
};
