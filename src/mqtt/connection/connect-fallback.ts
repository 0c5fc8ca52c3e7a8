/**
 * CONNECT as each server takes it: the version and the Will Message that are wanted first, with less where the server
 * does not take that.
 */

import type { Server } from '../../model/server-address.ts';
import type { Publication, PublishFlags } from '../publishing/publication.ts';
import { type ConnectionTrace, isReset } from './connection-trace.ts';
import { connackReasonCode } from './reason-codes.ts';

/** A CONNECT with all that is wanted, or with less where the server refuses that. */
export interface ConnectVariant {
  /** 4: MQTT 3.1.1. */
  version: 4 | 5;
  /** Will QoS and Will Retain; undefined: there is no Will Message. */
  will: PublishFlags | undefined;
}

/** Reason Codes of CONNACK (MQTT 5 §3.2.2.2); retain and QoS not supported are about the Will Message. */
const [unsupportedProtocolVersion, retainNotSupported, qosNotSupported] = [0x84, 0x9a, 0x9b];

const refusalCode = ({ connack, isAccepted }: ConnectionTrace): number | undefined => {
  const code = isAccepted ? undefined : (connack?.reasonCode ?? connack?.returnCode);
  return code === undefined ? undefined : connackReasonCode(code);
};

/** The transport was there, and the server ended the connection without an answer. */
const isSilent = ({ isOpen, error, firstByte, connack }: ConnectionTrace): boolean =>
  isOpen && firstByte === undefined && connack === undefined && (error === undefined || isReset(error));

const withoutWillRetain = (variant: ConnectVariant): ConnectVariant => ({
  ...variant,
  will: variant.will && { ...variant.will, retain: false },
});

/** The variants of CONNECT for one server, and how far the fallback has come. */
export class ConnectFallback {
  readonly #isVersionFree: boolean;
  readonly #wanted: ConnectVariant;
  /** The variant that each server has asked for itself. */
  readonly #told = new Map<Server, ConnectVariant>();
  /** The variant that is tried because a server hung up. */
  readonly #tried = new Map<Server, ConnectVariant>();

  /** @param version auto: MQTT 5 first */
  constructor(version: 'auto' | 4 | 5, will: Publication | undefined) {
    this.#isVersionFree = version === 'auto';
    this.#wanted = {
      version: version === 'auto' ? 5 : version,
      will: will && { qos: will.qos, retain: will.retain },
    };
  }

  /** @returns the variant with which a server is asked next */
  variant(server: Server): ConnectVariant {
    return this.#tried.get(server) ?? this.#told.get(server) ?? this.#wanted;
  }

  /** CONNECT failed. @returns whether there is another variant, to be tried at once */
  onRefused(server: Server, trace: ConnectionTrace): boolean {
    const reasonCode = refusalCode(trace);
    const variant = this.variant(server);
    const { version, will } = variant;
    const isOlderPossible = this.#isVersionFree && version === 5;
    if (reasonCode === unsupportedProtocolVersion)
      return isOlderPossible && this.#remember(server, { ...variant, version: 4 });
    // MQTT-3.2.2-13
    if (reasonCode === retainNotSupported && will?.retain) return this.#remember(server, withoutWillRetain(variant));
    // MQTT-3.2.2-12
    if (reasonCode === qosNotSupported && will && will.qos > 0)
      return this.#remember(server, { ...variant, will: { ...will, qos: will.qos === 2 ? 1 : 0 } });
    if (reasonCode !== undefined || !isSilent(trace)) return false;
    // Some brokers of 3.1.1 hang up on a version they do not know; some that retain nothing, on a retained Will
    // Message.
    if (isOlderPossible) this.#tried.set(server, { ...variant, version: 4 });
    else if (will?.retain) this.#tried.set(server, withoutWillRetain(variant));
    else return false;
    return true;
  }

  /** A connection or an attempt is over: what a server did not say, but only seemed to want, is forgotten. */
  onEnded(server: Server): void {
    this.#tried.delete(server);
  }

  #remember(server: Server, variant: ConnectVariant): boolean {
    this.#told.set(server, variant);
    this.#tried.delete(server);
    return true;
  }
}
