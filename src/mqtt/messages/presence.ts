/** Which other gateways are alive: their heartbeats, and the Will Messages that brokers publish for them. */
import type { Event } from '../../model/event.ts';
import type { Message } from '../../model/message.ts';
import { type Clock, isoTime, parseTime } from '../../model/time.ts';

interface PresenceOptions {
  /** Our own name, which is not watched; another gateway under the same name is told. */
  own: string;
  boot: string;
  /** Number of heartbeats that are missed before a gateway counts as lost. */
  missed: number;
}

/** The gateways that are there, and those that have fallen silent. */
interface PresenceSummary {
  present: number;
  /** Names of the gateways that are lost. */
  lost: string[];
  /** Another gateway has our own name. */
  isNameTaken: boolean;
}

interface Peer {
  /** Monotonic, ms. */
  heardAt: number;
  periodMs: number;
  isLost: boolean;
}

/** The presence of gateways as their heartbeats tell it. */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #clock: Clock;
  readonly #tell: (event: Message<'event/1'>) => void;
  readonly #peers = new Map<string, Peer>();
  /** Wall clock, ms. */
  readonly #startedAt: number;
  #isNameTaken = false;
  #events = 0;

  /** @param tell called with component_lost, component_returned and name_taken, as events under system/event/<own> */
  constructor(options: PresenceOptions, clock: Clock, tell: (event: Message<'event/1'>) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#tell = tell;
    this.#startedAt = clock.now();
  }

  take(message: Message): void {
    const [root, area, name] = message.topic.split('/');
    if (root !== 'system' || name === undefined) return;
    if (area === 'heartbeat' && message.schema === 'heartbeat/1') this.#onHeartbeat(name, message);
    else if (area === 'status' && message.schema === 'availability/1' && message.state === 'offline') {
      const peer = this.#peers.get(name);
      if (peer) this.#lose(name, peer, message.reason ?? 'offline');
    }
  }

  /** Looks who is late; called about once per second. */
  tick(): void {
    const { missed } = this.#options;
    const now = this.#clock.monotonic();
    for (const [name, peer] of this.#peers)
      if (now - peer.heardAt > missed * peer.periodMs) this.#lose(name, peer, 'silent');
  }

  summary(): PresenceSummary {
    const lost = [...this.#peers].filter(([, peer]) => peer.isLost).map(([name]) => name);
    return { present: this.#peers.size - lost.length, lost, isNameTaken: this.#isNameTaken };
  }

  #onHeartbeat(name: string, heartbeat: Message<'heartbeat/1'>): void {
    if (name === this.#options.own) {
      this.#onNamesake(name, heartbeat);
      return;
    }
    const known = this.#peers.get(name);
    const periodMs = heartbeat.period_s * 1000;
    this.#peers.set(name, { heardAt: this.#clock.monotonic(), periodMs, isLost: false });
    if (known?.isLost) this.#emit('component_returned', 'info', { node: name });
  }

  #onNamesake(name: string, { boot, ts }: Message<'heartbeat/1'>): void {
    // A heartbeat of our own from before a restart may still be on its way.
    const isOther = boot !== undefined && boot !== this.#options.boot && parseTime(ts) > this.#startedAt;
    if (isOther && !this.#isNameTaken) this.#emit('name_taken', 'alarm', { node: name });
    this.#isNameTaken ||= isOther;
  }

  #lose(name: string, peer: Peer, reason: string): void {
    if (peer.isLost) return;
    peer.isLost = true;
    this.#emit('component_lost', 'warning', {
      node: name,
      reason,
      silent_s: Math.round((this.#clock.monotonic() - peer.heardAt) / 1000),
    });
  }

  #emit(name: string, severity: Event['severity'], data: NonNullable<Event['data']>): void {
    const { own, boot } = this.#options;
    this.#events++;
    this.#tell({
      topic: `system/event/${own}/${name}`,
      schema: 'event/1',
      id: `${boot}-${this.#events}`,
      name,
      severity,
      ts: isoTime(this.#clock.now()),
      data,
    });
  }
}
