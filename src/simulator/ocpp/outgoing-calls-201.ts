/** The requests of a simulated station of OCPP 2.0.1. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createDeviceVariables201 } from './device-variables-201.ts';
import { type MeterSample, signedText } from './meter-sampling.ts';
import type {
  BehaviourSettings,
  BootReason,
  Call,
  CallContext,
  EvseSnapshot,
  OutgoingCalls,
  TransactionEndCause,
  TransactionSnapshot,
  TransactionStartCause,
} from './outgoing-calls.ts';
import type { ChargePointStatus, IdToken, SimulatedEvse, SimulatedTransaction } from './simulated-evse.ts';
import type { StationConfiguration } from './station-configuration.ts';
import { chargingState, endReasons, startTriggers, transactionEvent } from './transaction-event-201.ts';

/** ConnectorStatusEnumType. */
const connectorStatuses: Partial<Record<ChargePointStatus, string>> = {
  available: 'Available',
  reserved: 'Reserved',
  unavailable: 'Unavailable',
  faulted: 'Faulted',
};

/** SignedMeterValueType that nobody can verify. */
const signedMeterValue = (value: number): object => ({
  signedMeterData: signedText(value),
  signingMethod: 'ECDSA-secp256r1-SHA256',
  encodingMethod: 'OCMF',
  publicKey: '',
});

const tokenAnswer = z.object({ idTokenInfo: z.object({ status: z.string() }).optional() });

const idToken = ({ id, type }: IdToken): object => ({ idToken: id, type });

const createBehaviour = (variables: StationConfiguration): BehaviourSettings => ({
  connectionTimeoutS: () => variables.number('TxCtrlr.EVConnectionTimeOut'),
  authorizesRemoteStart: () => variables.isOn('AuthCtrlr.AuthorizeRemoteStart'),
  isLocalListEnabled: () => variables.isOn('LocalAuthListCtrlr.Enabled'),
  preAuthorizesLocally: () => variables.isOn('AuthCtrlr.LocalPreAuthorize'),
  authorizesOffline: () => variables.isOn('AuthCtrlr.LocalAuthorizeOffline'),
  allowsUnknownOffline: () => variables.isOn('AuthCtrlr.OfflineTxForUnknownIdEnabled'),
  messageAttempts: () => variables.number('OCPPCommCtrlr.MessageAttempts'),
  messageRetryS: () => variables.number('OCPPCommCtrlr.MessageAttemptInterval'),
});

/** The requests of one station of OCPP 2.0.1. */
export class OutgoingCalls201 implements OutgoingCalls {
  readonly protocol = 'ocpp2.0.1';
  readonly configuration: StationConfiguration;
  readonly behaviour: BehaviourSettings;
  readonly chargingStateChanged = (changed: TransactionSnapshot): Call => {
    const { status, phases } = changed.snapshot;
    return transactionEvent(this.#context, changed, {
      eventType: 'Updated',
      triggerReason: 'ChargingStateChanged',
      transactionInfo: { chargingState: chargingState(status) },
      fields: { numberOfPhasesUsed: phases },
    });
  };
  readonly #context: CallContext;

  constructor(context: CallContext) {
    this.#context = context;
    this.configuration = createDeviceVariables201(
      context.evses.map(({ wiring }) => wiring),
      context.deviations,
    );
    this.behaviour = createBehaviour(this.configuration);
  }

  heartbeatS(): number {
    return this.configuration.number('OCPPCommCtrlr.HeartbeatInterval');
  }

  sampleIntervalS(): number {
    return this.configuration.number('SampledDataCtrlr.TxUpdatedInterval');
  }

  measurands(): string[] {
    return (['Updated', 'Started', 'Ended'] as const).flatMap((event) => this.#measurandsOf(event));
  }

  bootNotification(reason: BootReason): Call {
    const { vendor, model, serial, firmware } = this.#context.nameplate;
    return {
      action: 'BootNotification',
      payload: {
        reason,
        chargingStation: { vendorName: vendor, model, serialNumber: serial, firmwareVersion: firmware },
      },
    };
  }

  heartbeat(): Call {
    return { action: 'Heartbeat', payload: {} };
  }

  authorize(token: IdToken): Call {
    return { action: 'Authorize', payload: { idToken: idToken(token) } };
  }

  statusNotification(evse: SimulatedEvse | undefined): Call | undefined {
    if (!evse) return undefined;
    const { clock, deviations } = this.#context;
    const status = connectorStatuses[evse.status()] ?? 'Occupied';
    const timestamp = clock.timestamp(clock.now());
    if (deviations.notifiesStatus) return this.#notifyAvailabilityState(evse, status, timestamp);
    const payload = deviations.speaks16
      ? { connectorId: evse.id, errorCode: 'NoError', status }
      : { timestamp, connectorStatus: status, evseId: evse.id, connectorId: 1 };
    return { action: 'StatusNotification', payload };
  }

  transactionStarted(started: TransactionSnapshot, cause: TransactionStartCause): Call {
    const { evse, transaction, snapshot } = started;
    return transactionEvent(this.#context, started, {
      eventType: 'Started',
      triggerReason: startTriggers[cause],
      transactionInfo: { chargingState: chargingState(snapshot.status) },
      meterValue: this.#meterValue(snapshot, this.#measurandsOf('Started'), 'Transaction.Begin'),
      // E01: evse and idToken are told once.
      fields: {
        evse: { id: evse.id, connectorId: 1 },
        idToken: idToken(transaction.token),
        numberOfPhasesUsed: snapshot.phases,
        cableMaxCurrent: evse.wiring.maxA,
      },
    });
  }

  periodicSample(sampled: TransactionSnapshot): Call {
    return transactionEvent(this.#context, sampled, {
      eventType: 'Updated',
      triggerReason: 'MeterValuePeriodic',
      meterValue: this.#meterValue(sampled.snapshot, this.#measurandsOf('Updated'), 'Sample.Periodic'),
    });
  }

  transactionEnded(ended: TransactionSnapshot, cause: TransactionEndCause): Call {
    const { trigger, reason } = endReasons[cause];
    return transactionEvent(this.#context, ended, {
      eventType: 'Ended',
      triggerReason: trigger,
      transactionInfo: { stoppedReason: reason, chargingState: 'Idle' },
      meterValue: this.#meterValue(ended.snapshot, this.#measurandsOf('Ended'), 'Transaction.End'),
    });
  }

  meterValues(evse: SimulatedEvse, _transaction: SimulatedTransaction | undefined, snapshot: EvseSnapshot): Call {
    return {
      action: 'MeterValues',
      payload: {
        evseId: this.#context.deviations.measuresOnZero ? 0 : evse.id,
        meterValue: this.#meterValue(snapshot, this.#measurandsOf('Updated'), 'Trigger'),
      },
    };
  }

  isAccepted(answer: unknown): boolean {
    const read = tokenAnswer.safeParse(answer);
    return read.success && (read.data.idTokenInfo?.status ?? 'Accepted') === 'Accepted';
  }

  createTransactionId(): string {
    return randomUUID();
  }

  transactionIdOf(): undefined {
    return undefined;
  }

  #measurandsOf(event: 'Started' | 'Updated' | 'Ended'): string[] {
    return this.configuration.items(`SampledDataCtrlr.Tx${event}Measurands`);
  }

  #notifyAvailabilityState(evse: SimulatedEvse, actualValue: string, timestamp: string): Call {
    const event = {
      eventId: evse.id,
      timestamp,
      trigger: 'Delta',
      actualValue,
      component: { name: 'Connector', evse: { id: evse.id, connectorId: 1 } },
      variable: { name: 'AvailabilityState' },
      eventNotificationType: 'HardWiredNotification',
    };
    return { action: 'NotifyEvent', payload: { generatedAt: timestamp, seqNo: 0, eventData: [event] } };
  }

  /** @param context ReadingContextEnumType @returns no MeterValueType when none of the measurands was sampled */
  #meterValue({ at, samples }: EvseSnapshot, wanted: string[], context: string): object[] {
    const told = samples.filter(({ measurand }) => wanted.includes(measurand));
    if (told.length === 0) return [];
    const sampledValue = told.map((sample) => this.#sampledValue(sample, context));
    return [{ timestamp: this.#context.clock.timestamp(at), sampledValue }];
  }

  #sampledValue({ unit, ...sample }: MeterSample, context: string): object {
    const isSigned = this.#context.deviations.signsValues && context === 'Transaction.End';
    return {
      ...sample,
      context,
      ...(unit && { unitOfMeasure: { unit } }),
      ...(isSigned && { signedMeterValue: signedMeterValue(sample.value) }),
    };
  }
}
