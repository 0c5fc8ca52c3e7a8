import assert from 'node:assert/strict';
import type { Message } from '../../src/model/message.ts';
import { isoTime } from '../../src/model/time.ts';
import { createReceiver, type Receiver, type Rejection } from '../../src/mqtt/receiver.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

describe('what comes from the broker', () => {
  let clock: VirtualClock;
  let receiver: Receiver;
  let batches: Message[][];
  let singles: Message[];
  let commands: Record<string, unknown>[];
  let rejected: Rejection[];
  let removed: string[];

  const open = (batchMs: number): void => {
    receiver = createReceiver(
      { batchMs, admits: ({ kind }) => kind !== 'site_value', isDeclared: () => false },
      clock,
      {
        batch: (messages) => batches.push(messages),
        single: (message) => singles.push(message),
        command: (body, { retain }) => commands.push({ ...body, retain }),
        rejected: (rejection) => rejected.push(rejection),
        removed: (device) => removed.push(device),
      },
    );
  };
  beforeEach(() => {
    clock = createVirtualClock();
    [batches, singles, commands, rejected, removed] = [[], [], [], [], []];
    open(100);
  });

  const take = (topic: string, payload: object | string, retain = false): void =>
    receiver.take({
      topic,
      payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
      qos: 1,
      retain,
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

  it('goes on at once where no gathering was asked for, and at the end', () => {
    open(0);
    take(path, soc(50, 1));
    assert.equal(batches.length, 1);
    open(100);
    take(path, soc(51, 2));
    receiver.close();
    assert.equal(batches.length, 2);
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
    take('devices/101/battery/command/charge', { ...command, id: 'c-2' }, true);
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
    take('devices/101/battery/setpoint/charge', '', true);
    assert.deepEqual(singles, [{ topic: 'devices/101/battery/setpoint/charge', schema: 'setpoint/1', ended: true }]);
  });

  it('tells that a device was taken off the broker', () => {
    take('devices/101/meta', '', true);
    take('devices/101/battery/soc', '', true);
    assert.deepEqual([removed, rejected], [['101'], []]);
  });
});
