import assert from 'node:assert/strict';
import type { Response } from '../../src/model/command.ts';
import type { Event } from '../../src/model/event.ts';
import { isoTime } from '../../src/model/time.ts';
import { gatewayName } from '../../src/shell/gateway.ts';
import { batteryProfile } from '../support/modbus/battery-server.ts';
import { type CommandFlow, envelope, startCommandFlow } from '../support/node-red/command-flow.ts';
import { until } from '../support/until.ts';

const perSecond = 1000;
const count = 2 * perSecond;
const writeIntervalMs = batteryProfile.actuators[0]?.minWriteIntervalMs ?? 0;
const stepsPerOrder = 2;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('1000 commands per second', () => {
  let street: CommandFlow;
  let outcomes: Map<string, Response[]>;

  beforeEach(async () => {
    street = await startCommandFlow();
    outcomes = new Map();
    street.listener.client.on('message', (topic, payload) => {
      if (!topic.includes('/response/')) return;
      const response: Response = JSON.parse(String(payload));
      if (response.status === 'accepted') return;
      outcomes.set(response.id, [...(outcomes.get(response.id) ?? []), response]);
    });
  });
  afterEach(() => street.close());

  /** @returns how long it is ago, s, and whether the meter beside it was polled on since: all share one process here */
  const storm = async (payloads: (n: number) => string): Promise<{ ago: () => number; isPolledOn: () => boolean }> => {
    const polls = (): number => street.listener.heard.filter(({ topic }) => topic === 'devices/m/meter/power').length;
    const [from, before] = [performance.now(), polls()];
    for (let n = 0; n < count; n++) {
      const waitMs = from + (n * 1000) / perSecond - performance.now();
      if (waitMs > 1) await pause(waitMs);
      street.listener.client.publish('devices/b/battery/command/charge', payloads(n), { qos: 1 });
    }
    return { ago: () => (performance.now() - from) / 1000, isPolledOn: () => polls() - before >= 2 };
  };
  /** Each with one outcome. */
  const settled = async (ids: string[]): Promise<Response[]> => {
    await until(() => ids.every((id) => outcomes.has(id)), 'an outcome of each', 100_000);
    const all = ids.map((id) => outcomes.get(id) ?? []);
    assert.deepEqual([...new Set(all.map(({ length }) => length))], [1]);
    return all.flat();
  };

  it('valid ones: the newest wins, written at the pace of the device, and nobody else has to wait', async () => {
    const ids: string[] = [];
    const { ago, isPolledOn } = await storm((n) => {
      const command = envelope({ ts: isoTime(Date.now()), ttl_s: 60, lease_s: 60, params: { power_w: n } });
      ids.push(command.id);
      return JSON.stringify(command);
    });
    const answers = await settled(ids);
    assert.equal(street.device.state().powerW, -(count - 1));
    assert.equal(answers.at(-1)?.status, 'completed');
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set(['completed', 'superseded']));
    const powers = street.device.writes.filter(({ powerW }, i, all) => powerW !== all[i - 1]?.powerW);
    const most = ago() * (1000 / writeIntervalMs) + 2;
    assert.ok(powers.length <= most, `${powers.length} powers were written`);
    assert.ok(powers.length > count / perSecond, 'it is not kept waiting either');
    assert.ok(isPolledOn(), 'the meter has to wait');
  });

  it('the same again and again: written at the pace of the device as well', async () => {
    const ids: string[] = [];
    const { ago, isPolledOn } = await storm(() => {
      const command = envelope({ ts: isoTime(Date.now()), ttl_s: 60, lease_s: 60 });
      ids.push(command.id);
      return JSON.stringify(command);
    });
    const answers = await settled(ids);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set(['completed', 'superseded']));
    const most = stepsPerOrder * (ago() * (1000 / writeIntervalMs) + 2);
    assert.ok(street.device.writes.length <= most, `${street.device.writes.length} writes`);
    assert.ok(isPolledOn(), 'the meter has to wait');
  });

  it('invalid ones: each is refused, nothing is written', async () => {
    const ids: string[] = [];
    const { isPolledOn } = await storm((n) => {
      const command = envelope({
        ts: isoTime(Date.now()),
        ttl_s: 60,
        params: n % 2 === 0 ? { power_w: 6000 } : { colour: n },
      });
      ids.push(command.id);
      return JSON.stringify(command);
    });
    const answers = await settled(ids);
    assert.deepEqual(new Set(answers.map(({ code }) => code)), new Set(['OUT_OF_RANGE', 'SCHEMA']));
    assert.deepEqual(street.device.writes, []);
    assert.ok(isPolledOn(), 'the meter has to wait');
  });

  it('garbage: told once per second with how much there was', async () => {
    const topic = `system/event/${gatewayName()}/command_rejected`;
    const told = (): number => {
      const counts = street.on<Event>(topic).map(({ data }) => Number(data?.count));
      return counts.reduce((sum, each) => sum + each, 0);
    };
    const { ago, isPolledOn } = await storm(() => 'garbage');
    await until(() => told() === count, 'all are told of');
    assert.ok(street.on(topic).length <= ago() + 3);
    assert.deepEqual(street.device.writes, []);
    assert.ok(isPolledOn(), 'the meter has to wait');
  });
});
