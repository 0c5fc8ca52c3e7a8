/** Answers to calls of a station, as far as all versions answer alike. */
import { isoTime } from '../../../model/time.ts';
import type { Answer, MessageOf } from '../messages.ts';

/** OCPP 1.6 AuthorizationStatus, which OCPP 2.x AuthorizationStatusEnumType contains. */
type Authorization = NonNullable<Answer['authorization']>;
const authorizations: Record<Authorization, string> = {
  accepted: 'Accepted',
  blocked: 'Blocked',
  expired: 'Expired',
  invalid: 'Invalid',
  concurrent_tx: 'ConcurrentTx',
};

/** Reads the word of another central system about an id token; all further words mean no. */
export const authorizationOf = (status: string): Authorization => {
  const found = Object.entries(authorizations).find(([, word]) => word === status);
  return found ? (found[0] as Authorization) : 'invalid';
};

const registrations: Record<NonNullable<Answer['registration']>, string> = {
  accepted: 'Accepted',
  pending: 'Pending',
  rejected: 'Rejected',
};

/** Between two heartbeats, and from one attempt to boot to the next. */
const defaultIntervalS = { accepted: 300, pending: 60, rejected: 60 };

/** IdTagInfo of 1.6 and IdTokenInfo of 2.x. */
export const idInfo = ({ authorization = 'accepted' }: Answer): { status: string } => ({
  status: authorizations[authorization],
});

const bootReply = ({ registration = 'accepted', intervalS }: Answer, now: number): object => ({
  currentTime: isoTime(now),
  // 0 would leave it to the station.
  interval: Math.max(1, Math.round(intervalS ?? defaultIntervalS[registration])),
  status: registrations[registration],
});

/** Messages that all versions answer alike. */
type CommonMessage = MessageOf<'boot' | 'heartbeat' | 'data_transfer'>;

/** @returns the payload of the CALLRESULT. @param now wall clock, ms since 1970 */
export const commonReply = (message: CommonMessage, decision: Answer, now: number): object => {
  switch (message.kind) {
    case 'boot':
      return bootReply(decision, now);
    case 'heartbeat':
      return { currentTime: isoTime(now) };
    case 'data_transfer':
      return { status: decision.isVendorKnown ? 'Accepted' : 'UnknownVendorId' };
  }
};
