/**
 * Packet ids under which the session at one server may still hold a message of ours with QoS 2: received, and never
 * released. They take a place of the server's Receive Maximum each, and a new message with such an id would be taken for
 * a copy of the old one (MQTT-4.3.3-10). PUBREL frees them, and the server passes on what it held; to an id it does not
 * hold it answers with PUBCOMP as well (MQTT 5 §3.7.2.1).
 */
import type { InFlight, Sent } from './inflight.ts';

export class HeldIds {
  /** In flight as we left; undefined: this process was never there, the one before may have left any. */
  #left: Map<number, Sent> | undefined;
  /** The last connection ended before the PUBREL of these was answered. */
  #unanswered = new Set<number>();
  /** Held, as far as anybody knows, and not to be freed. */
  readonly avoided = new Set<number>();

  /**
   * A connection begins.
   * @param highest packet id that a process before this one may have used
   * @returns ids to be released before anything else is published
   */
  arrive(hasSession: boolean, inFlight: InFlight, highest: number): number[] {
    const left = hasSession ? this.#left : new Map<number, Sent>();
    if (!hasSession) {
      this.avoided.clear();
      this.#unanswered.clear();
    }
    this.#left = new Map();
    const suspected = left ? left.keys() : Array.from({ length: highest }, (_, i) => i + 1);
    return [...new Set([...suspected, ...this.#unanswered])].filter((id) => {
      const sent = inFlight.get(id);
      return sent === undefined || (left !== undefined && left.get(id) !== sent);
    });
  }

  /** The connection ends. @param unanswered ids whose PUBREL nobody answered */
  leave(inFlight: InFlight, unanswered: number[]): void {
    this.#left = new Map(inFlight.all().map((sent) => [sent.id, sent]));
    // Once, the connection may have broken by chance; twice, the server ends it over them.
    for (const id of unanswered) if (this.#unanswered.has(id)) this.avoided.add(id);
    this.#unanswered = new Set(unanswered.filter((id) => !this.avoided.has(id)));
  }
}
