/** A station that speaks OCPP 2.0.1: what it says. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createAnswers201 } from './answers-201.ts';
import type { BeginCause, Call, Desk, Dialect, EndCause, Facts } from './dialect.ts';
import type { Outlet, OutletStatus, Token, Transaction } from './outlet.ts';
import { type Reading, signedText } from './readings.ts';
import { createSettings201 } from './settings-201.ts';

/** ConnectorStatusEnumType */
const connectorStatus = (status: OutletStatus): string =>
  ({ available: 'Available', unavailable: 'Unavailable', faulted: 'Faulted' })[status as string] ?? 'Occupied';

/** ChargingStateEnumType */
const chargingState = (status: OutletStatus): string =>
  ({ charging: 'Charging', suspended_ev: 'SuspendedEV', suspended_evse: 'SuspendedEVSE' })[status as string] ??
  'EVConnected';

/** TriggerReasonEnumType */
const beginnings: Record<BeginCause, string> = {
  authorized: 'Authorized',
  plugged: 'CablePluggedIn',
  remote: 'RemoteStart',
};

/** TriggerReasonEnumType, ReasonEnumType */
const endings: Record<EndCause, [trigger: string, reason: string]> = {
  local: ['StopAuthorized', 'Local'],
  remote: ['RemoteStop', 'Remote'],
  ev_disconnected: ['EVCommunicationLost', 'EVDisconnected'],
  soft_reset: ['ResetCommand', 'Reboot'],
  hard_reset: ['ResetCommand', 'ImmediateReset'],
  power_loss: ['AbnormalCondition', 'PowerLoss'],
  deauthorized: ['Deauthorized', 'DeAuthorized'],
  unlocked: ['UnlockCommand', 'Other'],
  other: ['ChargingStateChanged', 'Other'],
};

/** SignedMeterValueType; nobody can check this one. */
const sign = (value: number): object => ({
  signedMeterData: signedText(value),
  signingMethod: 'ECDSA-secp256r1-SHA256',
  encodingMethod: 'OCMF',
  publicKey: '',
});

const tokenAnswer = z.object({ idTokenInfo: z.object({ status: z.string() }).optional() });

export const createDialect201 = (desk: Desk): Dialect => {
  const { quirks, time, nameplate, outlets } = desk;
  const settings = createSettings201(
    outlets.map(({ wiring }) => wiring),
    quirks,
  );

  const sampledValue = ({ unit, ...rest }: Reading, context: string): object => ({
    ...rest,
    context,
    ...(unit && { unitOfMeasure: { unit } }),
    ...(quirks.signsValues && context === 'Transaction.End' && { signedMeterValue: sign(rest.value) }),
  });
  const meterValue = ({ at, readings }: Facts, wanted: string[], context: string): object[] => {
    const told = readings.filter(({ measurand }) => wanted.includes(measurand));
    if (told.length === 0) return [];
    return [{ timestamp: time.stamp(at), sampledValue: told.map((reading) => sampledValue(reading, context)) }];
  };
  const idToken = ({ id, type }: Token): object => ({ idToken: id, type });

  const event = (
    eventType: 'Started' | 'Updated' | 'Ended',
    { id, remoteStartId }: Transaction,
    facts: Facts,
    isLate: boolean,
    more: { triggerReason: string; info?: object; meterValue?: object[]; rest?: object },
  ): Call => ({
    action: 'TransactionEvent',
    payload: {
      eventType,
      timestamp: time.stamp(facts.at),
      triggerReason: more.triggerReason,
      seqNo: quirks.countsNoEvents ? 0 : facts.seqNo,
      ...(isLate && { offline: true }),
      transactionInfo: {
        transactionId: id,
        ...(remoteStartId !== undefined && { remoteStartId }),
        ...more.info,
      },
      ...(more.meterValue?.length && { meterValue: more.meterValue }),
      ...more.rest,
    },
  });

  const statusCall = (outlet: Outlet): Call => {
    const status = connectorStatus(outlet.status());
    const timestamp = time.stamp(time.now());
    if (quirks.notifiesStatus) {
      const component = { name: 'Connector', evse: { id: outlet.id, connectorId: 1 } };
      const event = {
        eventId: outlet.id,
        timestamp,
        trigger: 'Delta',
        actualValue: status,
        component,
        variable: { name: 'AvailabilityState' },
        eventNotificationType: 'HardWiredNotification',
      };
      return { action: 'NotifyEvent', payload: { generatedAt: timestamp, seqNo: 0, eventData: [event] } };
    }
    const payload = quirks.speaks16
      ? { connectorId: outlet.id, errorCode: 'NoError', status }
      : { timestamp, connectorStatus: status, evseId: outlet.id, connectorId: 1 };
    return { action: 'StatusNotification', payload };
  };

  return {
    protocol: 'ocpp2.0.1',
    settings,
    rules: {
      connectionTimeoutS: () => settings.number('TxCtrlr.EVConnectionTimeOut'),
      authorizesRemoteStart: () => settings.isOn('AuthCtrlr.AuthorizeRemoteStart'),
      isListOn: () => settings.isOn('LocalAuthListCtrlr.Enabled'),
      trustsListOnline: () => settings.isOn('AuthCtrlr.LocalPreAuthorize'),
      trustsListOffline: () => settings.isOn('AuthCtrlr.LocalAuthorizeOffline'),
      trustsAllOffline: () => settings.isOn('AuthCtrlr.OfflineTxForUnknownIdEnabled'),
      attempts: () => settings.number('OCPPCommCtrlr.MessageAttempts'),
      retryS: () => settings.number('OCPPCommCtrlr.MessageAttemptInterval'),
    },
    boot: (reason) => ({
      action: 'BootNotification',
      payload: {
        reason,
        chargingStation: {
          vendorName: nameplate.vendor,
          model: nameplate.model,
          serialNumber: nameplate.serial,
          firmwareVersion: nameplate.firmware,
        },
      },
    }),
    heartbeat: () => ({ action: 'Heartbeat', payload: {} }),
    heartbeatS: () => settings.number('OCPPCommCtrlr.HeartbeatInterval'),
    sampleIntervalS: () => settings.number('SampledDataCtrlr.TxUpdatedInterval'),
    measurands: () => [
      ...settings.items('SampledDataCtrlr.TxUpdatedMeasurands'),
      ...settings.items('SampledDataCtrlr.TxStartedMeasurands'),
      ...settings.items('SampledDataCtrlr.TxEndedMeasurands'),
    ],
    status: (outlet) => outlet && statusCall(outlet),
    authorize: (token) => ({ action: 'Authorize', payload: { idToken: idToken(token) } }),
    isAccepted(answer) {
      const read = tokenAnswer.safeParse(answer);
      return read.success && (read.data.idTokenInfo?.status ?? 'Accepted') === 'Accepted';
    },
    newTransactionId: () => randomUUID(),
    givenTransactionId: () => undefined,
    began: (outlet, transaction, facts, cause, isLate) =>
      event('Started', transaction, facts, isLate, {
        triggerReason: beginnings[cause],
        info: { chargingState: chargingState(facts.status) },
        meterValue: meterValue(facts, settings.items('SampledDataCtrlr.TxStartedMeasurands'), 'Transaction.Begin'),
        // E01: evse and token are told once.
        rest: {
          evse: { id: outlet.id, connectorId: 1 },
          idToken: idToken(transaction.token),
          numberOfPhasesUsed: facts.phases,
          cableMaxCurrent: outlet.wiring.maxA,
        },
      }),
    changed: (transaction, facts, isLate) =>
      event('Updated', transaction, facts, isLate, {
        triggerReason: 'ChargingStateChanged',
        info: { chargingState: chargingState(facts.status) },
        rest: { numberOfPhasesUsed: facts.phases },
      }),
    sampled: (_outlet, transaction, facts, isLate) =>
      event('Updated', transaction, facts, isLate, {
        triggerReason: 'MeterValuePeriodic',
        meterValue: meterValue(facts, settings.items('SampledDataCtrlr.TxUpdatedMeasurands'), 'Sample.Periodic'),
      }),
    ended: (_outlet, transaction, facts, cause, isLate) =>
      event('Ended', transaction, facts, isLate, {
        triggerReason: endings[cause][0],
        info: { stoppedReason: endings[cause][1], chargingState: 'Idle' },
        meterValue: meterValue(facts, settings.items('SampledDataCtrlr.TxEndedMeasurands'), 'Transaction.End'),
      }),
    measured: (outlet, _transaction, facts) => ({
      action: 'MeterValues',
      payload: {
        evseId: quirks.measuresOnZero ? 0 : outlet.id,
        meterValue: meterValue(facts, settings.items('SampledDataCtrlr.TxUpdatedMeasurands'), 'Trigger'),
      },
    }),
    answer: createAnswers201(desk, settings),
  };
};
