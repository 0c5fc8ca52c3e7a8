/** The requests of a simulated station of OCPP 1.6J. */
import { z } from 'zod';
import { createConfigurationKeys16 } from './configuration-keys-16.ts';
import { type MeterSample, signedText } from './meter-sampling.ts';
import type {
  BehaviourSettings,
  Call,
  CallContext,
  EvseSnapshot,
  OutgoingCalls,
  TransactionEndCause,
  TransactionSnapshot,
} from './outgoing-calls.ts';
import type { ChargePointStatus, IdToken, SimulatedEvse, SimulatedTransaction } from './simulated-evse.ts';
import type { StationConfiguration } from './station-configuration.ts';
import type { StationDeviations } from './station-deviations.ts';

/** ChargePointStatus, OCPP 1.6 §7.7. */
const statusNames: Record<ChargePointStatus, string> = {
  available: 'Available',
  preparing: 'Preparing',
  charging: 'Charging',
  suspended_ev: 'SuspendedEV',
  suspended_evse: 'SuspendedEVSE',
  finishing: 'Finishing',
  reserved: 'Reserved',
  unavailable: 'Unavailable',
  faulted: 'Faulted',
};

/** Reason, OCPP 1.6 §7.36. */
const reasons: Record<TransactionEndCause, string> = {
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

const tokenAnswer = z.object({ idTagInfo: z.object({ status: z.string() }) });
const startAnswer = z.object({ transactionId: z.number() });

const numberForms: Record<StationDeviations['numbers'], (value: number) => string | number> = {
  text: String,
  number: (value) => value,
  comma: (value) => String(value).replace('.', ','),
  blanks: (value) => ` ${value} `,
};

/** A signed value beside the plain one, as text that only the maker of the meter can verify. */
const signedValue = ({ value, unit: _, ...sample }: MeterSample): object => ({
  ...sample,
  value: signedText(value),
  format: 'SignedData',
  context: 'Transaction.End',
});

const createBehaviour = (keys: StationConfiguration): BehaviourSettings => ({
  connectionTimeoutS: () => keys.number('ConnectionTimeOut'),
  authorizesRemoteStart: () => keys.isOn('AuthorizeRemoteTxRequests'),
  isLocalListEnabled: () => keys.isOn('LocalAuthListEnabled'),
  preAuthorizesLocally: () => keys.isOn('LocalPreAuthorize'),
  authorizesOffline: () => keys.isOn('LocalAuthorizeOffline'),
  allowsUnknownOffline: () => keys.isOn('AllowOfflineTxForUnknownId'),
  messageAttempts: () => keys.number('TransactionMessageAttempts'),
  messageRetryS: () => keys.number('TransactionMessageRetryInterval'),
});

/** The requests of one station of OCPP 1.6J. */
export class OutgoingCalls16 implements OutgoingCalls {
  readonly protocol = 'ocpp1.6';
  readonly configuration: StationConfiguration;
  readonly behaviour: BehaviourSettings;
  readonly #context: CallContext;

  constructor(context: CallContext) {
    this.#context = context;
    this.configuration = createConfigurationKeys16(
      context.evses.map(({ wiring }) => wiring),
      context.deviations,
    );
    this.behaviour = createBehaviour(this.configuration);
  }

  heartbeatS(): number {
    return this.configuration.number('HeartbeatInterval');
  }

  sampleIntervalS(): number {
    return this.configuration.number('MeterValueSampleInterval');
  }

  measurands(): string[] {
    return this.configuration.items('MeterValuesSampledData');
  }

  bootNotification(): Call {
    const { vendor, model, serial, firmware } = this.#context.nameplate;
    return {
      action: 'BootNotification',
      payload: {
        chargePointVendor: vendor,
        chargePointModel: model,
        chargePointSerialNumber: serial,
        firmwareVersion: firmware,
        meterType: 'built in',
      },
    };
  }

  heartbeat(): Call {
    return { action: 'Heartbeat', payload: {} };
  }

  authorize({ id }: IdToken): Call {
    return { action: 'Authorize', payload: { idTag: id } };
  }

  statusNotification(evse: SimulatedEvse | undefined): Call {
    const { clock, evses } = this.#context;
    const stationStatus = evses.some(({ isOperative }) => isOperative) ? 'Available' : 'Unavailable';
    return {
      action: 'StatusNotification',
      payload: {
        connectorId: evse?.id ?? 0,
        errorCode: evse?.isFaulted ? 'GroundFailure' : 'NoError',
        status: evse ? statusNames[evse.status()] : stationStatus,
        timestamp: clock.timestamp(clock.now()),
      },
    };
  }

  transactionStarted({ evse, transaction, snapshot }: TransactionSnapshot): Call {
    return {
      action: 'StartTransaction',
      payload: {
        connectorId: evse.id,
        idTag: transaction.token.id,
        meterStart: Math.round(snapshot.registerWh),
        timestamp: this.#context.clock.timestamp(snapshot.at),
      },
    };
  }

  periodicSample({ evse, transaction, snapshot }: TransactionSnapshot): Call {
    return this.#buildMeterValues(evse, transaction, snapshot, 'Sample.Periodic');
  }

  meterValues(evse: SimulatedEvse, transaction: SimulatedTransaction | undefined, snapshot: EvseSnapshot): Call {
    return this.#buildMeterValues(evse, transaction, snapshot, 'Trigger');
  }

  transactionEnded({ transaction, snapshot }: TransactionSnapshot, cause: TransactionEndCause): Call {
    return {
      action: 'StopTransaction',
      payload: {
        transactionId: Number(transaction.id ?? -1),
        idTag: transaction.token.id,
        meterStop: Math.round(snapshot.registerWh),
        timestamp: this.#context.clock.timestamp(snapshot.at),
        reason: reasons[cause],
        transactionData: this.#transactionData(snapshot),
      },
    };
  }

  isAccepted(answer: unknown): boolean {
    return tokenAnswer.safeParse(answer).data?.idTagInfo.status === 'Accepted';
  }

  createTransactionId(): undefined {
    return undefined;
  }

  transactionIdOf(answer: unknown): string | undefined {
    const read = startAnswer.safeParse(answer);
    return read.success ? String(read.data.transactionId) : undefined;
  }

  #buildMeterValues(
    evse: SimulatedEvse,
    transaction: SimulatedTransaction | undefined,
    snapshot: EvseSnapshot,
    context: string,
  ): Call {
    const { measuresOnZero } = this.#context.deviations;
    const groups = measuresOnZero ? snapshot.samples.map((sample) => [sample]) : [snapshot.samples];
    return {
      action: 'MeterValues',
      payload: {
        connectorId: measuresOnZero ? 0 : evse.id,
        ...(transaction?.id && { transactionId: Number(transaction.id) }),
        meterValue: groups.map((samples) => this.#meterValue(snapshot, samples, context)),
      },
    };
  }

  #transactionData(snapshot: EvseSnapshot): object[] {
    const { deviations, clock } = this.#context;
    const wanted = this.configuration.items('StopTxnSampledData');
    const samples = snapshot.samples.filter(({ measurand }) => wanted.includes(measurand));
    const plain = this.#meterValue(snapshot, samples, 'Transaction.End');
    if (!deviations.signsValues) return [plain];
    return [plain, { timestamp: clock.timestamp(snapshot.at), sampledValue: samples.map(signedValue) }];
  }

  /** @param context ReadingContext */
  #meterValue({ at }: EvseSnapshot, samples: MeterSample[], context: string): object {
    const { deviations, clock } = this.#context;
    const sampledValue = samples.map(({ value, ...sample }) => ({
      value: numberForms[deviations.numbers](value),
      context,
      ...sample,
    }));
    return { timestamp: clock.timestamp(at), sampledValue };
  }
}
