import assert from 'node:assert/strict';
import type { MeterValue, StationMessage } from '../../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import * as lostTransactions from '../../../../src/drivers/ocpp/station/lost-transactions.ts';
import { energyOf } from '../../../../src/drivers/ocpp/station/session-energy.ts';
import { sessionEnded } from '../../../../src/drivers/ocpp/station/session-events.ts';
import { StationRecords } from '../../../../src/drivers/ocpp/station/station-records.ts';
import * as changes from '../../../../src/drivers/ocpp/station/transaction-changes.ts';
import { TransactionRecords } from '../../../../src/drivers/ocpp/station/transaction-records.ts';
import { createMemoryJournal, type MemoryJournal } from '../../../support/memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

type Started = Extract<StationMessage, { kind: 'transaction_started' }>;
type Updated = Extract<StationMessage, { kind: 'transaction_updated' }>;
type Ended = Extract<StationMessage, { kind: 'transaction_ended' }>;

const sample = (context: MeterValue['context'], wh: number): MeterValue => ({
  at: undefined,
  context,
  sampledValues: [{ quantity: 'energy_imported', value: wh, unit: 'Wh' }],
  signed: [],
});

/** At a time that the station did not say. */
const reading = (wh: number) => ({ at: undefined, context: 'live' as const, wh });

describe('the transactions of a station', () => {
  let clock: VirtualClock;
  let journal: MemoryJournal;
  let transactions: TransactionRecords;
  let urgent: boolean[];
  const open = (): void => {
    transactions = new TransactionRecords(new StationRecords(journal), clock);
  };
  beforeEach(() => {
    clock = createVirtualClock();
    journal = createMemoryJournal();
    urgent = [];
    const { append } = journal;
    journal.append = (record, isUrgent) => {
      urgent.push(isUrgent);
      return append(record, isUrgent);
    };
    open();
  });

  const started = (more: Partial<Started> = {}): Started => ({
    kind: 'transaction_started',
    evse: 1,
    at: clock.now(),
    isOffline: false,
    meterValues: [],
    token: { id: 'TAG' },
    meterStartWh: 1000,
    ...more,
  });
  const updated = (transaction: string, more: Partial<Updated> = {}): Updated => ({
    kind: 'transaction_updated',
    transaction,
    at: clock.now(),
    isOffline: false,
    meterValues: [],
    trigger: 'MeterValuePeriodic',
    seqNo: 1,
    ...more,
  });
  const ended = (transaction: string, more: Partial<Ended> = {}): Ended => ({
    kind: 'transaction_ended',
    transaction,
    at: clock.now(),
    isOffline: false,
    meterValues: [],
    reason: 'EVDisconnected',
    ...more,
  });
  const start = (more: Partial<Started> = {}, isReplay = false) => {
    const event = started(more);
    return changes.startTransaction(transactions, event, { at: event.at ?? clock.now(), isReplay });
  };
  const end = (transaction: string, more: Partial<Ended> = {}) =>
    changes.recordEnd(transactions, ended(transaction, more), { transaction, at: clock.now() });

  it('gives ids that an integer of 32 bits holds, each once, also after a restart', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { transaction: session } = start({ meterStartWh: i });
      ids.add(session.transaction);
      assert.ok(Number(session.transaction) > 0 && Number(session.transaction) < 2 ** 31 - 1);
      if (i % 5 === 4) open();
    }
    assert.equal(ids.size, 20);
  });

  it('a lost store: ids lie above those that were given, by the clock', () => {
    const before = Number(start().transaction.transaction);
    clock.advance(60_000);
    journal.records = [];
    open();
    assert.ok(Number(start().transaction.transaction) > before);
  });

  it('after 2038: ids that are free', () => {
    clock = createVirtualClock(Date.UTC(2040, 0, 1));
    open();
    const ids = [0, 1, 2].map((i) => start({ meterStartWh: i }).transaction.transaction);
    assert.deepEqual(ids, ['1', '2', '3']);
  });

  it('the same beginning again is the same transaction, also after a restart and after its end', () => {
    const event = started();
    const first = changes.startTransaction(transactions, event, { at: clock.now(), isReplay: false });
    assert.equal(first.isNew, true);
    open();
    clock.advance(60_000);
    const again = changes.startTransaction(transactions, event, { at: clock.now(), isReplay: true });
    assert.deepEqual([again.transaction.transaction, again.isNew], [first.transaction.transaction, false]);
    end(first.transaction.transaction, { meterStopWh: 2000 });
    assert.equal(
      changes.startTransaction(transactions, event, { at: clock.now(), isReplay: true }).transaction.state,
      'ended',
    );
  });

  it('without a time, the same person may charge again', () => {
    const first = start({ at: undefined });
    assert.equal(start({ at: undefined }).isNew, false);
    end(first.transaction.transaction, { meterStopWh: 1000 });
    const second = start({ at: Date.UTC(1970, 0, 1) });
    assert.notEqual(second.transaction.transaction, first.transaction.transaction);
  });

  it('is written before anybody is answered: a store that fails means no answer, and the next attempt counts', () => {
    journal.isWritable = false;
    const event = started();
    assert.throws(
      () => changes.startTransaction(transactions, event, { at: clock.now(), isReplay: false }),
      (error: unknown) => error instanceof CallFailure && error.kind === 'unanswered',
    );
    assert.equal(transactions.runningOn(1), undefined);
    journal.isWritable = true;
    const { transaction: session, isNew } = changes.startTransaction(transactions, event, {
      at: clock.now(),
      isReplay: false,
    });
    assert.equal(isNew, true);
    journal.isWritable = false;
    assert.throws(() => end(session.transaction, { meterStopWh: 2000 }), CallFailure);
    assert.equal(transactions.runningOn(1)?.state, 'running');
    assert.deepEqual(transactions.unreported(), []);
    journal.isWritable = true;
    open();
    assert.equal(end(session.transaction, { meterStopWh: 2000 }).isNew, true);
  });

  it('beginning and end survive the end of power as well', () => {
    const { transaction: session } = start();
    changes.applyRegisterReading(transactions, session, reading(1100));
    end(session.transaction, { meterStopWh: 2000 });
    assert.deepEqual(urgent, [true, true]);
  });

  it('killed at any moment: the session and its energy are there', () => {
    const { transaction: session } = start();
    open();
    assert.equal(transactions.runningOn(1)?.transaction, session.transaction);
    end(session.transaction, { meterStopWh: 3500 });
    open();
    const [untold] = transactions.unreported();
    assert.ok(untold);
    const event = sessionEnded('box', untold);
    assert.equal(event.data?.energy_wh, 2500);
    assert.equal(event.id, sessionEnded('box', untold).id);
    transactions.markReported(untold);
    open();
    assert.deepEqual(transactions.unreported(), []);
  });

  it('keeps no tag in clear', () => {
    start({ token: { id: 'DEADBEEF' } });
    assert.ok(!JSON.stringify(journal.records).includes('DEADBEEF'));
    assert.match(String(transactions.runningOn(1)?.tag), /^[0-9a-f]{16}$/);
  });

  it('2.x: told without its EVSE at the end', () => {
    const { meterStartWh: _, ...event } = started({ transaction: 'abc', evse: 2, meterValues: [sample('begin', 500)] });
    changes.startTransaction(transactions, event, { at: clock.now(), isReplay: false });
    changes.updateTransaction(transactions, updated('abc', { meterValues: [sample('live', 700)] }), {
      at: clock.now(),
      isReplay: false,
    });
    open();
    const { transaction: session } = end('abc', { meterValues: [sample('end', 900)] });
    assert.deepEqual([session.evse, energyOf(session.register)], [2, 400]);
  });

  it('2.x: told twice, ended once', () => {
    start({ transaction: 'abc' });
    assert.equal(start({ transaction: 'abc' }).isNew, false);
    assert.equal(end('abc', { meterStopWh: 1500 }).isNew, true);
    assert.equal(end('abc', { meterStopWh: 1500 }).isNew, false);
    assert.equal(
      changes.updateTransaction(transactions, updated('abc'), { at: clock.now(), isReplay: false }).transaction.state,
      'ended',
    );
  });

  it('2.x: what goes on and never began is taken up', () => {
    const { transaction: session, isNew } = changes.updateTransaction(
      transactions,
      updated('x', { evse: 1, chargingState: 'charging' }),
      { at: clock.now(), isReplay: false },
    );
    assert.deepEqual([isNew, session.isAdopted, session.hasFlowed], [true, true, true]);
    assert.equal(transactions.runningOn(1)?.transaction, 'x');
  });

  it('an end of something unknown is a session, as far as it is known', () => {
    const { transaction: session, isNew } = end('4711', { meterStopWh: 2000 });
    assert.equal(isNew, true);
    assert.equal(energyOf(session.register), undefined);
    const known = end('4712', { meterValues: [sample('begin', 100), sample('end', 400)] });
    assert.equal(energyOf(known.transaction.register), 300);
  });

  it('adopts what it does not know, and nothing that is over', () => {
    const session = changes.adoptTransaction(transactions, '77', { evse: 1, at: clock.now() });
    assert.deepEqual([session?.isAdopted, transactions.runningOn(1)?.transaction], [true, '77']);
    end('77', { meterStopWh: 1 });
    assert.equal(changes.adoptTransaction(transactions, '77', { evse: 1, at: clock.now() }), undefined);
  });

  it('the car is gone: no transaction, and its end still counts', () => {
    const { transaction: session } = start();
    lostTransactions.detach(transactions, 1);
    assert.equal(transactions.runningOn(1), undefined);
    assert.equal(changes.adoptTransaction(transactions, session.transaction, { evse: 1, at: clock.now() }), undefined);
    const { transaction: over } = end(session.transaction, { meterStopWh: 1800 });
    assert.equal(energyOf(over.register), 800);
  });

  it('a new one where the old one never ended: that is over, where the register of the new one begins', () => {
    const { transaction: session } = start();
    changes.applyRegisterReading(transactions, session, reading(1600));
    clock.advance(60_000);
    const { lost } = start({ meterStartWh: 1700 });
    assert.deepEqual(
      lost.map(({ transaction, reason, register }) => [transaction, reason, energyOf(register)]),
      [[session.transaction, 'lost', 700]],
    );
    assert.equal(transactions.unreported().length, 1);
  });

  it('replayed, a beginning does not go on until somebody says so', () => {
    const { transaction: session } = start({}, true);
    assert.equal(session.isLive, false);
    assert.equal(changes.seenLive(transactions, session), true);
    const now = transactions.runningOn(1);
    assert.equal(now && changes.seenLive(transactions, now), false);
  });

  it('does not wear out the disk with a register that rises', () => {
    const { transaction: session } = start();
    const before = journal.records.length;
    for (let i = 1; i <= 360; i++) {
      changes.applyRegisterReading(transactions, transactions.runningOn(1) ?? session, reading(1000 + i * 10));
      clock.advance(10_000);
    }
    assert.ok(journal.records.length - before <= 61, String(journal.records.length - before));
    open();
    assert.ok((energyOf(transactions.runningOn(1)?.register ?? session.register) ?? 0) >= 3500);
  });

  it('2.x: what is only measured is not written each time, what it does is', () => {
    start({ transaction: 'abc', chargingState: 'charging' });
    urgent.length = 0;
    for (let i = 0; i < 30; i++) {
      changes.updateTransaction(transactions, updated('abc', { meterValues: [sample('live', 2000 + i)] }), {
        at: clock.now(),
        isReplay: false,
      });
      clock.advance(1000);
    }
    assert.deepEqual(urgent, []);
    changes.updateTransaction(transactions, updated('abc', { chargingState: 'suspended_ev' }), {
      at: clock.now(),
      isReplay: false,
    });
    changes.updateTransaction(transactions, updated('abc', { token: { id: 'X' } }), {
      at: clock.now(),
      isReplay: false,
    });
    assert.deepEqual(urgent, [false, true]);
    open();
    assert.deepEqual(
      [transactions.runningOn(1)?.chargingState, transactions.runningOn(1)?.register.last],
      ['suspended_ev', 2029],
    );
  });

  it('2.x: one that nobody ended is over where another goes on', () => {
    start({ transaction: 'a' });
    clock.advance(1000);
    const { lost } = changes.updateTransaction(transactions, updated('b', { evse: 1 }), {
      at: clock.now(),
      isReplay: false,
    });
    assert.deepEqual(
      lost.map(({ transaction, state }) => [transaction, state]),
      [['a', 'ended']],
    );
  });

  it('does not grow with whatever a station makes up', () => {
    for (let i = 0; i < 1500; i++)
      changes.updateTransaction(transactions, updated(`x${i}`), { at: clock.now(), isReplay: false });
    assert.equal(transactions.byId.size, 1000);
  });

  for (const shift of [0, 1, 2])
    it(`loses none where its store is written anew, ${shift}`, () => {
      const ids: string[] = [];
      for (let i = 0; i < shift; i++) changes.adoptTransaction(transactions, `x${i}`, { evse: 9 + i, at: clock.now() });
      for (let i = 0; i < 980; i++) {
        const { transaction: session } = start({ meterStartWh: i, evse: 1 + (i % 5) });
        end(session.transaction, { meterStopWh: i + 1 });
        ids.push(session.transaction);
        clock.advance(1000);
      }
      assert.ok(journal.records.length < 1500);
      open();
      assert.deepEqual(
        transactions.unreported().map(({ transaction }) => transaction),
        ids,
      );
    });

  it('forgets the oldest, and keeps its store small', () => {
    for (let i = 0; i < 1200; i++) {
      const { transaction: session } = start({ meterStartWh: i });
      transactions.markReported(end(session.transaction, { meterStopWh: i + 1 }).transaction);
      clock.advance(1000);
    }
    assert.ok(transactions.byId.size <= 201);
    assert.ok(journal.records.length <= 1501, String(journal.records.length));
    const last = Number([...transactions.byId.values()].at(-1)?.transaction);
    open();
    assert.ok(Number(start().transaction.transaction) > last);
  });
});
