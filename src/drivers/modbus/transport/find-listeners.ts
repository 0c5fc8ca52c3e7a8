/** Which addresses of a range take TCP connections: a few at a time, each closed at once, and nothing is sent. */
import { connect } from 'node:net';
import { inTurns } from '../../../common/in-turns.ts';
import type { Clock } from '../../../model/time.ts';

/** A place that a device may listen at. */
export interface Listener {
  host: string;
  port: number;
}

interface Search {
  clock: Clock;
  signal: AbortSignal;
  /** Called after each place. @param asked places so far */
  onAsked?(asked: number): void;
}

/** Connections that are tried at a time: routers take many at once for an attack. */
const atOnce = 12;
/** Time for a connection in one's own network, ms. */
const connectMs = 700;

const isListening = ({ host, port }: Listener, clock: Clock, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const finish = (isOpen: boolean): void => {
      giveUp.cancel();
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(isOpen);
    };
    const stop = (): void => finish(false);
    const socket = connect({ host, port });
    const giveUp = clock.after(connectMs, stop);
    signal.addEventListener('abort', stop);
    socket.once('connect', () => finish(true));
    socket.once('error', stop);
  });

/**
 * Looks which places listen.
 * @returns those that do, in the order in which they were given
 * @throws the reason of the signal, if that is aborted
 */
export const findListeners = async (places: readonly Listener[], search: Search): Promise<Listener[]> => {
  const { clock, signal, onAsked } = search;
  const listening = new Set<Listener>();
  let asked = 0;
  await inTurns(places, atOnce, async (place) => {
    signal.throwIfAborted();
    if (await isListening(place, clock, signal)) listening.add(place);
    onAsked?.(++asked);
  });
  signal.throwIfAborted();
  return places.filter((place) => listening.has(place));
};
