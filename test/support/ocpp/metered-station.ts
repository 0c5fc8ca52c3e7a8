/**
 * A scripted station whose connectors have energy registers: what cars draw is known, and the station tells of it in
 * the order and words a test wants. What its sessions are billed in the end is read from the events.
 */
import assert from 'node:assert/strict';
import { hashTag } from '../../../src/model/identity.ts';
import type { Payload, ScriptedStation } from './scripted-station.ts';
import { energy, entry2, entry16, power } from './station-payloads.ts';

const minute = 60_000;

/** The bill of one session: connector, tag, Wh. */
export type Bill = [connector: number, tag: string, wh: number];

/** A message that may be told later, or again. */
export interface Message {
  action: string;
  payload: Payload;
}

/** The transaction id that a message tells; null: none. */
export type TransactionNumber = number | string | null;

const tags = new Map(['T1', 'T2', 'T3'].map((tag) => [hashTag(tag), tag]));

/** Bills as a billing system makes them: a correction replaces the session it corrects. */
export const billsOf = (events: ScriptedStation['events']): Bill[] => {
  const bills = new Map<string, Bill>();
  const ids = new Map<string | undefined, string>();
  for (const { id, name, component, data = {} } of events) {
    if (name !== 'session_ended' && name !== 'session_corrected') continue;
    const { session_id, start, end, energy_wh, id_tag, meter_start_wh, meter_stop_wh, shift_wh = 0 } = data;
    const content = JSON.stringify(data);
    assert.equal(ids.get(id) ?? content, content, 'one id, one content: the second is taken for the first');
    ids.set(id, content);
    if (start !== undefined) assert.ok(String(start) <= String(end), `${start} to ${end}`);
    if (energy_wh === undefined) continue;
    if (meter_start_wh !== undefined)
      assert.equal(Number(meter_start_wh) + Number(energy_wh) + Number(shift_wh), meter_stop_wh);
    bills.set(`${session_id} ${start}`, [component?.index ?? 0, tags.get(String(id_tag)) ?? '', Number(energy_wh)]);
  }
  return [...bills.values()];
};

export class MeteredStation {
  readonly field: ScriptedStation;
  private readonly registers = new Map<number, number>();
  private readonly ids = new Map<number, number | string>();
  private begun = 0;
  constructor(field: ScriptedStation) {
    this.field = field;
  }
  private get is16(): boolean {
    return this.field.version === '1.6';
  }
  register(connector = 1): number {
    return this.registers.get(connector) ?? connector * 100_000;
  }
  setRegister(wh: number, connector = 1): void {
    this.registers.set(connector, wh);
  }
  /** A car draws that much. */
  async draw(wh: number, connector = 1, ms = minute): Promise<void> {
    this.registers.set(connector, this.register(connector) + wh);
    await this.field.pass(ms, Math.max(1000, ms / 600));
  }
  /** The number of the newest session there. */
  id(connector = 1): number | string {
    return this.ids.get(connector) ?? assert.fail('nothing began there');
  }

  private event(eventType: string, id: TransactionNumber, info: object, more: object, context: string): Message {
    const { connector = 1, ...rest } = more as { connector?: number };
    return {
      action: 'TransactionEvent',
      payload: {
        eventType,
        timestamp: this.field.time(),
        triggerReason: 'MeterValuePeriodic',
        seqNo: 0,
        transactionInfo: { ...(id === null ? {} : { transactionId: String(id) }), ...info },
        meterValue: [entry2(this.field.time(), energy(this.register(connector), { context }))],
        ...rest,
      },
    };
  }
  /** @param number 2.x: of the transaction, where it is not a new one */
  beginning(tag = 'T1', connector = 1, number: TransactionNumber = `tx-${++this.begun}`): Message {
    const timestamp = this.field.time();
    if (this.is16)
      return {
        action: 'StartTransaction',
        payload: { connectorId: connector, idTag: tag, meterStart: this.register(connector), timestamp },
      };
    this.ids.set(connector, number ?? '');
    const more = { connector, evse: { id: connector }, idToken: { idToken: tag, type: 'ISO14443' } };
    return this.event('Started', number, { chargingState: 'Charging' }, more, 'Transaction.Begin');
  }
  reading(number: TransactionNumber = this.id(), connector = 1): Message {
    const { is16, field } = this;
    if (!is16 && number !== null) return this.event('Updated', number, {}, { connector }, 'Sample.Periodic');
    const meterValue = [(is16 ? entry16 : entry2)(field.time(), energy(this.register(connector)), power(11_000))];
    return {
      action: 'MeterValues',
      payload: is16
        ? { connectorId: connector, ...(number === null ? {} : { transactionId: number }), meterValue }
        : { evseId: connector, meterValue },
    };
  }
  /** @param number where 1.6 has none, 0 */
  end(number: TransactionNumber = this.id(), connector = 1, more: object = {}): Message {
    const meterStop = this.register(connector);
    if (this.is16)
      return {
        action: 'StopTransaction',
        payload: { transactionId: number ?? 0, meterStop, timestamp: this.field.time(), reason: 'Local', ...more },
      };
    return this.event('Ended', number, { stoppedReason: 'Local' }, { connector, ...more }, 'Transaction.End');
  }
  /** The same, said with the time of now. */
  withNewTime({ action, payload }: Message): Message {
    return { action, payload: { ...payload, timestamp: this.field.time() } };
  }
  /** The same end under another number; null: none. */
  withNumber({ action, payload }: Message, number: TransactionNumber): Message {
    if (this.is16) return { action, payload: { ...payload, transactionId: number ?? 0 } };
    const info = payload.transactionInfo as Payload;
    const { transactionId: _, ...rest } = info;
    const given = number === null ? rest : { ...info, transactionId: String(number) };
    return { action, payload: { ...payload, transactionInfo: given } };
  }

  /** @returns the number of the transaction, where it is the beginning of one in 1.6 */
  async tell({ action, payload }: Message): Promise<number> {
    const [, , result] = await this.field.frame(action, payload);
    const { transactionId } = result as Payload;
    if (action === 'StartTransaction') this.ids.set(Number(payload.connectorId), Number(transactionId));
    return Number(transactionId);
  }
  status(word: 'Available' | 'Preparing' | 'Charging', connector = 1): Promise<Payload> {
    return this.field.status(this.is16 || word === 'Available' ? word : 'Occupied', connector);
  }
  /** A car comes and charges. */
  async start(tag = 'T1', connector = 1, number?: TransactionNumber): Promise<void> {
    await this.status('Preparing', connector);
    await this.tell(this.beginning(tag, connector, number));
    await this.status('Charging', connector);
  }
  /** The car draws, and the station sends a meter value. */
  async charge(wh: number, connector = 1, number: TransactionNumber = this.id(connector)): Promise<void> {
    await this.draw(wh, connector);
    await this.tell(this.reading(number, connector));
  }
  /** The car draws, and the station ends the transaction. */
  async finish(wh: number, connector = 1): Promise<void> {
    await this.draw(wh, connector);
    await this.tell(this.end(this.id(connector), connector));
  }
  async isAway(ms: number): Promise<void> {
    await this.field.drop();
    await this.field.pass(ms, Math.max(1000, ms / 600));
  }
  async comesBack(serial?: string): Promise<void> {
    await this.field.connect();
    await this.field.boot(serial === undefined ? {} : { serial });
  }
  bills(): Bill[] {
    return billsOf(this.field.events);
  }
}
