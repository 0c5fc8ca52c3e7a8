/** TransactionEvent of a simulated station: OCPP 2.0.1 part 2 E. */
import type {
  Call,
  CallContext,
  TransactionEndCause,
  TransactionSnapshot,
  TransactionStartCause,
} from './outgoing-calls.ts';
import type { ChargePointStatus } from './simulated-evse.ts';

/** ChargingStateEnumType. */
const chargingStates: Partial<Record<ChargePointStatus, string>> = {
  charging: 'Charging',
  suspended_ev: 'SuspendedEV',
  suspended_evse: 'SuspendedEVSE',
};

/** @returns chargingState of a running transaction */
export const chargingState = (status: ChargePointStatus): string => chargingStates[status] ?? 'EVConnected';

/** TriggerReasonEnumType of eventType Started. */
export const startTriggers: Record<TransactionStartCause, string> = {
  authorized: 'Authorized',
  plugged: 'CablePluggedIn',
  remote: 'RemoteStart',
};

/** TriggerReasonEnumType and ReasonEnumType of eventType Ended. */
export const endReasons: Record<TransactionEndCause, { trigger: string; reason: string }> = {
  local: { trigger: 'StopAuthorized', reason: 'Local' },
  remote: { trigger: 'RemoteStop', reason: 'Remote' },
  ev_disconnected: { trigger: 'EVCommunicationLost', reason: 'EVDisconnected' },
  soft_reset: { trigger: 'ResetCommand', reason: 'Reboot' },
  hard_reset: { trigger: 'ResetCommand', reason: 'ImmediateReset' },
  power_loss: { trigger: 'AbnormalCondition', reason: 'PowerLoss' },
  deauthorized: { trigger: 'Deauthorized', reason: 'DeAuthorized' },
  unlocked: { trigger: 'UnlockCommand', reason: 'Other' },
  other: { trigger: 'ChargingStateChanged', reason: 'Other' },
};

/** The parts in which one TransactionEvent differs from another. */
interface TransactionEventParts {
  eventType: 'Started' | 'Updated' | 'Ended';
  triggerReason: string;
  /** Further fields of transactionInfo. */
  transactionInfo?: object;
  meterValue?: object[];
  /** Further fields of the request. */
  fields?: object;
}

/** @returns a TransactionEvent request */
export const transactionEvent = (
  { clock, deviations }: CallContext,
  { transaction, snapshot }: TransactionSnapshot,
  { eventType, triggerReason, transactionInfo, meterValue, fields }: TransactionEventParts,
): Call => ({
  action: 'TransactionEvent',
  payload: {
    eventType,
    timestamp: clock.timestamp(snapshot.at),
    triggerReason,
    seqNo: deviations.countsNoEvents ? 0 : snapshot.seqNo,
    ...(snapshot.isOffline && { offline: true }),
    transactionInfo: {
      transactionId: transaction.id,
      ...(transaction.remoteStartId !== undefined && { remoteStartId: transaction.remoteStartId }),
      ...transactionInfo,
    },
    ...(meterValue?.length && { meterValue }),
    ...fields,
  },
});
