/** The forwarding block: a second central system, the backend, to which the station looks as if it were connected there. */
import type { Authorizer } from '../authorization/authorize.ts';
import type { Block, IncomingCall, Reply } from '../block.ts';
import { authorizationOf } from '../codec/call-results.ts';
import type { StationLink } from '../ocpp-j/station-link.ts';
import type { BackendLimits } from '../smart-charging/backend-limits.ts';
import type { Station } from '../station/station.ts';
import { relayRequest } from './backend-requests.ts';
import { Forwarder, type ForwardOptions } from './forwarder.ts';

interface ForwardingOptions extends ForwardOptions {
  backendLimits: BackendLimits;
  authorizer: Authorizer;
  /** Sets our limits again. @param isForced also where the station should have them already */
  setAgain(isForced: boolean): Promise<void>;
}

/** Passes the calls of one station on to its backend. */
export class Forwarding implements Block {
  private readonly forwarder: Forwarder;
  private readonly authorizer: Authorizer;

  constructor({ identity, records, clock, sink }: Station, options: ForwardingOptions) {
    const { backendLimits, authorizer, setAgain } = options;
    this.authorizer = authorizer;
    this.forwarder = new Forwarder(
      {
        identity,
        records,
        clock,
        onEvent: (event) => sink.event(event),
        relayRequest: (request) => relayRequest({ backendLimits, clock, setAgain }, request),
      },
      options,
    );
  }

  around(call: IncomingCall, next: () => Reply): Reply {
    const { action, payload, message } = call;
    return this.forwarder.onCall({
      action,
      payload,
      answer: next,
      onAuthorization: (status) => {
        if (message.kind === 'authorize') this.authorizer.decidedElsewhere(message.token, authorizationOf(status));
      },
      endedTransaction: () => call.answer?.ended,
    });
  }

  connected(link: StationLink): void {
    this.forwarder.connected(link);
  }

  disconnected(): void {
    this.forwarder.disconnected();
  }

  close(): void {
    this.forwarder.close();
  }
}
