/**
 * A Modbus link without a wire, on virtual time: a test says how each request ends. With sockets and frames:
 * scripted-server.ts.
 */

import { isWrite, type ReadRequest } from '../../../src/drivers/modbus/messages.ts';
import type { LinkNotice, LinkState, ModbusLink } from '../../../src/drivers/modbus/transport/modbus-link.ts';

export interface ScriptedLink extends ModbusLink {
  asked: { request: ReadRequest; timeoutMs: number }[];
  notice(notice: LinkNotice): void;
  enter(state: LinkState): void;
}

/** @param answer the data; rejects with a ModbusFailure */
export const createScriptedLink = (
  answer: (request: ReadRequest, timeoutMs: number) => Promise<Buffer>,
  holdOffMs: (request: ReadRequest) => number = () => 0,
): ScriptedLink => {
  let current: LinkState = { kind: 'closed' };
  const observers: ((notice: LinkNotice) => void)[] = [];
  const listeners: ((state: LinkState) => void)[] = [];
  const asked: ScriptedLink['asked'] = [];
  const enter = (next: LinkState): void => {
    current = next;
    for (const listener of listeners) listener(next);
  };
  return {
    asked,
    maxInFlight: 1,
    open: () => enter({ kind: 'open' }),
    close: async () => enter({ kind: 'closed' }),
    async send(request, timeoutMs) {
      if (isWrite(request)) return Buffer.alloc(0);
      asked.push({ request, timeoutMs });
      return answer(request, timeoutMs);
    },
    reconnectSoon() {},
    state: () => current,
    onState: (listener) => void listeners.push(listener),
    onNotice: (observer) => void observers.push(observer),
    holdOffMs: (request) => (isWrite(request) ? 0 : holdOffMs(request)),
    notice(notice) {
      for (const observer of observers) observer(notice);
    },
    enter,
  };
};
