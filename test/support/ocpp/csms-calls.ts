/** The calls of a CSMS to a station, in the words of each version of OCPP: given to an RpcCsms (rpc-csms.ts). */
import type { HeardCall, Payload, RpcCsms } from './rpc-csms.ts';

export interface LimitOrder {
  evse?: number;
  limit: number;
  unit?: 'A' | 'W';
  phases?: number;
  purpose?: 'station_max' | 'tx_default' | 'tx';
  kind?: 'Absolute' | 'Relative';
  stackLevel?: number;
  id?: number;
  /** Ends after so many s. */
  durationS?: number;
  transaction?: string;
}

type Version = '1.6' | '2.0.1' | '2.1';

export interface CsmsCalls<V extends Version = Version> {
  version: V;
  limit(csms: RpcCsms, order: LimitOrder): Promise<Payload>;
  clear(csms: RpcCsms, id: number): Promise<Payload>;
  /** Limit of the first period. */
  composite(csms: RpcCsms, unit?: 'A' | 'W'): Promise<number | undefined>;
  start(csms: RpcCsms, tag: string): Promise<Payload>;
  stop(csms: RpcCsms, transaction: string): Promise<Payload>;
  reset(csms: RpcCsms): Promise<Payload>;
  trigger(csms: RpcCsms, message: string): Promise<Payload>;
  setAvailable(csms: RpcCsms, isOperative: boolean): Promise<Payload>;
  /** Meter values every so many s, with these measurands. */
  measure(csms: RpcCsms, everyS: number, measurands?: string): Promise<unknown>;
  sendList(csms: RpcCsms, tags: string[]): Promise<Payload>;
  /** The part of a transaction that a call tells. */
  partOf(call: HeardCall): 'start' | 'end' | 'sample' | undefined;
  /** Starts, and ends, of transactions that were told. */
  starts(csms: RpcCsms): Payload[];
  ends(csms: RpcCsms): Payload[];
  /** Values of one measurand in what was told of transactions, the newest last. */
  values(csms: RpcCsms, measurand: string): number[];
  /** The same in what came with their ends. */
  lastValues(csms: RpcCsms, measurand: string): number[];
}

const all = 'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,SoC';

const valuesIn = (payloads: Payload[], measurand: string): number[] =>
  payloads
    .flatMap(({ meterValue }) => (meterValue ?? []) as { sampledValue: Payload[] }[])
    .flatMap(({ sampledValue }) => sampledValue)
    .filter((sampled) => sampled.measurand === measurand)
    .map(({ value }) => Number(value));

const purposes16 = { station_max: 'ChargePointMaxProfile', tx_default: 'TxDefaultProfile', tx: 'TxProfile' };
const purposes201 = { station_max: 'ChargingStationMaxProfile', tx_default: 'TxDefaultProfile', tx: 'TxProfile' };

const schedule = ({ limit, unit = 'A', phases, kind = 'Absolute', durationS }: LimitOrder): Payload => ({
  chargingRateUnit: unit,
  ...(kind === 'Absolute' && { startSchedule: new Date(Date.now() - 60_000).toISOString() }),
  ...(durationS && { duration: durationS }),
  chargingSchedulePeriod: [{ startPeriod: 0, limit, ...(phases && { numberPhases: phases }) }],
});

export const calls16: CsmsCalls<'1.6'> = {
  version: '1.6',
  limit: (csms, order) =>
    csms.call('SetChargingProfile', {
      connectorId: order.evse ?? 1,
      csChargingProfiles: {
        chargingProfileId: order.id ?? 7,
        stackLevel: order.stackLevel ?? 0,
        chargingProfilePurpose: purposes16[order.purpose ?? 'tx_default'],
        chargingProfileKind: order.kind ?? 'Absolute',
        ...(order.transaction && { transactionId: Number(order.transaction) }),
        chargingSchedule: schedule(order),
      },
    }),
  clear: (csms, id) => csms.call('ClearChargingProfile', { id }),
  async composite(csms, chargingRateUnit = 'A') {
    const answer = await csms.call('GetCompositeSchedule', { connectorId: 1, duration: 60, chargingRateUnit });
    const told = answer.chargingSchedule as { chargingSchedulePeriod: { limit: number }[] } | undefined;
    return told?.chargingSchedulePeriod[0]?.limit;
  },
  start: (csms, idTag) => csms.call('RemoteStartTransaction', { connectorId: 1, idTag }),
  stop: (csms, transaction) => csms.call('RemoteStopTransaction', { transactionId: Number(transaction) }),
  reset: (csms) => csms.call('Reset', { type: 'Hard' }),
  trigger: (csms, requestedMessage) => csms.call('TriggerMessage', { requestedMessage, connectorId: 1 }),
  setAvailable: (csms, isOperative) =>
    csms.call('ChangeAvailability', { connectorId: 1, type: isOperative ? 'Operative' : 'Inoperative' }),
  async measure(csms, everyS, measurands = all) {
    await csms.call('ChangeConfiguration', { key: 'MeterValuesSampledData', value: measurands });
    await csms.call('ChangeConfiguration', { key: 'MeterValueSampleInterval', value: String(everyS) });
  },
  sendList: (csms, tags) =>
    csms.call('SendLocalList', {
      listVersion: 1,
      updateType: 'Full',
      localAuthorizationList: tags.map((idTag) => ({ idTag, idTagInfo: { status: 'Accepted' } })),
    }),
  partOf: ({ action }) =>
    (({ StartTransaction: 'start', MeterValues: 'sample', StopTransaction: 'end' }) as const)[action as 'MeterValues'],
  starts: (csms) => csms.of('StartTransaction'),
  ends: (csms) => csms.of('StopTransaction'),
  values: (csms, measurand) => valuesIn(csms.of('MeterValues'), measurand),
  lastValues: (csms, measurand) =>
    valuesIn(
      csms.of('StopTransaction').map(({ transactionData }) => ({ meterValue: transactionData })),
      measurand,
    ),
};

const variable = (component: string, name: string, attributeValue: string): Payload => ({
  component: { name: component },
  variable: { name },
  attributeValue,
});

export const calls201: CsmsCalls<'2.0.1'> = {
  version: '2.0.1',
  limit: (csms, order) =>
    csms.call('SetChargingProfile', {
      evseId: order.evse ?? 1,
      chargingProfile: {
        id: order.id ?? 7,
        stackLevel: order.stackLevel ?? 0,
        chargingProfilePurpose: purposes201[order.purpose ?? 'tx_default'],
        chargingProfileKind: order.kind ?? 'Absolute',
        ...(order.transaction && { transactionId: order.transaction }),
        chargingSchedule: [{ id: 1, ...schedule(order) }],
      },
    }),
  clear: (csms, chargingProfileId) => csms.call('ClearChargingProfile', { chargingProfileId }),
  async composite(csms, chargingRateUnit = 'A') {
    const answer = await csms.call('GetCompositeSchedule', { evseId: 1, duration: 60, chargingRateUnit });
    const told = answer.schedule as { chargingSchedulePeriod: { limit: number }[] } | undefined;
    return told?.chargingSchedulePeriod[0]?.limit;
  },
  start: (csms, idToken) =>
    csms.call('RequestStartTransaction', { evseId: 1, remoteStartId: 55, idToken: { idToken, type: 'Central' } }),
  stop: (csms, transactionId) => csms.call('RequestStopTransaction', { transactionId }),
  reset: (csms) => csms.call('Reset', { type: 'Immediate' }),
  trigger: (csms, requestedMessage) => csms.call('TriggerMessage', { requestedMessage, evse: { id: 1 } }),
  setAvailable: (csms, isOperative) =>
    csms.call('ChangeAvailability', { operationalStatus: isOperative ? 'Operative' : 'Inoperative', evse: { id: 1 } }),
  measure: (csms, everyS, measurands = all) =>
    csms.call('SetVariables', {
      setVariableData: [
        variable('SampledDataCtrlr', 'TxUpdatedMeasurands', measurands),
        variable('SampledDataCtrlr', 'TxUpdatedInterval', String(everyS)),
      ],
    }),
  sendList: (csms, tags) =>
    csms.call('SendLocalList', {
      versionNumber: 1,
      updateType: 'Full',
      localAuthorizationList: tags.map((idToken) => ({
        idToken: { idToken, type: 'ISO14443' },
        idTokenInfo: { status: 'Accepted' },
      })),
    }),
  partOf: ({ params: { eventType } }) =>
    (({ Started: 'start', Updated: 'sample', Ended: 'end' }) as const)[eventType as 'Updated'],
  starts: (csms) => csms.of('TransactionEvent').filter(({ eventType }) => eventType === 'Started'),
  ends: (csms) => csms.of('TransactionEvent').filter(({ eventType }) => eventType === 'Ended'),
  lastValues: (csms, measurand) =>
    valuesIn(
      csms.of('TransactionEvent').filter(({ eventType }) => eventType === 'Ended'),
      measurand,
    ),
  values: (csms, measurand) => valuesIn(csms.of('TransactionEvent').concat(csms.of('MeterValues')), measurand),
};

/** The calls used here are the same in 2.1 as in 2.0.1. */
export const calls21: CsmsCalls<'2.1'> = { ...calls201, version: '2.1' };
