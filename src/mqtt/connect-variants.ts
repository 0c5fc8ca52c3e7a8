/** How each server is asked in CONNECT: the way it is wanted first, with less where the server does not take that. */
import { type ConnectionTrace, isReset } from './connection-trace.ts';
import type { Publication } from './outbox.ts';
import { connackReason } from './reason-codes.ts';
import type { Server } from './servers.ts';

export interface Variant {
  version: 4 | 5;
  will: { qos: 0 | 1 | 2; retain: boolean } | undefined;
}

export interface ConnectVariants {
  of(server: Server): Variant;
  /** CONNECT failed. @returns whether there is another way, to be tried at once */
  refused(server: Server, trace: ConnectionTrace): boolean;
  /** A connection or an attempt is over: what nobody said, but only seemed so, is forgotten. */
  ended(server: Server): void;
}

/** MQTT 5 §3.2.2.2 */
const [unsupportedProtocolVersion, retainNotSupported, qosNotSupported] = [0x84, 0x9a, 0x9b];

const refusalCode = ({ connack, isAccepted }: ConnectionTrace): number | undefined => {
  const code = isAccepted ? undefined : (connack?.reasonCode ?? connack?.returnCode);
  return code === undefined ? undefined : connackReason(code);
};

/** The transport was there, and the other side ended it without an answer. */
const isSilent = ({ isOpen, error, firstByte, connack }: ConnectionTrace): boolean =>
  isOpen && firstByte === undefined && connack === undefined && (error === undefined || isReset(error));

/** @param wanted auto: 5 first */
export const createConnectVariants = (wanted: 'auto' | 4 | 5, will: Publication | undefined): ConnectVariants => {
  const whole: Variant = {
    version: wanted === 'auto' ? 5 : wanted,
    will: will && { qos: will.qos, retain: will.retain },
  };
  /** What each server has said itself. */
  const told = new Map<Server, Variant>();
  /** What is tried because it hung up. */
  const tried = new Map<Server, Variant>();

  const current = (server: Server): Variant => tried.get(server) ?? told.get(server) ?? whole;
  const keep = (server: Server, variant: Variant): boolean => {
    told.set(server, variant);
    tried.delete(server);
    return true;
  };

  return {
    of: current,
    refused(server, trace) {
      const reasonCode = refusalCode(trace);
      const now = current(server);
      const isOlderPossible = wanted === 'auto' && now.version === 5;
      if (reasonCode === unsupportedProtocolVersion) return isOlderPossible && keep(server, { ...now, version: 4 });
      if (reasonCode === retainNotSupported && now.will?.retain)
        return keep(server, { ...now, will: { ...now.will, retain: false } });
      if (reasonCode === qosNotSupported && now.will && now.will.qos > 0)
        return keep(server, { ...now, will: { ...now.will, qos: now.will.qos === 2 ? 1 : 0 } });
      if (reasonCode !== undefined || !isSilent(trace)) return false;
      // Some brokers of 3.1.1 hang up on what they do not know; where nothing is retained, on a will that is to be.
      if (isOlderPossible) tried.set(server, { ...now, version: 4 });
      else if (now.will?.retain) tried.set(server, { ...now, will: { ...now.will, retain: false } });
      else return false;
      return true;
    },
    ended: (server) => void tried.delete(server),
  };
};
