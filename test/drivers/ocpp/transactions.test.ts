import assert from 'node:assert/strict';
import { CallFailure } from '../../../src/drivers/ocpp/link/link.ts';
import * as lostEnds from '../../../src/drivers/ocpp/station/lost-ends.ts';
import { energyOf } from '../../../src/drivers/ocpp/station/register.ts';
import { sessionEnded } from '../../../src/drivers/ocpp/station/session.ts';
import * as ends from '../../../src/drivers/ocpp/station/session-ends.ts';
import { createLedger } from '../../../src/drivers/ocpp/station/store.ts';
import * as bookkeeping from '../../../src/drivers/ocpp/station/transaction-book.ts';
import * as takings from '../../../src/drivers/ocpp/station/transactions.ts';
import type { Sample, StationEvent } from '../../../src/drivers/ocpp/words.ts';
import { createMemoryJournal, type MemoryJournal } from '../../support/memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

type Started = Extract<StationEvent, { kind: 'transaction_started' }>;
type Updated = Extract<StationEvent, { kind: 'transaction_updated' }>;
type Ended = Extract<StationEvent, { kind: 'transaction_ended' }>;

const sample = (context: Sample['context'], wh: number): Sample => ({
  at: undefined,
  context,
  measures: [{ quantity: 'energy_imported', value: wh, unit: 'Wh' }],
  signed: [],
});

/** At a time that the station did not say. */
const reading = (wh: number) => ({ at: undefined, context: 'live' as const, wh });

describe('the transactions of a station', () => {
  let clock: VirtualClock;
  let journal: MemoryJournal;
  let book: bookkeeping.TransactionBook;
  let urgent: boolean[];
  const open = (): void => {
    book = bookkeeping.createTransactionBook(createLedger(journal), clock);
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
    samples: [],
    token: { id: 'TAG' },
    meterStartWh: 1000,
    ...more,
  });
  const updated = (transaction: string, more: Partial<Updated> = {}): Updated => ({
    kind: 'transaction_updated',
    transaction,
    at: clock.now(),
    isOffline: false,
    samples: [],
    trigger: 'MeterValuePeriodic',
    seqNo: 1,
    ...more,
  });
  const ended = (transaction: string, more: Partial<Ended> = {}): Ended => ({
    kind: 'transaction_ended',
    transaction,
    at: clock.now(),
    isOffline: false,
    samples: [],
    reason: 'EVDisconnected',
    ...more,
  });
  const start = (more: Partial<Started> = {}, isReplay = false) => {
    const event = started(more);
    return takings.started(book, event, event.at ?? clock.now(), isReplay);
  };
  const end = (transaction: string, more: Partial<Ended> = {}) =>
    ends.ended(book, ended(transaction, more), transaction, clock.now());

  it('gives ids that an integer of 32 bits holds, each once, also after a restart', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { session } = start({ meterStartWh: i });
      ids.add(session.transaction);
      assert.ok(Number(session.transaction) > 0 && Number(session.transaction) < 2 ** 31 - 1);
      if (i % 5 === 4) open();
    }
    assert.equal(ids.size, 20);
  });

  it('a lost store: ids lie above those that were given, by the clock', () => {
    const before = Number(start().session.transaction);
    clock.advance(60_000);
    journal.records = [];
    open();
    assert.ok(Number(start().session.transaction) > before);
  });

  it('after 2038: ids that are free', () => {
    clock = createVirtualClock(Date.UTC(2040, 0, 1));
    open();
    const ids = [0, 1, 2].map((i) => start({ meterStartWh: i }).session.transaction);
    assert.deepEqual(ids, ['1', '2', '3']);
  });

  it('the same beginning again is the same transaction, also after a restart and after its end', () => {
    const event = started();
    const first = takings.started(book, event, clock.now(), false);
    assert.equal(first.isNew, true);
    open();
    clock.advance(60_000);
    const again = takings.started(book, event, clock.now(), true);
    assert.deepEqual([again.session.transaction, again.isNew], [first.session.transaction, false]);
    end(first.session.transaction, { meterStopWh: 2000 });
    assert.equal(takings.started(book, event, clock.now(), true).session.state, 'ended');
  });

  it('without a time, the same person may charge again', () => {
    const first = start({ at: undefined });
    assert.equal(start({ at: undefined }).isNew, false);
    end(first.session.transaction, { meterStopWh: 1000 });
    const second = start({ at: Date.UTC(1970, 0, 1) });
    assert.notEqual(second.session.transaction, first.session.transaction);
  });

  it('is written before anybody is answered: a store that fails means no answer, and the next attempt counts', () => {
    journal.isWritable = false;
    const event = started();
    assert.throws(
      () => takings.started(book, event, clock.now(), false),
      (error: unknown) => error instanceof CallFailure && error.kind === 'unanswered',
    );
    assert.equal(bookkeeping.running(book, 1), undefined);
    journal.isWritable = true;
    const { session, isNew } = takings.started(book, event, clock.now(), false);
    assert.equal(isNew, true);
    journal.isWritable = false;
    assert.throws(() => end(session.transaction, { meterStopWh: 2000 }), CallFailure);
    assert.equal(bookkeeping.running(book, 1)?.state, 'running');
    assert.deepEqual(bookkeeping.untold(book), []);
    journal.isWritable = true;
    open();
    assert.equal(end(session.transaction, { meterStopWh: 2000 }).isNew, true);
  });

  it('beginning and end survive the end of power as well', () => {
    const { session } = start();
    takings.measured(book, session, reading(1100));
    end(session.transaction, { meterStopWh: 2000 });
    assert.deepEqual(urgent, [true, true]);
  });

  it('killed at any moment: the session and its energy are there', () => {
    const { session } = start();
    open();
    assert.equal(bookkeeping.running(book, 1)?.transaction, session.transaction);
    end(session.transaction, { meterStopWh: 3500 });
    open();
    const [untold] = bookkeeping.untold(book);
    assert.ok(untold);
    const event = sessionEnded('box', untold);
    assert.equal(event.data?.energy_wh, 2500);
    assert.equal(event.id, sessionEnded('box', untold).id);
    bookkeeping.tell(book, untold);
    open();
    assert.deepEqual(bookkeeping.untold(book), []);
  });

  it('keeps no tag in clear', () => {
    start({ token: { id: 'DEADBEEF' } });
    assert.ok(!JSON.stringify(journal.records).includes('DEADBEEF'));
    assert.match(String(bookkeeping.running(book, 1)?.tag), /^[0-9a-f]{16}$/);
  });

  it('2.x: told without its EVSE at the end', () => {
    const { meterStartWh: _, ...event } = started({ transaction: 'abc', evse: 2, samples: [sample('begin', 500)] });
    takings.started(book, event, clock.now(), false);
    takings.updated(book, updated('abc', { samples: [sample('live', 700)] }), clock.now(), false);
    open();
    const { session } = end('abc', { samples: [sample('end', 900)] });
    assert.deepEqual([session.evse, energyOf(session.register)], [2, 400]);
  });

  it('2.x: told twice, ended once', () => {
    start({ transaction: 'abc' });
    assert.equal(start({ transaction: 'abc' }).isNew, false);
    assert.equal(end('abc', { meterStopWh: 1500 }).isNew, true);
    assert.equal(end('abc', { meterStopWh: 1500 }).isNew, false);
    assert.equal(takings.updated(book, updated('abc'), clock.now(), false).session.state, 'ended');
  });

  it('2.x: what goes on and never began is taken up', () => {
    const { session, isNew } = takings.updated(
      book,
      updated('x', { evse: 1, chargingState: 'charging' }),
      clock.now(),
      false,
    );
    assert.deepEqual([isNew, session.isAdopted, session.hasFlowed], [true, true, true]);
    assert.equal(bookkeeping.running(book, 1)?.transaction, 'x');
  });

  it('an end of something unknown is a session, as far as it is known', () => {
    const { session, isNew } = end('4711', { meterStopWh: 2000 });
    assert.equal(isNew, true);
    assert.equal(energyOf(session.register), undefined);
    const known = end('4712', { samples: [sample('begin', 100), sample('end', 400)] });
    assert.equal(energyOf(known.session.register), 300);
  });

  it('adopts what it does not know, and nothing that is over', () => {
    const session = takings.adopt(book, '77', 1, clock.now());
    assert.deepEqual([session?.isAdopted, bookkeeping.running(book, 1)?.transaction], [true, '77']);
    end('77', { meterStopWh: 1 });
    assert.equal(takings.adopt(book, '77', 1, clock.now()), undefined);
  });

  it('the car is gone: no transaction, and its end still counts', () => {
    const { session } = start();
    lostEnds.detach(book, 1);
    assert.equal(bookkeeping.running(book, 1), undefined);
    assert.equal(takings.adopt(book, session.transaction, 1, clock.now()), undefined);
    const { session: over } = end(session.transaction, { meterStopWh: 1800 });
    assert.equal(energyOf(over.register), 800);
  });

  it('a new one where the old one never ended: that is over, where the register of the new one begins', () => {
    const { session } = start();
    takings.measured(book, session, reading(1600));
    clock.advance(60_000);
    const { lost } = start({ meterStartWh: 1700 });
    assert.deepEqual(
      lost.map(({ transaction, reason, register }) => [transaction, reason, energyOf(register)]),
      [[session.transaction, 'lost', 700]],
    );
    assert.equal(bookkeeping.untold(book).length, 1);
  });

  it('replayed, a beginning does not go on until somebody says so', () => {
    const { session } = start({}, true);
    assert.equal(session.isLive, false);
    assert.equal(takings.seenLive(book, session), true);
    const now = bookkeeping.running(book, 1);
    assert.equal(now && takings.seenLive(book, now), false);
  });

  it('does not wear out the disk with a register that rises', () => {
    const { session } = start();
    const before = journal.records.length;
    for (let i = 1; i <= 360; i++) {
      takings.measured(book, bookkeeping.running(book, 1) ?? session, reading(1000 + i * 10));
      clock.advance(10_000);
    }
    assert.ok(journal.records.length - before <= 61, String(journal.records.length - before));
    open();
    assert.ok((energyOf(bookkeeping.running(book, 1)?.register ?? session.register) ?? 0) >= 3500);
  });

  it('2.x: what is only measured is not written each time, what it does is', () => {
    start({ transaction: 'abc', chargingState: 'charging' });
    urgent.length = 0;
    for (let i = 0; i < 30; i++) {
      takings.updated(book, updated('abc', { samples: [sample('live', 2000 + i)] }), clock.now(), false);
      clock.advance(1000);
    }
    assert.deepEqual(urgent, []);
    takings.updated(book, updated('abc', { chargingState: 'suspended_ev' }), clock.now(), false);
    takings.updated(book, updated('abc', { token: { id: 'X' } }), clock.now(), false);
    assert.deepEqual(urgent, [false, true]);
    open();
    assert.deepEqual(
      [bookkeeping.running(book, 1)?.chargingState, bookkeeping.running(book, 1)?.register.last],
      ['suspended_ev', 2029],
    );
  });

  it('2.x: one that nobody ended is over where another goes on', () => {
    start({ transaction: 'a' });
    clock.advance(1000);
    const { lost } = takings.updated(book, updated('b', { evse: 1 }), clock.now(), false);
    assert.deepEqual(
      lost.map(({ transaction, state }) => [transaction, state]),
      [['a', 'ended']],
    );
  });

  it('does not grow with whatever a station makes up', () => {
    for (let i = 0; i < 1500; i++) takings.updated(book, updated(`x${i}`), clock.now(), false);
    assert.equal(book.sessions.size, 1000);
  });

  for (const shift of [0, 1, 2])
    it(`loses none where its store is written anew, ${shift}`, () => {
      const ids: string[] = [];
      for (let i = 0; i < shift; i++) takings.adopt(book, `x${i}`, 9 + i, clock.now());
      for (let i = 0; i < 980; i++) {
        const { session } = start({ meterStartWh: i, evse: 1 + (i % 5) });
        end(session.transaction, { meterStopWh: i + 1 });
        ids.push(session.transaction);
        clock.advance(1000);
      }
      assert.ok(journal.records.length < 1500);
      open();
      assert.deepEqual(
        bookkeeping.untold(book).map(({ transaction }) => transaction),
        ids,
      );
    });

  it('forgets the oldest, and keeps its store small', () => {
    for (let i = 0; i < 1200; i++) {
      const { session } = start({ meterStartWh: i });
      bookkeeping.tell(book, end(session.transaction, { meterStopWh: i + 1 }).session);
      clock.advance(1000);
    }
    assert.ok(book.sessions.size <= 201);
    assert.ok(journal.records.length <= 1501, String(journal.records.length));
    const last = Number([...book.sessions.values()].at(-1)?.transaction);
    open();
    assert.ok(Number(start().session.transaction) > last);
  });
});
