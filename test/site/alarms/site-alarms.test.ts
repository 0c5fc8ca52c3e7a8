import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import { readSnapshot } from '../../../src/site/site-snapshot.ts';
import { type RunningSite, sayPowers, settled, startSite } from '../../support/site/running-site.ts';
import { charger, gridMeter, metaOf, power, solar } from '../../support/site/site-messages.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

type Event = Message<'event/1'>;

const alarms = ({ events }: RunningSite): string[] =>
  (events as Event[]).map(({ name, state, severity }) => `${name} ${state} ${severity}`);

/** Readings every 10 s. */
const run = (running: RunningSite, seconds: number, powers: Record<string, number>): void => {
  for (let s = 0; s < seconds; s += 10) {
    sayPowers(running, powers);
    running.pass(10_000);
  }
};

describe('what a site looks out for', () => {
  describe('its balance', () => {
    const house = (...more: Parameters<typeof startSite>): RunningSite => {
      const running = startSite(...more);
      running.say(metaOf('grid', gridMeter), metaOf('pv', solar));
      settled(running);
      return running;
    };
    const sound = { 'grid/meter/power': 1000, 'pv/solar/power': 1000 };
    /** The meter of the grid says export where it should say import. */
    const reversed = { 'grid/meter/power': -3000, 'pv/solar/power': 1000 };

    it('is suspect while meters contradict each other, said once, and cleared once it is sound again', () => {
      const running = house();
      run(running, 3600, sound);
      assert.deepEqual(alarms(running), []);
      run(running, 600, reversed);
      run(running, 600, reversed);
      assert.deepEqual(alarms(running), ['balance_suspect active warning']);
      const [{ data, topic } = {} as Event] = running.events as Event[];
      assert.equal(topic, 'sites/home/event/balance_suspect');
      assert.ok((data?.error_wh as number) > 0.02 * (data?.consumption_wh as number));
      run(running, 30 * 3600, sound);
      assert.deepEqual(alarms(running), ['balance_suspect active warning', 'balance_suspect cleared info']);
    });

    it('is not suspect before there is enough to judge by', () => {
      const running = house();
      run(running, 300, reversed);
      assert.deepEqual(alarms(running), []);
    });

    it('is not suspect because of what is not of one moment', () => {
      const running = house();
      for (let i = 0; i < 60; i++) {
        run(running, 590, sound);
        run(running, 10, { 'grid/meter/power': -1000, 'pv/solar/power': 500 });
      }
      assert.deepEqual(alarms(running), []);
    });

    it('is remembered over a restart', () => {
      const first = house();
      run(first, 7200, sound);
      const saved = readSnapshot(JSON.parse(JSON.stringify(first.site.snapshot())));
      assert.ok(saved.ok);
      assert.ok(Math.abs(saved.value.balance.consumptionWh - 4000) < 200, `${saved.value.balance.consumptionWh}`);
      const second = house({}, saved.value, createVirtualClock(first.clock.now()));
      run(second, 60, reversed);
      assert.deepEqual(alarms(second), []);
      run(second, 300, reversed);
      assert.deepEqual(alarms(second), ['balance_suspect active warning']);
    });
  });

  describe('its meters behind meters', () => {
    const submeter: ComponentMeta = { type: 'meter', role: 'submeter', quantities: { ...power } };
    const street = (parent: ComponentMeta, child: ComponentMeta): RunningSite => {
      const running = startSite();
      running.say(metaOf('grid', gridMeter), metaOf('sub', parent), metaOf('child', { ...child, parent: 'sub' }));
      settled(running);
      return running;
    };

    it('are suspect where one measures more than the meter it is behind, after a minute of it', () => {
      const running = street(submeter, charger);
      const said = (sub: number, child: number) => ({ 'sub/meter/power': sub, 'child/ev_charger/power': child });
      run(running, 300, said(7100, 7000));
      run(running, 30, said(-7100, 7000));
      run(running, 300, said(7100, 7000));
      assert.deepEqual(alarms(running), []);
      run(running, 120, said(-7100, 7000));
      assert.deepEqual(alarms(running), ['topology_suspect active warning']);
      assert.deepEqual((running.events[0] as Event).data, {
        topic: 'devices/sub/meter/power',
        behind: ['devices/child/ev_charger/power'],
        residual_w: -14_100,
      });
      run(running, 120, said(7100, 7000));
      assert.deepEqual(alarms(running).slice(1), ['topology_suspect cleared info']);
    });

    it('may give as well as draw', () => {
      const running = street(submeter, solar);
      run(running, 300, { 'sub/meter/power': -2900, 'child/solar/power': 3000 });
      assert.deepEqual(alarms(running), []);
      run(running, 120, { 'sub/meter/power': -5000, 'child/solar/power': 3000 });
      assert.deepEqual(alarms(running), ['topology_suspect active warning']);
    });

    it('may be a meter of the sun with inverters behind it', () => {
      const running = street({ ...submeter, role: 'solar' }, solar);
      run(running, 300, { 'sub/meter/power': 3000, 'child/solar/power': 3050 });
      assert.deepEqual(alarms(running), []);
      run(running, 120, { 'sub/meter/power': 1000, 'child/solar/power': 3000 });
      assert.deepEqual(alarms(running), ['topology_suspect active warning']);
    });

    it('are not suspect because one of them is told rarely', () => {
      const quantities = { power: { unit: 'W', interval_s: 60, max_age_s: 180 } } as const;
      const running = street(submeter, { ...charger, quantities });
      // The car stops after it was told, and after that the connection breaks.
      for (const sub of [7100, 50]) {
        sayPowers(running, { 'child/ev_charger/power': 7000 });
        run(running, 59, { 'sub/meter/power': sub });
      }
      run(running, 300, { 'sub/meter/power': 50 });
      assert.deepEqual(alarms(running), []);
    });

    it('are not suspect of what was so before and after one of them was not known', () => {
      const running = street(submeter, charger);
      const reversed = { 'sub/meter/power': -7100, 'child/ev_charger/power': 7000 };
      run(running, 20, reversed);
      run(running, 300, { 'sub/meter/power': -7100 });
      run(running, 20, reversed);
      assert.deepEqual(alarms(running), []);
      run(running, 60, reversed);
      assert.deepEqual(alarms(running), ['topology_suspect active warning']);
    });

    it('are not judged while one of them is not known, and cleared where a meter is taken away', () => {
      const running = street(submeter, charger);
      run(running, 120, { 'sub/meter/power': -100, 'child/ev_charger/power': 7000 });
      run(running, 300, { 'sub/meter/power': 7100 });
      assert.deepEqual(alarms(running), ['topology_suspect active warning']);
      running.site.forget('child');
      running.pass(2000);
      assert.deepEqual(alarms(running).slice(1), ['topology_suspect cleared info']);
      // A meter that comes back has to contradict the other for as long as a new one.
      running.say(metaOf('child', { ...charger, parent: 'sub' }));
      run(running, 30, { 'sub/meter/power': -100, 'child/ev_charger/power': 7000 });
      assert.equal(alarms(running).length, 2);
    });
  });
});
