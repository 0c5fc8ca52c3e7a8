/** Orders of messages around the end of a session: no energy is billed twice, to the wrong session, or lost. */
import assert from 'node:assert/strict';
import { type Bill, MeteredStation } from '../../support/ocpp/metered-station.ts';
import { createScriptedStation, type ScriptedStation } from '../../support/ocpp/scripted-station.ts';

const minute = 60_000;

interface Order {
  name: string;
  /** Absent: all. */
  of?: '1.6' | '2.x';
  run(garage: MeteredStation): Promise<void>;
  bills: Bill[];
}

const orders: Order[] = [
  {
    name: 'as in the book',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.finish(100);
      await g.status('Available');
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'Available before its end',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(100);
      const end = g.end();
      await g.status('Available');
      await g.field.pass(minute);
      await g.tell(end);
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'no number, and the same again by its number',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(100);
      const end = g.end(null);
      await g.tell(end);
      await g.tell(g.withNumber(end, g.id()));
      assert.deepEqual(g.field.named('session_corrected'), []);
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'no number, told three times',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(100);
      const end = g.end(null);
      for (let i = 0; i < 3; i++) await g.tell(end);
      await g.field.pass(minute);
      await g.tell(g.withNewTime(end));
      assert.deepEqual(g.field.named('session_corrected'), []);
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'an end of nobody knows whom fits; the session goes on, and ends by its number',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.tell(g.end(null));
      await g.charge(500);
      assert.equal(g.field.last('1/session_id'), String(g.id()));
      await g.finish(100);
    },
    bills: [[1, 'T1', 1600]],
  },
  {
    name: 'an end of nobody knows whom fits; the session goes on in silence, and ends by its number',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.tell(g.end(null));
      await g.finish(600);
    },
    bills: [[1, 'T1', 1600]],
  },
  {
    name: 'an end of nobody knows whom fits; the session goes on, and its own end never comes',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.tell(g.end(null));
      await g.charge(500);
      await g.status('Available');
    },
    bills: [[1, 'T1', 1500]],
  },
  {
    name: 'the end of a session that nobody heard of fits that of the other connector',
    async run(g) {
      await g.start();
      await g.charge(1000);
      g.setRegister(g.register() + 100, 2);
      await g.tell(g.end(null, 2));
      await g.charge(1000);
      await g.finish(30);
    },
    bills: [[1, 'T1', 2030]],
  },
  {
    name: 'the end of a session that nobody heard of is too far from the only one, which was not measured yet',
    async run(g) {
      await g.start();
      await g.field.pass(10_000);
      await g.tell(g.end(null, 2));
      await g.charge(400);
      await g.status('Available');
      assert.equal(g.field.named('session_end_unknown').length, 1);
    },
    bills: [[1, 'T1', 400]],
  },
  {
    name: 'the end without a number is that of the nearest register, also where the other car has just left',
    async run(g) {
      await g.start('T1', 1);
      await g.field.pass(10 * minute, 1000);
      await g.status('Available', 1);
      await g.start('T2', 2);
      await g.draw(30, 2);
      await g.tell(g.end(null, 2));
    },
    bills: [
      [2, 'T2', 30],
      [1, 'T1', 0],
    ],
  },
  {
    name: 'told again with a new time, when the next session of that person has begun',
    async run(g) {
      await g.start();
      await g.charge(1000);
      const end = g.end();
      await g.tell(end);
      await g.field.pass(5000);
      await g.start();
      await g.field.pass(5000);
      await g.tell(g.withNewTime(end));
      assert.equal(g.field.named('session_ended').length, 1);
      await g.charge(700);
      await g.finish(10);
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T1', 710],
    ],
  },
  {
    name: 'ended twice, the second time with what it drew since',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.tell(g.end());
      await g.finish(50);
      await g.finish(20);
    },
    bills: [[1, 'T1', 1070]],
  },
  {
    name: 'two sessions of one car, and the end of the first comes again with what the second drew',
    async run(g) {
      await g.start();
      const first = g.id();
      await g.charge(1000);
      await g.finish(0);
      await g.field.pass(5000);
      await g.tell(g.beginning('T2'));
      await g.charge(500);
      await g.finish(20);
      await g.field.pass(5000);
      await g.draw(5);
      await g.tell(g.end(first));
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 520],
    ],
  },
  {
    name: 'ended, the car has left, and the number comes with another end a day later: nobody is billed, and it is told',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.tell(g.end());
      await g.status('Available');
      await g.draw(8000, 1, 24 * 60 * minute);
      await g.tell(g.end());
      assert.equal(g.field.named('session_end_unknown')[0]?.data?.meter_stop_wh, 109_000);
    },
    bills: [[1, 'T1', 1000]],
  },
  {
    name: 'says Available for a moment, and goes on under its number',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.status('Available');
      await g.status('Charging');
      for (let i = 0; i < 10; i++) await g.charge(100);
      assert.equal(g.field.last('1/session_id'), String(g.id()));
      assert.deepEqual(g.bills(), []);
      await g.finish(50);
    },
    bills: [[1, 'T1', 2050]],
  },
  {
    name: 'says Available for a moment, and goes on under its number, drawing nothing for a while',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.status('Available');
      await g.status('Charging');
      for (let i = 0; i < 5; i++) await g.charge(0);
      assert.equal(g.field.last('1/session_id'), String(g.id()));
      await g.finish(50);
      assert.deepEqual(g.field.named('session_corrected'), []);
    },
    bills: [[1, 'T1', 1050]],
  },
  {
    name: 'restarts in mid-session, and goes on under its number when the grace is over',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.isAway(minute);
      await g.comesBack();
      await g.status('Available');
      await g.field.pass(5 * minute, 1000);
      await g.status('Charging');
      await g.charge(100);
      await g.charge(100);
      assert.equal(g.field.last('1/session_id'), String(g.id()));
      await g.finish(50);
    },
    bills: [[1, 'T1', 1250]],
  },
  {
    name: 'the same, and leaves without an end',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.isAway(minute);
      await g.comesBack();
      await g.status('Available');
      await g.field.pass(5 * minute, 1000);
      await g.status('Charging');
      await g.charge(100);
      await g.charge(100);
      await g.status('Available');
    },
    bills: [[1, 'T1', 1200]],
  },
  {
    name: 'the next session is told before what waits in the queue: the end of the first, and a whole session',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.field.drop();
      await g.draw(200);
      const first = g.end();
      await g.field.pass(minute);
      const begun = g.beginning('T2');
      const second = g.id();
      await g.draw(3000);
      const ended = g.end(second);
      await g.field.pass(5 * minute, 1000);
      await g.comesBack();
      await g.start('T3');
      const third = g.id();
      await g.charge(300);
      await g.tell(first);
      await g.tell(begun);
      await g.tell(g.withNumber(ended, g.field.version === '1.6' ? g.id() : second));
      await g.draw(50);
      await g.tell(g.end(third));
    },
    bills: [
      [1, 'T1', 1200],
      [1, 'T2', 3000],
      [1, 'T3', 350],
    ],
  },
  {
    name: 'the same, and the end of the second has no number',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.field.drop();
      await g.draw(200);
      const first = g.end();
      await g.field.pass(minute);
      const begun = g.beginning('T2');
      await g.draw(3000);
      const ended = g.end(null);
      await g.field.pass(5 * minute, 1000);
      await g.comesBack();
      await g.start('T3');
      const third = g.id();
      await g.charge(300);
      await g.tell(first);
      await g.tell(begun);
      await g.tell(ended);
      await g.draw(50);
      await g.tell(g.end(third));
    },
    bills: [
      [1, 'T1', 1200],
      [1, 'T2', 3000],
      [1, 'T3', 350],
    ],
  },
  {
    name: 'a session waits in the queue, its car has left, and its end is lost',
    async run(g) {
      await g.field.drop();
      const begun = g.beginning();
      await g.draw(300);
      const reading = g.field.version === '1.6' ? g.reading(null) : g.reading();
      await g.draw(1000);
      await g.field.connect();
      await g.status('Available');
      await g.tell(begun);
      await g.tell(g.field.version === '1.6' ? g.withNumber(reading, g.id()) : reading);
    },
    bills: [[1, 'T1', 300]],
  },
  {
    name: 'the end of the first has no number, and comes after the second has begun',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(100);
      const first = g.end(null);
      await g.status('Available');
      await g.field.pass(minute);
      await g.start('T2');
      await g.charge(500);
      await g.tell(first);
      await g.finish(50);
    },
    bills: [
      [1, 'T1', 1100],
      [1, 'T2', 550],
    ],
  },
  {
    name: 'the end has no number, and comes when the grace is over',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(100);
      const end = g.end(null);
      await g.status('Available');
      await g.field.pass(10 * minute, 1000);
      await g.tell(end);
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'the register of one connector is told under the number of the other',
    of: '1.6',
    async run(g) {
      await g.start('T1', 1);
      await g.start('T2', 2);
      await g.charge(1000, 1);
      await g.charge(800, 2);
      for (let i = 0; i < 4; i++) await g.charge(100, 1, g.id(2));
      assert.equal(g.field.last('1/session_energy'), 1400);
      await g.finish(0, 1);
      await g.finish(0, 2);
    },
    bills: [
      [1, 'T1', 1400],
      [2, 'T2', 800],
    ],
  },
  {
    name: 'the ends of two connectors have the numbers of each other',
    of: '1.6',
    async run(g) {
      await g.start('T1', 1);
      await g.start('T2', 2);
      await g.charge(1000, 1);
      await g.charge(800, 2);
      await g.draw(10, 1);
      await g.draw(20, 2);
      await g.tell(g.end(g.id(2), 1, { idTag: 'T1' }));
      await g.tell(g.end(g.id(1), 2, { idTag: 'T2' }));
    },
    bills: [
      [1, 'T1', 1010],
      [2, 'T2', 820],
    ],
  },
  {
    name: 'the end of one connector has the number of the other, and no tag: nothing is billed that was not drawn',
    of: '1.6',
    async run(g) {
      await g.start('T1', 1);
      await g.start('T2', 2);
      await g.charge(1000, 1);
      await g.charge(800, 2);
      await g.tell(g.end(g.id(2), 1));
      await g.status('Available', 1);
      await g.charge(200, 2);
      await g.finish(20, 2);
    },
    bills: [
      [2, 'T2', 1020],
      [1, 'T1', 1000],
    ],
  },
  {
    name: 'meter values under the number of the session before, and the end never comes',
    of: '1.6',
    async run(g) {
      await g.start();
      const first = g.id();
      await g.charge(1000);
      await g.finish(0);
      await g.status('Available');
      await g.start('T2');
      for (let i = 0; i < 4; i++) await g.charge(100, 1, first);
      await g.status('Available');
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 400],
    ],
  },
  {
    name: 'the number of the session before, whose own end never came',
    of: '1.6',
    async run(g) {
      await g.start();
      const first = g.id();
      await g.charge(1000);
      await g.status('Available');
      await g.start('T2');
      await g.charge(500);
      await g.draw(20);
      await g.tell(g.end(first));
      assert.equal(g.field.last('1/session_id'), '');
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 520],
    ],
  },
  {
    name: 'the register of a connector without a session is told under the number of the other',
    of: '1.6',
    async run(g) {
      await g.start('T2', 2);
      await g.charge(800, 2);
      for (let i = 0; i < 4; i++) await g.charge(1, 1, g.id(2));
      await g.status('Available', 2);
    },
    bills: [[2, 'T2', 800]],
  },
  {
    name: 'meter values of the session before come when the next has begun',
    of: '1.6',
    async run(g) {
      await g.start();
      const first = g.id();
      const late = [];
      for (let i = 0; i < 4; i++) {
        await g.draw(250);
        late.push(g.reading(first));
      }
      await g.finish(0);
      await g.status('Available');
      await g.start('T2');
      for (const each of late) await g.tell(each);
      await g.charge(500);
      await g.finish(20);
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 520],
    ],
  },
  {
    name: 'a beginning that was not answered: meter values under a number of its own come first',
    of: '1.6',
    async run(g) {
      await g.status('Preparing');
      const begun = g.beginning();
      await g.status('Charging');
      await g.charge(100, 1, 7);
      await g.charge(100, 1, 7);
      await g.tell(begun);
      await g.charge(500);
      await g.finish(50);
      await g.status('Available');
    },
    bills: [[1, 'T1', 750]],
  },
  {
    name: 'the same, and the next that is told of it is its end',
    of: '1.6',
    async run(g) {
      await g.status('Preparing');
      const begun = g.beginning();
      await g.status('Charging');
      await g.charge(100, 1, 7);
      await g.charge(100, 1, 7);
      await g.tell(begun);
      await g.finish(550);
      await g.status('Available');
    },
    bills: [[1, 'T1', 750]],
  },
  {
    name: 'a beginning told twice, the second time with a new time',
    of: '1.6',
    async run(g) {
      await g.status('Preparing');
      const begun = g.beginning();
      await g.tell(begun);
      await g.field.pass(20_000);
      await g.tell(g.withNewTime(begun));
      await g.status('Charging');
      await g.charge(500);
      await g.finish(50);
    },
    bills: [
      [1, 'T1', 0],
      [1, 'T1', 550],
    ],
  },
  {
    name: 'a beginning that was not answered: its updates come first',
    of: '2.x',
    async run(g) {
      await g.status('Preparing');
      const begun = g.beginning();
      await g.charge(100);
      await g.charge(100);
      await g.tell(begun);
      await g.finish(50);
    },
    bills: [[1, 'T1', 250]],
  },
  {
    name: 'the number of the session before is used again',
    of: '2.x',
    async run(g) {
      await g.start('T1', 1, '1');
      await g.charge(1000);
      await g.finish(10);
      await g.status('Available');
      await g.field.pass(minute);
      await g.start('T2', 1, '1');
      await g.charge(500);
      await g.finish(20);
    },
    bills: [
      [1, 'T1', 1010],
      [1, 'T2', 520],
    ],
  },
  {
    name: 'the number of a session that is open is used again, for somebody else',
    of: '2.x',
    async run(g) {
      await g.start('T1', 1, '1');
      await g.charge(1000);
      await g.isAway(minute);
      await g.comesBack();
      await g.start('T2', 1, '1');
      await g.charge(500);
      await g.finish(20);
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 520],
    ],
  },
  {
    name: 'its last update comes when the car has left, and its end never',
    of: '2.x',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(20);
      await g.status('Available');
      await g.field.pass(5000);
      const { action, payload } = g.reading();
      const transactionInfo = { ...(payload.transactionInfo as object), chargingState: 'Idle' };
      await g.tell({ action, payload: { ...payload, transactionInfo } });
      assert.equal(g.field.last('1/session_id'), '');
    },
    bills: [[1, 'T1', 1020]],
  },
  {
    name: 'Available is told late, when its transaction has begun',
    of: '2.x',
    async run(g) {
      await g.tell(g.beginning());
      await g.status('Available');
      for (let i = 0; i < 5; i++) await g.charge(100);
      assert.deepEqual(g.bills(), []);
      await g.finish(50);
    },
    bills: [[1, 'T1', 550]],
  },
  {
    name: 'replaced in mid-session by one whose register stands higher; the car stays',
    async run(g) {
      await g.field.boot({ serial: 'S1' });
      await g.start();
      await g.charge(1000);
      await g.isAway(60 * minute);
      g.setRegister(800_000);
      await g.comesBack('S2');
      await g.start('T2');
      await g.charge(300);
      await g.finish(0);
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 300],
    ],
  },
  {
    name: 'replaced in mid-session by one whose register stands higher; the car has left',
    async run(g) {
      await g.field.boot({ serial: 'S1' });
      await g.start();
      await g.charge(1000);
      await g.isAway(60 * minute);
      g.setRegister(800_000);
      await g.comesBack('S2');
      await g.status('Available');
      await g.tell(g.reading(null));
    },
    bills: [[1, 'T1', 1000]],
  },
  {
    name: 'replaced in mid-session by one whose register stands lower; the car stays',
    async run(g) {
      await g.field.boot({ serial: 'S1' });
      await g.start();
      await g.charge(1000);
      await g.isAway(60 * minute);
      g.setRegister(12);
      await g.comesBack('S2');
      await g.start('T2');
      await g.charge(300);
      await g.finish(0);
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 300],
    ],
  },
  {
    name: 'the car leaves, the station is away for a day, others charge, and nobody hears of it',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.status('Available');
      await g.field.drop();
      await g.draw(30_000, 1, 600 * minute);
      await g.comesBack();
      await g.status('Available');
      await g.tell(g.reading(null));
      await g.field.pass(5000);
      await g.start('T2');
      await g.charge(300);
      await g.finish(0);
    },
    bills: [
      [1, 'T1', 1000],
      [1, 'T2', 300],
    ],
  },
  {
    name: 'the end says what the session drew, and not where the register stands',
    async run(g) {
      await g.start();
      await g.charge(3000);
      await g.draw(100);
      g.setRegister(3100);
      await g.tell(g.end());
    },
    bills: [[1, 'T1', 3100]],
  },
  {
    name: 'Node-RED is killed between the end and its answer, and the station tells it again with a new time',
    async run(g) {
      await g.start();
      await g.charge(1000);
      const end = g.end();
      await g.tell(end);
      g.field.kill();
      await g.field.connect();
      await g.field.pass(30_000);
      await g.tell(g.withNewTime(end));
    },
    bills: [[1, 'T1', 1000]],
  },
  {
    name: 'Node-RED is killed, and what happens meanwhile is told afterwards: an end, and a session without a number',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.field.drop();
      g.field.kill();
      await g.draw(500);
      const first = g.end();
      await g.field.pass(30 * minute, 10_000);
      const begun = g.beginning('T2');
      await g.draw(700);
      const second = g.end(null);
      await g.comesBack();
      await g.status('Available');
      await g.tell(first);
      await g.tell(begun);
      await g.tell(second);
    },
    bills: [
      [1, 'T1', 1500],
      [1, 'T2', 700],
    ],
  },
  {
    name: 'Node-RED is killed when the car has left, and once more when its end was concluded',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(100);
      const end = g.end();
      await g.status('Available');
      g.field.kill();
      await g.field.connect();
      await g.status('Available');
      await g.field.pass(5 * minute, 1000);
      g.field.kill();
      await g.field.connect();
      await g.status('Available');
      await g.tell(end);
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'the power is cut when the next session was written down, and the end of the one before was not',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(20);
      const { journal } = g.field;
      const before = journal.records.length;
      await g.tell(g.beginning('T2'));
      const ended = (record: object): boolean => /"state":"ended"/.test(JSON.stringify(record));
      assert.ok(journal.records.slice(before).some(ended));
      journal.records = journal.records.filter((record) => !ended(record));
      g.field.kill();
      await g.field.connect();
      await g.charge(500);
      await g.finish(0);
      await g.status('Available');
      await g.start('T3');
      await g.finish(70);
    },
    bills: [
      [1, 'T1', 1020],
      [1, 'T2', 500],
      [1, 'T3', 70],
    ],
  },
  {
    name: 'the disk is full at the end, which is told again',
    async run(g) {
      await g.start();
      await g.charge(1000);
      await g.draw(100);
      const end = g.end();
      g.field.journal.isWritable = false;
      g.field.station().send([2, 'unheard', end.action, end.payload]);
      await g.field.pass(11_000);
      await g.field.station().closed;
      await g.field.connect();
      await g.status('Available');
      await g.field.pass(5 * minute, 1000);
      g.field.journal.isWritable = true;
      await g.tell(end);
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'two cars, one tag, registers that begin anew, ends that say where and have no number',
    of: '2.x',
    async run(g) {
      for (const connector of [1, 2]) g.setRegister(0, connector);
      for (const connector of [1, 2]) await g.start('T1', connector);
      for (const connector of [1, 2]) await g.charge(1000, connector);
      for (const connector of [1, 2]) {
        await g.draw(30 * connector, connector);
        await g.tell(g.end(null, connector, { evse: { id: connector } }));
      }
    },
    bills: [
      [1, 'T1', 1030],
      [2, 'T1', 1060],
    ],
  },
  {
    name: 'two cars, one tag, registers that begin anew: the end is that of the car that has left',
    of: '1.6',
    async run(g) {
      for (const connector of [1, 2]) g.setRegister(0, connector);
      for (const connector of [1, 2]) await g.start('T1', connector);
      for (const connector of [1, 2]) await g.charge(1000, connector);
      await g.draw(30);
      await g.status('Available');
      await g.tell(g.end(null));
      await g.draw(500, 2);
      await g.tell(g.end(null, 2));
    },
    bills: [
      [1, 'T1', 1030],
      [2, 'T1', 1500],
    ],
  },
  {
    name: 'the clock of the station is an hour behind, and the end has no number',
    async run(g) {
      const behind = g.field.time;
      g.field.time = (agoMs = 0) => behind(agoMs + 60 * minute);
      await g.start();
      for (let i = 0; i < 5; i++) await g.charge(200);
      await g.draw(100);
      await g.tell(g.end(null));
      await g.status('Available');
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'the clock of the station was never set, and the end has no number',
    async run(g) {
      g.field.time = () => '1970-01-01T00:00:00Z';
      await g.start();
      for (let i = 0; i < 5; i++) await g.charge(200);
      await g.draw(100);
      await g.tell(g.end(null));
      await g.status('Available');
    },
    bills: [[1, 'T1', 1100]],
  },
  {
    name: 'the clock here is set back by an hour in mid-session',
    async run(g) {
      await g.start();
      await g.charge(1000);
      g.field.clock.jump(-60 * minute);
      await g.charge(100);
      await g.finish(50);
      await g.status('Available');
    },
    bills: [[1, 'T1', 1150]],
  },
  {
    name: 'the clock here alone is set back by an hour in mid-session, and the end has no number',
    async run(g) {
      await g.start();
      await g.charge(1000);
      const { time } = g.field;
      g.field.time = (agoMs = 0) => time(agoMs - 60 * minute);
      g.field.clock.jump(-60 * minute);
      await g.charge(100);
      await g.draw(50);
      await g.tell(g.end(null));
      await g.status('Available');
    },
    bills: [[1, 'T1', 1150]],
  },
];

for (const version of ['1.6', '2.0.1', '2.1'] as const)
  describe(`billing: orders of messages, OCPP ${version}`, () => {
    let field: ScriptedStation;
    beforeEach(async () => {
      field = await createScriptedStation({ version });
      await field.ready();
    });
    afterEach(() => field.close());

    const own = version === '1.6' ? '1.6' : '2.x';
    for (const { name, of = own, run, bills } of orders)
      if (of === own)
        it(name, async () => {
          const garage = new MeteredStation(field);
          await run(garage);
          // Whatever may still be concluded is.
          await field.pass(10 * minute, 1000);
          assert.deepEqual(garage.bills(), bills);
        });
  });
