/** Payloads of MeterValues and TransactionEvent, as stations of each version write them. */
import type { Payload, ScriptedStation } from './scripted-station.ts';

export type Sampled = [measurand: string, value: number, unit: string, more?: object | undefined];

/** One entry of MeterValues. */
export const entry16 = (timestamp: string, ...values: Sampled[]): object => ({
  timestamp,
  sampledValue: values.map(([measurand, value, unit, more]) => ({ measurand, value: String(value), unit, ...more })),
});
export const entry2 = (timestamp: string, ...values: Sampled[]): object => ({
  timestamp,
  sampledValue: values.map(([measurand, value, unit, more]) => ({
    measurand,
    value,
    unitOfMeasure: { unit },
    ...(more ?? {}),
  })),
});
export const power = (watts: number): Sampled => ['Power.Active.Import', watts, 'W'];
export const energy = (wh: number, more?: object): Sampled => ['Energy.Active.Import.Register', wh, 'Wh', more];
export const current = (amperes: number, phase = 'L1'): Sampled => ['Current.Import', amperes, 'A', { phase }];

/** How a station of OCPP 2.x tells of its transactions. */
export const createTeller =
  (field: () => ScriptedStation, triggerReason: string) =>
  (eventType: 'Started' | 'Updated' | 'Ended', info: object = {}, more: object = {}, id = 'T1'): Promise<Payload> =>
    field().say('TransactionEvent', {
      eventType,
      timestamp: field().time(),
      triggerReason,
      seqNo: 0,
      transactionInfo: { transactionId: id, ...info },
      ...more,
    });
