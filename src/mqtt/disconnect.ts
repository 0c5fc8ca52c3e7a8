/** The orderly end of a connection: after everything that was written to it, acknowledgements included. */
import type { MqttClient } from 'mqtt';
import type { Clock, Timer } from '../model/time.ts';

export interface Goodbye {
  /** Otherwise there is nobody to say goodbye to. */
  wasOnline: boolean;
  /** The session ends as well. */
  isFinal: boolean;
  /** Publications that the broker has not acknowledged. */
  inFlight: number;
}

/** Node-RED waits for 15 s, and something else may have been waited for. */
const longestMs = 10_000;

/** @param silentMs after which the connection is cut where nothing comes from the broker any more */
export const disconnect = async (
  client: MqttClient,
  { wasOnline, isFinal, inFlight }: Goodbye,
  silentMs: number,
  clock: Clock,
): Promise<void> => {
  const { stream } = client;
  // Without a living stream there is nothing to end, and its "close" would never come.
  if (stream?.destroyed !== false) return;
  const isVersion5 = client.options.protocolVersion === 5;
  // MQTT 5 §3.14.2.2.2
  const properties = isFinal && isVersion5 ? { properties: { sessionExpiryInterval: 0 } } : {};
  await new Promise<void>((resolve) => {
    const startedAt = clock.monotonic();
    let silence: Timer | undefined;
    const finish = (): void => {
      stream.off('data', wait);
      silence?.cancel();
      resolve();
    };
    const giveUp = (): void => {
      stream.destroy();
      finish();
    };
    // A broker with a long queue is still sending when our last words are on their way, and reads them later.
    const wait = (): void => {
      silence?.cancel();
      silence = clock.after(Math.min(silentMs, startedAt + longestMs - clock.monotonic()), giveUp);
    };
    wait();
    stream.on('data', wait);
    if (!wasOnline) client.end(true, properties, finish);
    else if (inFlight === 0) client.end(false, properties, finish);
    else {
      // mqtt.js would wait for the broker's acknowledgements before it says goodbye; cut off, the socket might lose ours.
      stream.once('close', finish);
      stream.end();
    }
    // What still comes is read, or the broker would read nothing more from us, but mqtt.js must not answer it: a write
    // after the end destroys the stream, and what the broker has not read of it is lost.
    stream.unpipe();
    stream.resume();
  });
};
