/** A station that speaks OCPP 1.6J: what it says. */
import { z } from 'zod';
import { createAnswers16 } from './answers-16.ts';
import type { Desk, Dialect, EndCause, Facts } from './dialect.ts';
import type { Outlet, OutletStatus, Token, Transaction } from './outlet.ts';
import type { Quirks } from './quirks.ts';
import { type Reading, signedText } from './readings.ts';
import { createSettings16 } from './settings-16.ts';

/** OCPP 1.6 §7.7 */
const statusNames: Record<OutletStatus, string> = {
  available: 'Available',
  preparing: 'Preparing',
  charging: 'Charging',
  suspended_ev: 'SuspendedEV',
  suspended_evse: 'SuspendedEVSE',
  finishing: 'Finishing',
  unavailable: 'Unavailable',
  faulted: 'Faulted',
};

/** OCPP 1.6 §7.36 */
const reasons: Record<EndCause, string> = {
  local: 'Local',
  remote: 'Remote',
  ev_disconnected: 'EVDisconnected',
  soft_reset: 'SoftReset',
  hard_reset: 'HardReset',
  power_loss: 'PowerLoss',
  deauthorized: 'DeAuthorized',
  unlocked: 'UnlockCommand',
  other: 'Other',
};

const tagAnswer = z.object({ idTagInfo: z.object({ status: z.string() }) });
const startAnswer = z.object({ transactionId: z.number() });

const write: Record<Quirks['numbers'], (value: number) => string | number> = {
  text: String,
  number: (value) => value,
  comma: (value) => String(value).replace('.', ','),
  blanks: (value) => ` ${value} `,
};

export const createDialect16 = (desk: Desk): Dialect => {
  const { quirks, time, nameplate, outlets } = desk;
  const settings = createSettings16(
    outlets.map(({ wiring }) => wiring),
    quirks,
  );

  const sampledValue = ({ value, ...rest }: Reading, context: string): object => ({
    value: write[quirks.numbers](value),
    context,
    ...rest,
  });
  /** Beside its plain value, as text that only the maker of the meter can check. */
  const signed = ({ value, unit, ...rest }: Reading): object => ({
    ...rest,
    value: signedText(value),
    format: 'SignedData',
    context: 'Transaction.End',
  });
  const group = ({ at }: Facts, readings: Reading[], context: string): object => ({
    timestamp: time.stamp(at),
    sampledValue: readings.map((reading) => sampledValue(reading, context)),
  });
  const meterValues = (
    outlet: Outlet,
    transaction: Transaction | undefined,
    facts: Facts,
    context = 'Sample.Periodic',
  ) => ({
    action: 'MeterValues',
    payload: {
      connectorId: quirks.measuresOnZero ? 0 : outlet.id,
      ...(transaction?.id && { transactionId: Number(transaction.id) }),
      meterValue: quirks.measuresOnZero
        ? facts.readings.map((reading) => group(facts, [reading], context))
        : [group(facts, facts.readings, context)],
    },
  });

  const lastValues = (facts: Facts): object[] => {
    const wanted = settings.items('StopTxnSampledData');
    const readings = facts.readings.filter(({ measurand }) => wanted.includes(measurand));
    const plain = group(facts, readings, 'Transaction.End');
    if (!quirks.signsValues) return [plain];
    return [plain, { timestamp: time.stamp(facts.at), sampledValue: readings.map(signed) }];
  };

  const statusOf = (outlet: Outlet | undefined): string => {
    if (outlet) return statusNames[outlet.status()];
    return outlets.some(({ isOperative }) => isOperative) ? 'Available' : 'Unavailable';
  };

  return {
    protocol: 'ocpp1.6',
    settings,
    rules: {
      connectionTimeoutS: () => settings.number('ConnectionTimeOut'),
      authorizesRemoteStart: () => settings.isOn('AuthorizeRemoteTxRequests'),
      isListOn: () => settings.isOn('LocalAuthListEnabled'),
      trustsListOnline: () => settings.isOn('LocalPreAuthorize'),
      trustsListOffline: () => settings.isOn('LocalAuthorizeOffline'),
      trustsAllOffline: () => settings.isOn('AllowOfflineTxForUnknownId'),
      attempts: () => settings.number('TransactionMessageAttempts'),
      retryS: () => settings.number('TransactionMessageRetryInterval'),
    },
    boot: () => ({
      action: 'BootNotification',
      payload: {
        chargePointVendor: nameplate.vendor,
        chargePointModel: nameplate.model,
        chargePointSerialNumber: nameplate.serial,
        firmwareVersion: nameplate.firmware,
        meterType: 'built in',
      },
    }),
    heartbeat: () => ({ action: 'Heartbeat', payload: {} }),
    heartbeatS: () => settings.number('HeartbeatInterval'),
    sampleIntervalS: () => settings.number('MeterValueSampleInterval'),
    measurands: () => settings.items('MeterValuesSampledData'),
    status: (outlet) => ({
      action: 'StatusNotification',
      payload: {
        connectorId: outlet?.id ?? 0,
        errorCode: outlet?.isFaulted ? 'GroundFailure' : 'NoError',
        status: statusOf(outlet),
        timestamp: time.stamp(time.now()),
      },
    }),
    authorize: ({ id }: Token) => ({ action: 'Authorize', payload: { idTag: id } }),
    isAccepted: (answer) => tagAnswer.safeParse(answer).data?.idTagInfo.status === 'Accepted',
    newTransactionId: () => undefined,
    givenTransactionId(answer) {
      const read = startAnswer.safeParse(answer);
      return read.success ? String(read.data.transactionId) : undefined;
    },
    began: (outlet, { token }, facts) => ({
      action: 'StartTransaction',
      payload: {
        connectorId: outlet.id,
        idTag: token.id,
        meterStart: Math.round(facts.registerWh),
        timestamp: time.stamp(facts.at),
      },
    }),
    sampled: (outlet, transaction, facts) => meterValues(outlet, transaction, facts),
    ended: (_outlet, { id, token }, facts, cause) => ({
      action: 'StopTransaction',
      payload: {
        transactionId: Number(id ?? -1),
        idTag: token.id,
        meterStop: Math.round(facts.registerWh),
        timestamp: time.stamp(facts.at),
        reason: reasons[cause],
        transactionData: lastValues(facts),
      },
    }),
    measured: (outlet, transaction, facts) => meterValues(outlet, transaction, facts, 'Trigger'),
    answer: createAnswers16(desk, settings),
  };
};
