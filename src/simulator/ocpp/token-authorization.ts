/** Authorization at a simulated station: Authorize, the Local Authorization List, and the wait for a car. */
import type { Clock, Timer } from '../../model/time.ts';
import type { LocalAuthorizationList } from './local-authorization-list.ts';
import type { Call, OutgoingCalls } from './outgoing-calls.ts';
import type { IdToken, SimulatedEvse } from './simulated-evse.ts';

interface TokenAuthorizationOptions {
  calls: OutgoingCalls;
  localList: LocalAuthorizationList;
  isOnline(): boolean;
  /** @returns the answer; undefined when the request fails */
  request(call: Call): Promise<unknown>;
}

/** Authorizes the tokens of one station. */
export class TokenAuthorization {
  readonly #options: TokenAuthorizationOptions;
  readonly #clock: Clock;
  /** Timers of authorizations for which no car has come. */
  readonly #timeouts = new Map<SimulatedEvse, Timer>();

  constructor(options: TokenAuthorizationOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @returns whether a token may charge, by the local list or by the answer of the CSMS */
  async authorize(token: IdToken): Promise<boolean> {
    const { calls, localList, isOnline, request } = this.#options;
    const { isLocalListEnabled, preAuthorizesLocally, authorizesOffline, allowsUnknownOffline } = calls.behaviour;
    const status = isLocalListEnabled() ? localList.statusOf(token.id) : undefined;
    if (isOnline() && preAuthorizesLocally() && status === 'Accepted') return true;
    if (!isOnline())
      return status === undefined ? allowsUnknownOffline() : authorizesOffline() && status === 'Accepted';
    return calls.isAccepted(await request(calls.authorize(token)));
  }

  /** Lets an authorization expire when no car comes within the connection timeout. */
  waitForCar(evse: SimulatedEvse): void {
    this.#timeouts.get(evse)?.cancel();
    if (!evse.authorization) return;
    const timeoutS = this.#options.calls.behaviour.connectionTimeoutS();
    const timeout = this.#clock.after(timeoutS * 1000, () => {
      evse.authorization = undefined;
    });
    this.#timeouts.set(evse, timeout);
  }

  /** Forgets all authorizations, as a station does that is switched off. */
  clear(evses: readonly SimulatedEvse[]): void {
    for (const timeout of this.#timeouts.values()) timeout.cancel();
    for (const evse of evses) evse.authorization = undefined;
  }
}
