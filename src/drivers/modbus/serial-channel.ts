/** Bytes to and from a serial line: a serial port of this machine, or a gateway that carries the line over TCP. */
import { connect as connectSocket } from 'node:net';
import type { Clock } from '../../model/time.ts';

export interface SerialSettings {
  baudRate: number;
  dataBits: 7 | 8;
  parity: 'none' | 'even' | 'odd';
  stopBits: 1 | 2;
}

export type SerialPlace = ({ path: string } & SerialSettings) | { host: string; port: number };

export interface SerialChannel {
  write(bytes: Buffer): void;
  /** @param isUnsure a write may still lie in it, and must not leave any more */
  close(isUnsure: boolean): void;
}

export interface ChannelEvents {
  opened(channel: SerialChannel): void;
  received(bytes: Buffer): void;
  /** The channel is over, or was never there; called exactly once. */
  ended(reason: string): void;
}

const once = (run: (reason: string) => void): ((reason: string) => void) => {
  let isDone = false;
  return (reason) => {
    if (isDone) return;
    isDone = true;
    run(reason);
  };
};

/** @returns how to give up */
const openSocket = (host: string, port: number, events: ChannelEvents): (() => void) => {
  const socket = connectSocket({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 });
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

const openPort = (path: string, settings: SerialSettings, events: ChannelEvents): (() => void) => {
  let isGivenUp = false;
  let close = (): void => {
    isGivenUp = true;
  };
  // Loaded when used: a flow on Modbus TCP alone needs no serial port library.
  import('serialport').then(
    ({ SerialPort }) => {
      if (isGivenUp) return;
      const { baudRate, dataBits, parity, stopBits } = settings;
      const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, autoOpen: false });
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

export const openChannel = (
  place: SerialPlace,
  clock: Clock,
  timeoutMs: number,
  events: ChannelEvents,
): (() => void) => {
  const ended = once((reason) => {
    connecting.cancel();
    events.ended(reason);
  });
  const own: ChannelEvents = {
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
  const giveUp = 'path' in place ? openPort(place.path, place, own) : openSocket(place.host, place.port, own);
  return () => {
    connecting.cancel();
    giveUp();
  };
};
