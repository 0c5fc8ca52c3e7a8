import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { isoTime } from '../../../src/model/time.ts';
import { MessageReceiver, type RejectedMessage } from '../../../src/mqtt/messages/message-receiver.ts';
import { gridMeter, metaOf } from '../../support/site/site-messages.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('what comes from the broker', () => {
  let clock: VirtualClock;
  let receiver: MessageReceiver;
  let batches: Message[][];
  let singles: Message[];
  let commands: Record<string, unknown>[];
  let rejected: RejectedMessage[];
  let removed: string[];

  const open = (batchMs: number): void => {
    receiver = new MessageReceiver(
      { batchMs, admits: ({ kind }) => kind !== 'site_value', isDeclared: () => false },
      clock,
      {
        batch: (messages) => void batches.push(messages),
        single: (message) => void singles.push(message),
        command: (body, { retain }) => void commands.push({ ...body, retain }),
        rejected: (rejection) => void rejected.push(rejection),
        removed: (device) => removed.push(device),
      },
    );
  };
  beforeEach(() => {
    clock = createVirtualClock();
    [batches, singles, commands, rejected, removed] = [[], [], [], [], []];
    open(100);
  });

  const take = (topic: string, payload: object | string, more: { retain?: boolean; qos?: 0 | 1 | 2 } = {}) =>
    receiver.take({
      topic,
      payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
      qos: 1,
      retain: false,
      ...more,
    });
  const soc = (value: number, seq: number, boot = 'boot1') => ({
    schema: 'reading/1',
    value,
    unit: '%',
    ts: isoTime(clock.now()),
    quality: 'good',
    seq,
    boot,
  });
  const path = 'devices/101/battery/soc';

  it('is gathered for a moment, and not for longer', () => {
    take(path, soc(50, 1));
    clock.advance(60);
    take(path, soc(51, 2));
    assert.equal(batches.length, 0);
    clock.advance(40);
    assert.deepEqual(
      batches.map((batch) => batch.map((message) => (message as { value?: unknown }).value)),
      [[50, 51]],
    );
    clock.advance(1000);
    assert.equal(batches.length, 1);
  });

  it('goes on at once where no gathering was asked for, and where somebody is in a hurry', () => {
    open(0);
    take(path, soc(50, 1));
    assert.equal(batches.length, 1);
    open(100);
    take(path, soc(51, 2));
    receiver.hurry();
    assert.equal(batches.length, 2);
    clock.advance(1000);
    assert.equal(batches.length, 2);
  });

  describe('is taken', () => {
    let delivered: ((isDelivered: boolean) => void)[];
    /** A sink that has the message some time after it was handed over. */
    const openSlow = (withCopies = false): void => {
      delivered = [];
      const hand = (): Promise<boolean> => new Promise((resolve) => delivered.push(resolve));
      receiver = new MessageReceiver({ batchMs: 100, admits: () => true, isDeclared: () => false, withCopies }, clock, {
        batch(messages) {
          batches.push(messages);
          return hand();
        },
        single: hand,
        command: hand,
        rejected: hand,
        removed: (device) => removed.push(device),
      });
    };
    beforeEach(() => openSlow());

    const outcomes = async (takings: (Promise<boolean> | undefined)[]): Promise<(boolean | undefined)[]> => {
      const known: (boolean | undefined)[] = takings.map(() => undefined);
      for (const [i, taking] of takings.entries())
        void taking?.then((isTaken) => {
          known[i] = isTaken;
        });
      await new Promise((resolve) => setImmediate(resolve));
      return known;
    };

    it('once the batch it lies in has reached somebody', async () => {
      const takings = [take(path, soc(50, 1)), take(path, soc(51, 2))];
      assert.deepEqual(await outcomes(takings), [undefined, undefined]);
      clock.advance(100);
      assert.deepEqual(await outcomes(takings), [undefined, undefined]);
      delivered[0]?.(true);
      assert.deepEqual(await outcomes(takings), [true, true]);
    });

    it('at once where nobody was promised anything, and where it is not wanted', () => {
      assert.equal(take(path, soc(50, 1), { qos: 0 }), undefined);
      assert.equal(take('devices/101/battery/command/charge', { id: 'c' }, { qos: 0 }), undefined);
      assert.equal(take('devices/101/battery/soc', ''), undefined);
    });

    const alone: Record<string, [topic: string, payload: object | string]> = {
      'a command': ['devices/101/battery/command/charge', { id: 'c-1' }],
      'what is refused': [path, 'no json'],
      'an ended setpoint': ['devices/101/battery/setpoint/charge', ''],
      'a response': [
        'devices/101/battery/response/charge',
        { schema: 'response/1', id: 'c-1', command: 'charge', status: 'accepted', ts: isoTime(0) },
      ],
    };
    for (const [name, [topic, payload]] of Object.entries(alone))
      it(`once it has reached somebody: ${name}`, async () => {
        const taking = take(topic, payload);
        assert.deepEqual(await outcomes([taking]), [undefined]);
        delivered[0]?.(true);
        assert.deepEqual(await outcomes([taking]), [true]);
      });

    it('as a copy not before the first one', async () => {
      const takings = [take(path, soc(50, 1)), take(path, soc(50, 1))];
      assert.deepEqual(await outcomes(takings), [undefined, undefined]);
      clock.advance(100);
      delivered[0]?.(true);
      assert.deepEqual(await outcomes(takings), [true, true]);
      assert.equal(take(path, soc(50, 1)), undefined, 'nothing is on its way');
      assert.equal(batches.flat().length, 1);
    });

    it('by nobody where it is closed before: what was promised is left, the rest goes on', async () => {
      const takings = [take(path, soc(50, 1)), take(path, soc(51, 2))];
      take(path, soc(52, 3), { qos: 0 });
      receiver.close();
      assert.deepEqual(await outcomes(takings), [false, false]);
      clock.advance(1000);
      assert.deepEqual(
        batches.map((batch) => batch.map((message) => (message as { seq?: unknown }).seq)),
        [[3]],
      );
    });

    for (const isDelivered of [true, false])
      it(`${isDelivered ? 'also' : 'by nobody'} where it was sent, and ${isDelivered ? 'arrives' : 'does not arrive'} after the end`, async () => {
        const takings = [take(path, soc(50, 1)), take('devices/101/battery/command/charge', { id: 'c-1' })];
        clock.advance(100);
        receiver.close();
        for (const deliver of delivered) deliver(isDelivered);
        assert.deepEqual(await outcomes(takings), [isDelivered, isDelivered]);
      });

    it('each time where copies are asked for: a command that is asked again is answered again', () => {
      openSlow(true);
      take(path, soc(50, 1));
      take(path, soc(50, 1));
      clock.advance(100);
      assert.equal(batches.flat().length, 2);
    });
  });

  it('does not grow without bound', () => {
    for (let seq = 1; seq <= 5000; seq++) take(path, soc(50, seq));
    assert.deepEqual(
      batches.map(({ length }) => length),
      [5000],
    );
  });

  it('is there once, whatever the broker delivers twice', () => {
    take(path, soc(50, 1));
    take(path, soc(50, 1));
    take(path, soc(50, 1, 'boot2'));
    clock.advance(100);
    assert.equal(batches[0]?.length, 2);
  });

  it('is there once in a backlog that is delivered again: readings, events and responses', () => {
    const ts = isoTime(clock.now());
    const backlog = (): void => {
      for (let n = 1; n <= 100; n++) {
        take(path, soc(50, n));
        const event = { schema: 'event/1', id: `e-${n}`, name: 'session_ended', severity: 'info', ts };
        take('devices/102/ev_charger/1/event/session_ended', event);
        for (const status of ['accepted', 'completed'])
          take('devices/101/battery/response/charge', {
            schema: 'response/1',
            id: `c-${n}`,
            command: 'charge',
            status,
            ts,
          });
      }
    };
    backlog();
    backlog();
    clock.advance(100);
    assert.deepEqual([batches.flat().length, singles.length], [200, 200]);
  });

  it('is refused with its reasons, and harms nothing else', () => {
    take(path, 'no json');
    take(path, { ...soc(50, 1), value: 150 });
    take('devices/101/battery', soc(50, 1));
    take(path, soc(52, 3));
    clock.advance(100);
    assert.equal(rejected.length, 3);
    assert.ok(rejected.every(({ reasons }) => reasons.length > 0 && reasons.every((reason) => reason !== '')));
    assert.equal(batches[0]?.length, 1);
  });

  it('is left out where nobody asked for it', () => {
    take('sites/3/power', { schema: 'site-power/1' });
    clock.advance(100);
    assert.deepEqual([batches, rejected], [[], []]);
  });

  it('hands a command on as it came: whoever carries it out judges and answers it', () => {
    const command = {
      schema: 'command/1',
      id: 'c-1',
      ts: isoTime(clock.now()),
      ttl_s: 60,
      requester: 'test',
      params: { power_w: 1000 },
    };
    take('devices/101/battery/command/charge', command);
    take('devices/101/battery/command/charge', { ...command, id: 'c-2' }, { retain: true });
    take('devices/101/battery/command/charge', { id: 'c-3', typo: 1 });
    assert.deepEqual(
      commands.map(({ id, retain }) => [id, retain]),
      [
        ['c-1', false],
        ['c-2', true],
        ['c-3', false],
      ],
    );
    assert.deepEqual([singles, rejected], [[], []]);
  });

  it('refuses a command that nobody could read safely', () => {
    const topic = 'devices/101/battery/command/charge';
    take(topic, '{"id":"c-1","__proto__":{"x":1}}');
    take(topic, '[1]');
    take(topic, 'x'.repeat(100_000));
    assert.deepEqual(commands, []);
    assert.equal(rejected.length, 3);
  });

  it('tells that a setpoint is over, which is a topic without a message', () => {
    take('devices/101/battery/setpoint/charge', '', { retain: true });
    assert.deepEqual(singles, [{ topic: 'devices/101/battery/setpoint/charge', schema: 'setpoint/1', ended: true }]);
  });

  it('tells that a device was taken off the broker', () => {
    take('devices/101/meta', '', { retain: true });
    take('devices/101/battery/soc', '', { retain: true });
    assert.deepEqual([removed, rejected], [['101'], []]);
  });

  it('tells it after what came before, which would bring the device back', () => {
    const told: string[] = [];
    receiver = new MessageReceiver({ batchMs: 100, admits: () => true, isDeclared: () => false }, clock, {
      batch: (messages) => void told.push(...messages.map(({ topic }) => topic)),
      single: () => undefined,
      command: () => undefined,
      rejected: () => undefined,
      removed: (device) => told.push(`${device} is gone`),
    });
    take('devices/101/meta', metaOf('101', gridMeter), { retain: true });
    take('devices/101/meta', '', { retain: true });
    clock.advance(1000);
    assert.deepEqual(told, ['devices/101/meta', '101 is gone']);
  });
});
