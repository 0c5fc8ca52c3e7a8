/**
 * DISCONNECT (MQTT 5 §3.14): the orderly end of a connection, after everything that was written, acknowledgements
 * included.
 */
import type { MqttClient } from 'mqtt';
import type { Clock, Timer } from '../../model/time.ts';

interface DisconnectOptions {
  /** Otherwise there is nobody to send DISCONNECT to. */
  wasOnline: boolean;
  /** The session ends as well. */
  isFinal: boolean;
  /** Number of publications that the server has not acknowledged. */
  inFlight: number;
  /** The connection is cut where nothing comes from the server for so long, ms. */
  silentMs: number;
}

/** Pause between two looks whether the connection may end, ms. */
const checkMs = 10;
/** Node-RED waits 15 s for a node to close, and something else may have been waited for. */
const longestMs = 10_000;

/** Resolves when the condition holds, or after so long. */
export const waitUntil = (isDone: () => boolean, withinMs: number, clock: Clock): Promise<void> => {
  const deadline = clock.monotonic() + withinMs;
  return new Promise((resolve) => {
    const check = (): void => {
      if (isDone() || clock.monotonic() >= deadline) resolve();
      else clock.after(checkMs, check);
    };
    check();
  });
};

/** Ends a connection in good order; resolves once it has ended, or once the server was silent for too long. */
export const disconnect = async (
  client: MqttClient,
  { wasOnline, isFinal, inFlight, silentMs }: DisconnectOptions,
  clock: Clock,
): Promise<void> => {
  const { stream } = client;
  // Without a living stream there is nothing to end, and its "close" would never come.
  if (stream?.destroyed !== false) return;
  const isVersion5 = client.options.protocolVersion === 5;
  // MQTT 5 §3.14.2.2.2: the session ends with the connection.
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
    // A broker with a long queue is still sending when DISCONNECT is on its way, and reads it later.
    const wait = (): void => {
      silence?.cancel();
      silence = clock.after(Math.min(silentMs, startedAt + longestMs - clock.monotonic()), giveUp);
    };
    wait();
    stream.on('data', wait);
    if (!wasOnline) client.end(true, properties, finish);
    else if (inFlight === 0) client.end(false, properties, finish);
    else {
      // mqtt.js would wait for acknowledgements of the server before DISCONNECT; cut off, the socket might lose ours.
      stream.once('close', finish);
      stream.end();
    }
    // Packets that still come are read, or the server would read nothing more from this client, but mqtt.js must not
    // answer them (MQTT-3.14.4-1): a write after the end destroys the stream, and what the server has not read of it is
    // lost.
    stream.unpipe();
    stream.resume();
  });
};
