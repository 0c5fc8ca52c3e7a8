/**
 * Virtual time beside a real Modbus connection. Time stands still while a request or its answer is on the way, and
 * passes only where everybody waits for it: no result depends on the pace of the machine.
 */

import type { ModbusLink } from '../../../src/drivers/modbus/transport/modbus-link.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import type { ScriptedServer } from './scripted-server.ts';

export interface VirtualTimeLink {
  clock: VirtualClock;
  /** The same connection, whose requests are followed from now on. */
  watch(link: ModbusLink): ModbusLink;
  /** Lets time pass until the condition holds. */
  until(condition: () => boolean, what: string, withinMs?: number): Promise<void>;
  /** Lets time pass until the promise is settled. */
  pass<T>(promise: Promise<T>): Promise<T>;
}

const stepMs = 1;
/** Real time, ms: sockets that say nothing for so long will not say anything. */
const hangsAfterMs = 30_000;

/** @param server answers with reply(), at once or as its clock says: what it leaves unanswered, time has to settle */
export const createVirtualTimeLink = (server: () => ScriptedServer): VirtualTimeLink => {
  const clock = createVirtualClock();
  const sent: { isSettled: boolean }[] = [];
  let link: ModbusLink | undefined;

  const follow = <T>(promise: Promise<T>): Promise<T> => {
    const one = { isSettled: false };
    sent.push(one);
    const settled = (): void => {
      one.isSettled = true;
    };
    promise.then(settled, settled);
    return promise;
  };

  /** Nothing is on its way: every request has been settled, or lies at the server without an answer. */
  const isStill = (): boolean => {
    if (link?.state().kind === 'connecting') return false;
    const { asked } = server();
    return sent.every(({ isSettled }, n) => isSettled || asked[n]?.isAnswered === false);
  };

  const passUntil = async (isOver: () => boolean, what: string, withinMs: number): Promise<void> => {
    const [from, began] = [clock.monotonic(), performance.now()];
    while (!isOver()) {
      if (clock.monotonic() - from > withinMs) throw new Error(`in ${withinMs} ms it did not happen: ${what}`);
      if (performance.now() - began > hangsAfterMs) throw new Error(`the sockets say nothing any more: ${what}`);
      if (isStill()) clock.advance(stepMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  return {
    clock,
    watch(given) {
      link = given;
      const isOpen = (): boolean => given.state().kind === 'open';
      return {
        maxInFlight: given.maxInFlight,
        open: () => given.open(),
        close: () => given.close(),
        reconnectSoon: () => given.reconnectSoon(),
        state: () => given.state(),
        onState: (listener) => given.onState(listener),
        onNotice: (listener) => given.onNotice(listener),
        holdOffMs: (request) => given.holdOffMs?.(request) ?? 0,
        // Without a connection nothing is sent.
        send(request, timeoutMs) {
          return isOpen() ? follow(given.send(request, timeoutMs)) : given.send(request, timeoutMs);
        },
      };
    },
    until: (condition, what, withinMs = 60_000) => passUntil(condition, what, withinMs),
    async pass(promise) {
      let isOver = false;
      const over = (): void => {
        isOver = true;
      };
      promise.then(over, over);
      await passUntil(() => isOver, 'what is waited for', 600_000);
      return promise;
    },
  };
};
