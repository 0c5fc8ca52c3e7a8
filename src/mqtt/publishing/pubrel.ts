/** PUBREL for messages that a server holds from connections before (MQTT-4.4.0-1), and the PUBCOMP that answers it. */
import type { MqttClient } from 'mqtt';
import type { Clock, Timer } from '../../model/time.ts';

const answerWithinMs = 2000;

/** PUBREL with Reason Code 0x00 (MQTT 5 §3.6.1, MQTT 3.1.1 §3.6.1): the second byte is the Remaining Length. */
const encodePubrel = (packetId: number): Buffer => Buffer.from([0x62, 2, packetId >> 8, packetId & 0xff]);

/** The PUBREL packets of one session that wait for their PUBCOMP. */
export class PendingPubrels {
  readonly #clock: Clock;
  readonly #open = new Set<number>();
  #timer: Timer | undefined;
  #settled: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param settled called once all are answered, or nobody answers any more */
  send(client: MqttClient, packetIds: number[], settled: () => void): void {
    for (const packetId of packetIds) this.#open.add(packetId);
    this.#settled = settled;
    if (packetIds.length === 0) {
      this.#finish();
      return;
    }
    client.stream.write(Buffer.concat(packetIds.map(encodePubrel)));
    this.#timer = this.#clock.after(answerWithinMs, () => this.#finish());
  }

  onPubcomp(packetId: number): void {
    if (this.#open.delete(packetId) && this.#open.size === 0) this.#finish();
  }

  /** The connection is over, or all are answered. @returns Packet Identifiers whose PUBREL nobody answered */
  stop(): number[] {
    this.#timer?.cancel();
    this.#settled = undefined;
    const unanswered = [...this.#open];
    this.#open.clear();
    return unanswered;
  }

  #finish(): void {
    this.#timer?.cancel();
    const settled = this.#settled;
    this.#settled = undefined;
    settled?.();
  }
}
