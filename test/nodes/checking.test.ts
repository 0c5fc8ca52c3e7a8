import assert from 'node:assert/strict';
import { allNodes, collect, collectErrors, collectStatus, helper, objectsOf } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

const reading = (path: string, value: number | null, more: object = {}) => ({
  topic: `devices/${path}`,
  schema: 'reading/1',
  value,
  unit: path.endsWith('soc') ? '%' : 'W',
  ts: new Date().toISOString(),
  quality: value === null ? 'invalid' : 'good',
  ...more,
});

describe('nodes that look at messages', () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => helper.unload());

  const load = (...nodes: object[]): Promise<void> =>
    helper.load(allNodes, [{ id: 'good', type: 'helper' }, { id: 'bad', type: 'helper' }, ...nodes]);

  describe('validate', () => {
    const node = { id: 'v', type: 'ems-validate', wires: [['good'], ['bad']] };

    it('lets an array through with what is right in it, and says why the rest is wrong', async () => {
      await load(node);
      const [good, bad] = [collect('good'), collect('bad')];
      const payload = [reading('1/battery/soc', 50), reading('1/battery/soc', 150), reading('1/battery/power', -2)];
      helper.getNode('v').receive({ payload });
      await until(() => good.length === 1 && bad.length === 1, 'both outputs');
      assert.deepEqual(
        objectsOf(good).map(({ value }) => value),
        [50, -2],
      );
      assert.deepEqual(bad[0]?.reasons, ['soc 150 % is outside 0..100 %']);
      assert.deepEqual(bad[0]?.payload, payload[1]);
    });

    it('reads a raw MQTT message', async () => {
      await load(node);
      const good = collect('good');
      helper.getNode('v').receive({ topic: 'devices/1/battery/soc', payload: Buffer.from('42.5') });
      await until(() => good.length === 1, 'the reading');
      const [{ value, unit } = {}] = objectsOf(good);
      assert.deepEqual([value, unit], [42.5, '%']);
    });

    it('refuses a command that was retained', async () => {
      await load(node);
      const bad = collect('bad');
      const payload = {
        schema: 'command/1',
        id: 'a',
        ts: new Date().toISOString(),
        params: {},
        ttl_s: 10,
        requester: 'x',
      };
      const message = { topic: 'devices/1/battery/command/charge', payload: JSON.stringify(payload), retain: true };
      helper.getNode('v').receive(message);
      await until(() => bad.length === 1, 'the refusal');
      assert.deepEqual(bad[0]?.reasons, ['a retained command is never carried out']);
    });

    it('survives nonsense of every kind', async () => {
      await load(node);
      const bad = collect('bad');
      const nonsense = [undefined, null, 7, 'x', [], [null], {}, { topic: 5 }, [{ topic: 'x' }], Buffer.from([1, 2])];
      for (const payload of nonsense) helper.getNode('v').receive({ payload });
      // An empty array holds nothing that could be wrong.
      await until(() => bad.length === nonsense.length - 1, 'every refusal');
      assert.ok(bad.every(({ reasons }) => reasons && reasons.length > 0));
    });
  });

  describe('pick', () => {
    const pick = (more: object) => ({ id: 'p', type: 'ems-pick', wires: [['good']], output: 'value', ...more });

    it('gives bare values under their names', async () => {
      await load(pick({ choices: [{ topic: 'devices/+/battery/soc', field: '', name: 'soc' }] }));
      const good = collect('good');
      helper.getNode('p').receive({ payload: [reading('1/battery/soc', 50), reading('1/battery/power', 7)] });
      await until(() => good.length === 1, 'the value');
      assert.deepEqual([good[0]?.topic, good[0]?.payload], ['soc', 50]);
      assert.equal((good[0] as { reading: { unit?: string } }).reading.unit, '%');
    });

    it('gives an object of several, and reaches into site values', async () => {
      const topic = 'sites/home/power';
      const choices = [
        { topic, field: 'grid_w', name: 'grid' },
        { topic, field: 'flows.solar_load', name: '' },
      ];
      await load(pick({ choices, output: 'object' }));
      const good = collect('good');
      helper.getNode('p').receive({ payload: { topic, grid_w: 5, flows: { solar_load: 3 }, quality: 'good' } });
      await until(() => good.length === 1, 'the object');
      assert.deepEqual(good[0]?.payload, { grid: 5, home_power_flows_solar_load: 3 });
    });

    for (const [bad, expected] of [
      ['drop', []],
      ['null', [null, null]],
      ['pass', [null, 40]],
    ] as const)
      it(`${bad}: what becomes of values that cannot be trusted`, async () => {
        await load(pick({ choices: [{ topic: 'devices/#', field: '', name: '' }], bad }));
        const good = collect('good');
        const payload = [
          reading('1/battery/soc', null),
          reading('1/battery/soc', 40, { quality: 'stale' }),
          reading('2/battery/soc', 1),
        ];
        helper.getNode('p').receive({ payload });
        await until(() => good.some((each) => each.payload === 1), 'the last value');
        assert.deepEqual(
          good.map((each) => each.payload),
          [...expected, 1],
        );
      });

    it('says when nothing newer comes, in its status and with one message', async () => {
      const choices = ['1', '2'].map((device) => ({ topic: `devices/${device}/battery/soc`, field: '', name: device }));
      await load(pick({ choices, output: 'object', maxAge: 1 }));
      const [good, statuses] = [collect('good'), collectStatus('p')];
      helper.getNode('p').receive({ payload: [reading('1/battery/soc', 50), reading('2/battery/soc', 60)] });
      await until(() => good.some(({ payload }) => (payload as { 1: unknown })[1] === null), 'the old values');
      assert.deepEqual(
        [good.length, good[0]?.payload, good.at(-1)?.payload],
        [2, { 1: 50, 2: 60 }, { 1: null, 2: null }],
      );
      assert.deepEqual(
        statuses.filter(({ fill }) => fill !== 'grey').map(({ fill, text }) => [fill, text]),
        [
          ['green', 'ems-pick.status.values'],
          ['yellow', 'ems-pick.status.someBad'],
        ],
      );
    });

    it('is not green while its only value is old or left out', async () => {
      await load(pick({ choices: [{ topic: 'devices/#', field: '', name: '' }], bad: 'drop', maxAge: 1 }));
      const [good, statuses] = [collect('good'), collectStatus('p')];
      helper.getNode('p').receive({ payload: reading('1/battery/soc', 50) });
      await until(() => statuses.at(-1)?.text === 'ems-pick.status.old', 'the status');
      assert.equal(statuses.at(-1)?.fill, 'yellow');
      assert.deepEqual(
        good.map(({ payload }) => payload),
        [50],
      );
    });

    it('leaves out what did not change, where that was asked for', async () => {
      await load(pick({ choices: [{ topic: 'devices/#', field: '', name: '' }], onlyChanges: true }));
      const good = collect('good');
      for (const value of [1, 1, 2, 2, 1]) helper.getNode('p').receive({ payload: reading('1/battery/soc', value) });
      await until(() => good.length === 3, 'three changes');
      assert.deepEqual(
        good.map((each) => each.payload),
        [1, 2, 1],
      );
    });
  });

  describe('a wrong configuration', () => {
    it('is one readable error, and stops no other node', async () => {
      await load(
        { id: 'p', type: 'ems-pick', wires: [['good']], choices: [] },
        { id: 'v', type: 'ems-validate', wires: [['good']] },
      );
      const good = collect('good');
      const errors = collectErrors('p');
      helper.getNode('p').receive({ payload: 1 });
      const isTold = (): boolean => errors.some((error) => /cannot work with its configuration/.test(error));
      await until(isTold, `the error: ${errors}`);
      helper.getNode('v').receive({ payload: reading('1/battery/soc', 1) });
      await until(() => good.length === 1, 'the other node works');
    });

    it('names what is wrong, with the field', async () => {
      await load({ id: 'v', type: 'ems-validate', maxBytes: `\${EMS_NOWHERE}`, future: 'soon', wires: [] });
      const logged = helper.logged().join('\n');
      assert.match(logged, /maxBytes: the environment variable EMS_NOWHERE is not set/);
      assert.match(logged, /future: /);
    });
  });
});
