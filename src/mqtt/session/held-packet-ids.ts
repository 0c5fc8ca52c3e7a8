/**
 * Packet Identifiers under which the session at one server may still hold a message of ours with QoS 2: received, and
 * never released. Each takes a place of the server's Receive Maximum, and the server would take a new message with such
 * an identifier for a copy of the old one (MQTT-4.3.3-10). PUBREL frees them, and the server passes on what it held; a
 * server answers PUBREL with PUBCOMP also where it holds nothing (MQTT 5 §3.7.2.1).
 */
import type { InFlight, InFlightPublication } from './packet-identifiers.ts';

/** The Packet Identifiers that one server may still hold. */
export class HeldPacketIds {
  /**
   * In flight when the last connection ended; undefined: this process was never connected, an earlier one may have
   * been.
   */
  #left: Map<number, InFlightPublication> | undefined;
  /** The last connection ended before the PUBREL of these was answered. */
  #unanswered = new Set<number>();
  /** Identifiers that the server holds, as far as anybody knows, and cannot be made to free. */
  readonly avoided = new Set<number>();

  /**
   * A connection begins.
   * @param hasSession whether the server has the session
   * @param highest Packet Identifier that a process before this one may have used
   * @returns identifiers to be released before anything else is published
   */
  onConnected(hasSession: boolean, inFlight: InFlight, highest: number): number[] {
    const left = hasSession ? this.#left : new Map<number, InFlightPublication>();
    if (!hasSession) {
      this.avoided.clear();
      this.#unanswered.clear();
    }
    this.#left = new Map();
    const suspected = left ? left.keys() : Array.from({ length: highest }, (_, i) => i + 1);
    return [...new Set([...suspected, ...this.#unanswered])].filter((packetId) => {
      const publication = inFlight.get(packetId);
      return publication === undefined || (left !== undefined && left.get(packetId) !== publication);
    });
  }

  /**
   * The connection ends.
   * @param unanswered identifiers whose PUBREL nobody answered
   */
  onDisconnected(inFlight: InFlight, unanswered: number[]): void {
    this.#left = new Map(inFlight.all().map((publication) => [publication.packetId, publication]));
    // One connection may have broken by chance; when a second one breaks, the server ends it over the PUBREL.
    for (const packetId of unanswered) if (this.#unanswered.has(packetId)) this.avoided.add(packetId);
    this.#unanswered = new Set(unanswered.filter((packetId) => !this.avoided.has(packetId)));
  }
}
