/** The requests of a CSMS at a simulated station, in either version of OCPP. */
import { createRPCError } from 'ocpp-rpc';
import type { ChargingProfileStore, SchedulePeriod } from './charging-profile-store.ts';
import type { LocalAuthorizationList } from './local-authorization-list.ts';
import type { SimulatedEvse } from './simulated-evse.ts';
import type { StationClock } from './station-clock.ts';
import type { StationConfiguration } from './station-configuration.ts';
import type { StationDeviations } from './station-deviations.ts';
import type { StationOperations } from './station-operations.ts';

/** Everything that answers are built from. */
export interface IncomingCallContext {
  deviations: StationDeviations;
  stationClock: StationClock;
  evses: readonly SimulatedEvse[];
  profiles: ChargingProfileStore;
  localList: LocalAuthorizationList;
  configuration: StationConfiguration;
  operations: StationOperations;
}

/** Answers a request by its action. @returns the payload of the CALLRESULT @throws an error that becomes a CALLERROR */
export type AnswerCall = (action: string, params: unknown) => object;

/** Answers by action: the payload of a request in, the payload of the CALLRESULT out. */
export type CallHandlers = Record<string, (params: unknown) => object>;

/** @returns a function that answers NotImplemented for an action without a handler */
export const createAnswerCall =
  (handlers: CallHandlers): AnswerCall =>
  (action, params) => {
    const handler = handlers[action];
    if (!handler) throw createRPCError('NotImplemented', `${action} is not known here`);
    return handler(params);
  };

/** @returns an answer of the two words that most enumerations of OCPP share */
export const acceptedOrRejected = (isAccepted: boolean): { status: 'Accepted' | 'Rejected' } => ({
  status: isAccepted ? 'Accepted' : 'Rejected',
});

/** @param right the true periods @returns the periods of a GetCompositeSchedule response, as the station deviates */
export const deviatingSchedule = (
  right: SchedulePeriod[],
  deviation: Exclude<StationDeviations['compositeSchedule'], 'none'>,
): SchedulePeriod[] => ({ right, empty: [], minus_one: [{ startS: 0, limit: -1 }] })[deviation];
