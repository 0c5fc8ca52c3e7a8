/** Bytes to and from a serial line: a serial port of this machine, or a gateway that carries the line over TCP. */
import { connect as connectSocket } from 'node:net';
import type { Clock } from '../../../../model/time.ts';

/** The settings of a serial port; the baud rate is in bits per second. */
export interface SerialSettings {
  baudRate: number;
  dataBits: 7 | 8;
  parity: 'none' | 'even' | 'odd';
  stopBits: 1 | 2;
}

/** A serial port by its path, or a gateway by its address. */
export type SerialEndpoint = ({ path: string } & SerialSettings) | { host: string; port: number };

/** An open channel. */
export interface SerialChannel {
  write(bytes: Buffer): void;
  /** @param isUnsure a write may still wait in the channel, and must not leave any more */
  close(isUnsure: boolean): void;
}

/** The callbacks of a channel. */
interface ChannelEvents {
  opened(channel: SerialChannel): void;
  received(bytes: Buffer): void;
  /** The channel is over, or was never there; called exactly once. */
  ended(reason: string): void;
}

/** Idle time after which the operating system probes whether the gateway is still there, ms. */
const keepAliveMs = 10_000;

/** @returns a function that ends the attempt, or the channel */
const openSocket = ({ host, port }: { host: string; port: number }, events: ChannelEvents): (() => void) => {
  const socket = connectSocket({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
  let reason = 'closed by the device';
  socket.on('connect', () =>
    events.opened({
      write: (bytes) => void socket.write(bytes),
      close: (isUnsure) => void (isUnsure ? socket.resetAndDestroy() : socket.destroy()),
    }),
  );
  socket.on('data', events.received);
  socket.on('error', (error) => {
    reason = error.message;
  });
  socket.on('close', () => events.ended(reason));
  return () => socket.destroy();
};

/** @returns a function that ends the attempt, or the channel */
const openPort = (options: { path: string } & SerialSettings, events: ChannelEvents): (() => void) => {
  let isGivenUp = false;
  let close = (): void => {
    isGivenUp = true;
  };
  // The library is loaded when it is used, because a flow with Modbus TCP alone does not need it.
  import('serialport').then(
    ({ SerialPort }) => {
      if (isGivenUp) return;
      const port = new SerialPort({ ...options, autoOpen: false });
      let reason = 'the serial port was closed';
      close = () => (port.isOpen ? port.close() : events.ended(reason));
      port.on('error', (error) => {
        reason = error.message;
        if (port.isOpen) port.close();
        else events.ended(reason);
      });
      port.on('close', () => events.ended(reason));
      port.on('data', (bytes: Buffer) => events.received(bytes));
      port.open((error) => {
        if (error) events.ended(error.message);
        else
          events.opened({
            write: (bytes) => void port.write(bytes),
            close(isUnsure) {
              if (!isUnsure) port.close();
              else port.flush(() => port.close());
            },
          });
      });
    },
    (error: unknown) => events.ended(`the serial port library does not load: ${String(error)}`),
  );
  return () => close();
};

/**
 * Opens a channel.
 * @returns a function that ends the attempt, or the channel
 */
export const openChannel = (
  endpoint: SerialEndpoint,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
  events: ChannelEvents,
): (() => void) => {
  let isEnded = false;
  const ended = (reason: string): void => {
    if (isEnded) return;
    isEnded = true;
    connecting.cancel();
    events.ended(reason);
  };
  const guarded: ChannelEvents = {
    opened(channel) {
      connecting.cancel();
      events.opened(channel);
    },
    received: events.received,
    ended,
  };
  const connecting = clock.after(timeoutMs, () => {
    giveUp();
    ended(`no connection within ${timeoutMs} ms`);
  });
  const giveUp = 'path' in endpoint ? openPort(endpoint, guarded) : openSocket(endpoint, guarded);
  return () => {
    connecting.cancel();
    giveUp();
  };
};
