/** Handlers of the messages of a station, and the way of a message to them. */
import type { Answer, MessageKind, MessageOf, StationMessage } from './messages.ts';

/** The answer of a handler, at once or later; undefined: it has none. */
type HandlerAnswer = Answer | Promise<Answer> | undefined;

/** Handlers of the messages of a station, by the names that OCPP gives the messages. */
export interface MessageHandlers {
  onBootNotification?(message: MessageOf<'boot'>): HandlerAnswer;
  onHeartbeat?(message: MessageOf<'heartbeat'>): HandlerAnswer;
  onStatusNotification?(message: MessageOf<'status'>): HandlerAnswer;
  onAuthorize?(message: MessageOf<'authorize'>): HandlerAnswer;
  /** OCPP 2.x: the TransactionEvent with which a transaction starts. */
  onStartTransaction?(message: MessageOf<'transaction_started'>): HandlerAnswer;
  onTransactionEvent?(message: MessageOf<'transaction_updated'>): HandlerAnswer;
  /** OCPP 2.x: the TransactionEvent with which a transaction ends. */
  onStopTransaction?(message: MessageOf<'transaction_ended'>): HandlerAnswer;
  onMeterValues?(message: MessageOf<'meter_values'>): HandlerAnswer;
  onNotifyReport?(message: MessageOf<'report'>): HandlerAnswer;
  onNotifyEvent?(message: MessageOf<'variables'>): HandlerAnswer;
  onReportChargingProfiles?(message: MessageOf<'profiles'>): HandlerAnswer;
  onDataTransfer?(message: MessageOf<'data_transfer'>): HandlerAnswer;
  onSecurityEventNotification?(message: MessageOf<'security_event'>): HandlerAnswer;
  onLogStatusNotification?(message: MessageOf<'log_status'>): HandlerAnswer;
  onFirmwareStatusNotification?(message: MessageOf<'firmware_status'>): HandlerAnswer;
  onReservationStatusUpdate?(message: MessageOf<'reservation_status'>): HandlerAnswer;
  /** NotifyChargingLimit and ClearedChargingLimit. */
  onNotifyChargingLimit?(message: MessageOf<'charging_limit'>): HandlerAnswer;
  onNotifyPriorityCharging?(message: MessageOf<'priority_charging'>): HandlerAnswer;
  onNotifyEVChargingNeeds?(message: MessageOf<'charging_needs'>): HandlerAnswer;
  onPullDynamicScheduleUpdate?(message: MessageOf<'schedule_pull'>): HandlerAnswer;
}

type Dispatch = { [K in MessageKind]: (to: MessageHandlers, message: MessageOf<K>) => HandlerAnswer };

/** Calls the handler of each kind of message, where there is one. */
const dispatch: Dispatch = {
  boot: (to, message) => to.onBootNotification?.(message),
  heartbeat: (to, message) => to.onHeartbeat?.(message),
  status: (to, message) => to.onStatusNotification?.(message),
  authorize: (to, message) => to.onAuthorize?.(message),
  transaction_started: (to, message) => to.onStartTransaction?.(message),
  transaction_updated: (to, message) => to.onTransactionEvent?.(message),
  transaction_ended: (to, message) => to.onStopTransaction?.(message),
  meter_values: (to, message) => to.onMeterValues?.(message),
  report: (to, message) => to.onNotifyReport?.(message),
  variables: (to, message) => to.onNotifyEvent?.(message),
  profiles: (to, message) => to.onReportChargingProfiles?.(message),
  data_transfer: (to, message) => to.onDataTransfer?.(message),
  security_event: (to, message) => to.onSecurityEventNotification?.(message),
  log_status: (to, message) => to.onLogStatusNotification?.(message),
  firmware_status: (to, message) => to.onFirmwareStatusNotification?.(message),
  reservation_status: (to, message) => to.onReservationStatusUpdate?.(message),
  charging_limit: (to, message) => to.onNotifyChargingLimit?.(message),
  priority_charging: (to, message) => to.onNotifyPriorityCharging?.(message),
  charging_needs: (to, message) => to.onNotifyEVChargingNeeds?.(message),
  schedule_pull: (to, message) => to.onPullDynamicScheduleUpdate?.(message),
  notice: () => undefined,
};

const handleAs = <K extends MessageKind>(
  handlers: readonly MessageHandlers[],
  kind: K,
  message: MessageOf<K>,
): HandlerAnswer => {
  const callHandler = dispatch[kind];
  let answer: HandlerAnswer;
  for (const each of handlers) {
    const own = callHandler(each, message);
    answer ??= own;
  }
  return answer;
};

/**
 * Everybody who has a handler for a message hears it, in their order; the first that has an answer answers it.
 * @throws whatever a handler throws
 */
export const handleMessage = (
  handlers: readonly MessageHandlers[],
  message: StationMessage,
): Answer | Promise<Answer> => handleAs(handlers, message.kind, message) ?? {};
