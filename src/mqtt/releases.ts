/** PUBREL for messages that a server holds from connections before (MQTT-4.4.0-1), and the PUBCOMP that answers it. */
import type { MqttClient } from 'mqtt';
import type { Clock, Timer } from '../model/time.ts';

export interface Releases {
  /** @param settled called once all are answered, or nobody answers any more */
  send(client: MqttClient, ids: number[], settled: () => void): void;
  /** PUBCOMP came. */
  answered(id: number): void;
  /** The connection is over, or they are. @returns those that nobody answered */
  stop(): number[];
}

const answerWithinMs = 2000;

/** MQTT 5 §3.6.1, and the same in 3.1.1: the second byte is the remaining length. */
const pubrel = (id: number): Buffer => Buffer.from([0x62, 2, id >> 8, id & 0xff]);

export const createReleases = (clock: Clock): Releases => {
  const open = new Set<number>();
  let timer: Timer | undefined;
  let done: (() => void) | undefined;

  const finish = (): void => {
    timer?.cancel();
    const settled = done;
    done = undefined;
    settled?.();
  };

  return {
    send(client, ids, settled) {
      for (const id of ids) open.add(id);
      done = settled;
      if (ids.length === 0) return finish();
      client.stream.write(Buffer.concat(ids.map(pubrel)));
      timer = clock.after(answerWithinMs, finish);
    },
    answered(id) {
      if (open.delete(id) && open.size === 0) finish();
    },
    stop() {
      timer?.cancel();
      done = undefined;
      const unanswered = [...open];
      open.clear();
      return unanswered;
    },
  };
};
