/** Commands of SunSpec devices beside the power limit, over Modbus TCP, with the timers of the device. */
import assert from 'node:assert/strict';
import { battery7xx, hybrid12x, inverter7xx, inverter12x } from '../../../support/sunspec/commanded-models.ts';
import { CommandedSite } from '../../../support/sunspec/commanded-site.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

/** The registers as a signed number of 16 or 32 bits. */
const signed = (raw: number, bits = 16): number => (raw >= 2 ** (bits - 1) ? raw - 2 ** bits : raw);

describe('SunSpec: commands', () => {
  let site: CommandedSite;
  const start = async (models: ValuedModel[]): Promise<void> => {
    site = await CommandedSite.start(models);
  };
  const all = (...names: string[]): number[] => site.device.all(...names).map((raw) => signed(raw));
  afterEach(() => site.close());

  describe('for a battery by model 124', () => {
    const held = (): number[] =>
      all('124:OutWRte', '124:InWRte', '124:StorCtl_Mod', '124:InOutWRte_RvrtTms', '124:ChaGriSet');

    it('count in shares of what the battery can charge and discharge', async () => {
      await start(hybrid12x());
      const charged = await site.ask('battery', 'charge', { power_w: 2500 });
      assert.deepEqual([charged.status, charged.verified], ['completed', true], charged.message);
      // 2500 W are 50 % of 5000 W, WChaMax, and 62.5 % of 4000 W, MaxDisChaRte of model 120; from the grid as well.
      assert.deepEqual(held(), [-62, 50, 3, 60, 1]);
      await site.ask('battery', 'charge', { power_w: 2500, source: 'solar_only' });
      assert.deepEqual(held(), [-62, 50, 3, 60, 0]);
      await site.ask('battery', 'discharge', { power_w: 1000 });
      assert.deepEqual(held(), [25, -20, 3, 60, 0]);
      await site.ask('battery', 'hold', { allow: 'charge' });
      assert.deepEqual(held(), [0, 100, 3, 60, 0]);
      await site.ask('battery', 'release');
      assert.deepEqual(held(), [100, 100, 0, 0, 0]);
      assert.ok(
        site.notes.some((note) => note.includes('120:MaxDisChaRte, 4000 W')),
        site.notes.join('; '),
      );
    });

    it('write the rates and the timer before the mode', async () => {
      await start(hybrid12x());
      await site.ask('battery', 'limit_discharge', { power_w: 2000 });
      assert.deepEqual(held(), [50, 100, 3, 60, 0]);
      assert.deepEqual(
        site.device.writes.map((each) => [each.includes('OutWRte'), each.includes('StorCtl_Mod')]),
        [
          [true, false],
          [false, true],
        ],
      );
    });

    it('drop by themselves when the controller dies', async () => {
      await start(hybrid12x());
      await site.ask('battery', 'charge', { power_w: 2500 }, { leaseS: 600 });
      await site.kill();
      await site.pass(61_000);
      assert.equal(site.device.raw('124:StorCtl_Mod'), 0);
    });

    it('stay within limits of somebody else, who get them back', async () => {
      // Charging and discharging at 30 % at most.
      await start(hybrid12x({ StorCtl_Mod: 3, OutWRte: 30, InWRte: 30 }));
      const charged = await site.ask('battery', 'charge', { power_w: 4000 }, { leaseS: 30 });
      assert.deepEqual(charged.applied, { power_w: 1500 });
      assert.deepEqual(held(), [-37, 30, 3, 0, 1]);
      await site.ask('battery', 'hold', { allow: 'discharge' }, { leaseS: 30 });
      assert.deepEqual(held(), [30, 0, 3, 0, 0]);
      await site.kill();
      await site.pass(100_000);
      await site.restart();
      await site.pass(5000);
      assert.deepEqual(held(), [30, 30, 3, 0, 0]);
    });

    it('set the reserve, which the device keeps', async () => {
      await start(hybrid12x());
      const set = await site.ask('battery', 'set_reserve_soc', { soc: 25 });
      assert.equal(set.status, 'completed', set.message);
      assert.equal(site.device.raw('124:MinRsvPct'), 25);
    });
  });

  describe('for a battery by model 704', () => {
    const held = (): number[] => [
      signed(site.device.raw('704:WSet'), 32),
      ...all('704:WSetMod', '704:WSetEna', '704:WSetRvrtTms'),
    ];

    it('charge by a negative power, and drop by themselves', async () => {
      await start(battery7xx());
      const charged = await site.ask('battery', 'charge', { power_w: 3000 }, { leaseS: 600 });
      assert.equal(charged.status, 'completed', charged.message);
      assert.deepEqual(held(), [-3000, 1, 1, 60]);
      await site.ask('battery', 'discharge', { power_w: 2000 }, { leaseS: 600 });
      assert.deepEqual(held(), [2000, 1, 1, 60]);
      await site.kill();
      await site.pass(61_000);
      assert.deepEqual(held().slice(0, 3), [0, 1, 0]);
      await site.restart();
      await site.ask('battery', 'release');
      await site.pass(3000);
    });

    it('leave a power alone that somebody else has set', async () => {
      await start(battery7xx());
      site.device.write({ '704:WSet': 1000, '704:WSetMod': 1, '704:WSetEna': 1 });
      const refused = await site.ask('battery', 'charge', { power_w: 3000 });
      assert.deepEqual([refused.status, refused.code], ['failed', 'INTERLOCK']);
      assert.match(String(refused.message), /Somebody else has set the active power/);
      assert.deepEqual(held(), [1000, 1, 1, 0]);
    });
  });

  describe('for the connection to the grid', () => {
    for (const [title, models, point, off, on] of [
      ['model 703', inverter7xx, '703:ES', 0, 1],
      ['model 123', inverter12x, '123:Conn', 0, 1],
    ] as const)
      it(`go by ${title}, and a disconnection by somebody else stays`, async () => {
        await start(models());
        assert.equal((await site.ask('solar', 'disconnect')).status, 'completed');
        assert.equal(site.device.raw(point), off);
        await site.ask('solar', 'connect');
        assert.equal(site.device.raw(point), on);
        await site.ask('solar', 'disconnect');
        await site.ask('solar', 'release');
        assert.equal(site.device.raw(point), on);
        site.device.write({ [point]: off });
        const refused = await site.ask('solar', 'connect');
        assert.match(String(refused.message), /Only they can connect it again/);
        assert.equal((await site.ask('solar', 'disconnect', {}, { leaseS: 20 })).status, 'completed');
        await site.pass(25_000);
        assert.equal(site.device.raw(point), off);
      });

    it('are reverted by model 123 itself when the controller dies', async () => {
      await start(inverter12x());
      await site.ask('solar', 'disconnect', {}, { leaseS: 600 });
      assert.deepEqual(site.device.all('123:Conn', '123:Conn_RvrtTms'), [0, 60]);
      await site.kill();
      await site.pass(61_000);
      assert.equal(site.device.raw('123:Conn'), 1);
    });
  });

  describe('for reactive power', () => {
    it('go by model 704, in var and as a power factor', async () => {
      await start(inverter7xx());
      const set = await site.ask('solar', 'set_reactive_power', { power_var: 1500, direction: 'absorb' });
      assert.equal(set.status, 'completed', set.message);
      const held = (): number[] => [
        signed(site.device.raw('704:VarSet'), 32),
        ...all('704:VarSetMod', '704:VarSetEna', '704:VarSetRvrtTms'),
        ...all('704:PFWInj.PF', '704:PFWInj.Ext', '704:PFWInjEna', '704:PFWInjRvrtTms'),
      ];
      assert.deepEqual(held(), [-1500, 4, 1, 60, 1000, 0, 0, 0]);
      await site.ask('solar', 'set_power_factor', { power_factor: 0.95, excitation: 'under_excited' });
      assert.deepEqual(held(), [-1500, 4, 0, 60, 950, 1, 1, 60]);
      await site.ask('solar', 'release');
      assert.deepEqual(held(), [0, 0, 0, 0, 1000, 0, 0, 0]);
    });

    it('go by model 123, and drop by themselves', async () => {
      await start(inverter12x());
      const held = (): number[] =>
        all('123:VArMaxPct', '123:VArPct_Mod', '123:VArPct_Ena', '123:OutPFSet', '123:OutPFSet_Ena');
      await site.ask('solar', 'set_reactive_power', { power_var: 1500, direction: 'inject' });
      assert.deepEqual(held(), [30, 2, 1, 100, 0]);
      await site.ask('solar', 'set_power_factor', { power_factor: 0.9, excitation: 'under_excited' }, { leaseS: 600 });
      assert.deepEqual(held(), [30, 2, 0, -90, 1]);
      await site.kill();
      await site.pass(61_000);
      assert.equal(site.device.raw('123:OutPFSet_Ena'), 0);
    });

    it('leave alone what somebody else has set', async () => {
      await start(inverter12x());
      site.device.write({ '123:OutPFSet': 95, '123:OutPFSet_Ena': 1 });
      const refused = await site.ask('solar', 'set_reactive_power', { power_var: 1500, direction: 'inject' });
      assert.deepEqual([refused.status, refused.code], ['failed', 'INTERLOCK']);
      assert.deepEqual(all('123:OutPFSet', '123:OutPFSet_Ena', '123:VArPct_Ena'), [95, 1, 0]);
    });
  });

  it('count the heartbeat of model 715 up at half of its time-out, while one is in force', async () => {
    await start(inverter7xx());
    await site.ask('solar', 'limit_power', { power_w: 4000 }, { leaseS: 600 });
    await site.pass(100_000);
    assert.equal(site.device.raw('715:ControllerHb'), 41 + 4, 'at 0, 30, 60 and 90 s');
    await site.ask('solar', 'release');
    await site.pass(100_000);
    assert.equal(site.device.raw('715:ControllerHb'), 45);
  });

  it('are refused by a device under local control', async () => {
    const models = inverter7xx().map((model) =>
      model.id === 715 ? { ...model, values: { ...model.values, LocRemCtl: 1 } } : model,
    );
    await start(models);
    const refused = await site.ask('solar', 'disconnect');
    assert.match(String(refused.message), /under local control/);
  });
});
