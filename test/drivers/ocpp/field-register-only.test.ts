/** Stations that tell little more than their energy register: what is made of it, and what is not. */
import assert from 'node:assert/strict';
import { createScriptedStation, type ScriptedStation } from '../../support/ocpp/scripted-station.ts';
import { current, energy, entry2, entry16, power, type Sampled } from '../../support/ocpp/station-payloads.ts';

for (const version of ['1.6', '2.0.1', '2.1'] as const)
  describe(`stations in the field: little but the register, OCPP ${version}`, () => {
    let field: ScriptedStation;
    let wh: number;
    let id: number;
    /** What the car draws, W, and the register counts. */
    let draws: number;
    /** The register shows whole steps of so many Wh. */
    let stepWh: number;

    beforeEach(async () => {
      field = await createScriptedStation({ version, hasBridge: true });
      [wh, draws, stepWh] = [5000, 11_016, 0.1];
      await field.ready();
    });
    afterEach(() => field.close());

    const shownWh = (): number => Math.floor(wh / stepWh + 1e-6) * stepWh;
    const say = async (...more: Sampled[]): Promise<void> => {
      const values: Sampled[] = [energy(Number(shownWh().toFixed(1))), ...more];
      if (version === '1.6')
        await field.say('MeterValues', {
          connectorId: 1,
          transactionId: id,
          meterValue: [entry16(field.time(), ...values)],
        });
      else
        await field.say('TransactionEvent', {
          eventType: 'Updated',
          timestamp: field.time(),
          triggerReason: 'MeterValuePeriodic',
          seqNo: 1,
          transactionInfo: { transactionId: 'tx-r' },
          meterValue: [entry2(field.time(), ...values)],
        });
    };
    /** As stations of 2.x do that never say what the transaction does. */
    const begin = async (): Promise<void> => {
      if (version === '1.6') {
        await field.status('Preparing');
        const begun = { connectorId: 1, idTag: 'T', meterStart: wh, timestamp: field.time() };
        id = Number((await field.say('StartTransaction', begun)).transactionId);
        await field.status('Charging');
        return;
      }
      await field.status('Occupied');
      await field.say('TransactionEvent', {
        eventType: 'Started',
        timestamp: field.time(),
        triggerReason: 'Authorized',
        seqNo: 0,
        transactionInfo: { transactionId: 'tx-r' },
        evse: { id: 1, connectorId: 1 },
        idToken: { idToken: '04A2B3C4', type: 'ISO14443' },
        meterValue: [entry2(field.time(), energy(shownWh()))],
      });
    };
    const run = async (seconds: number, everyS = 5, ...more: Sampled[]): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += everyS) {
        await field.pass(everyS * 1000, 1000);
        wh += (draws * everyS) / 3600;
        await say(...more);
      }
    };
    const powers = (): (readonly [value: unknown, isEstimated: boolean])[] =>
      field.told('1/power').map(({ value, isEstimated }) => [value, isEstimated === true]);
    const newestPower = () => field.told('1/power').at(-1);
    const isAbout = (value: unknown, watts: number): boolean => Math.abs(Number(value) - watts) <= 0.03 * watts;

    it('no power is invented: it is unknown, then what the register says, estimated', async () => {
      await begin();
      const from = field.told('1/power').length - 1;
      await run(120);
      const told = powers().slice(from);
      assert.deepEqual(told[0]?.[0], null, 'unknown at first');
      const known = told.slice(1).filter(([value]) => value !== null);
      assert.ok(known.length >= 15, `${known.length} values`);
      assert.ok(
        known.every(([value, isEstimated]) => isAbout(value, draws) && isEstimated),
        JSON.stringify(known),
      );
      assert.equal(newestPower()?.ts, field.clock.now());
      assert.equal(field.last('1/status'), 'charging');
    });

    it('follows what the register does, down to nothing', async () => {
      await begin();
      await run(120);
      draws = 4140;
      await run(60);
      assert.ok(isAbout(newestPower()?.value, 4140), String(newestPower()?.value));
      draws = 0;
      await run(40);
      assert.ok(Number(newestPower()?.value) < 50, String(newestPower()?.value));
      draws = 7360;
      await run(60);
      assert.ok(isAbout(newestPower()?.value, 7360), String(newestPower()?.value));
    });

    for (const [resolution, everyS, withinS] of [
      [1, 10, 60],
      [10, 10, 120],
      [100, 60, 400],
      [1, 300, 1300],
    ] as const)
      it(`a register of ${resolution} Wh every ${everyS} s: its mean, in an interval of its own`, async () => {
        stepWh = resolution;
        await begin();
        await run(withinS, everyS);
        const from = field.told('1/power').length;
        await run(Math.max(120, 4 * everyS), everyS);
        const told = powers().slice(from);
        assert.ok(told.length > 0);
        for (const [value, isEstimated] of told)
          assert.ok(isEstimated && Math.abs(Number(value) - draws) <= 0.12 * draws, JSON.stringify(told));
        const meta = field.driver().describe().channels;
        const channel = meta.find(({ index, quantity, part }) => index === 1 && quantity === 'power' && !part);
        assert.equal(channel?.isDerived, true);
        assert.ok(Number(channel?.maxAgeS) > everyS && Number(channel?.intervalS) >= everyS, JSON.stringify(channel));
        const qualities = field.messages.flatMap((each) =>
          each.schema === 'reading/1' && each.topic === 'devices/box/ev_charger/1/power' ? each.quality : [],
        );
        // From its first value on it is never old.
        const known = qualities.slice(qualities.lastIndexOf('invalid') + 2);
        assert.deepEqual([...new Set(known)], ['estimated']);
      });

    it('a register of 1 kWh: unknown before its second step, and 0 only where the station holds the car back', async () => {
      [stepWh, wh] = [1000, 5900];
      await begin();
      const from = field.told('1/power').length;
      await run(600, 10);
      const told = field.told('1/power').slice(from);
      assert.ok(told.length > 5);
      for (const { value } of told) assert.ok(value === null || isAbout(value, draws), JSON.stringify(told));
      assert.equal(field.last('1/status'), 'charging');
      if (version !== '1.6') return;
      await field.status('SuspendedEVSE');
      draws = 0;
      await run(700, 10);
      assert.equal(newestPower()?.value, 0);
    });

    it('power that is measured goes before it, and comes back where it is not any more', async () => {
      const isDerivedInMeta = (): unknown => {
        const meta = field.messages.findLast((each) => each.schema === 'meta/1');
        const own = meta?.components.find(({ type, index }) => type === 'ev_charger' && index === 1);
        return own?.quantities?.power?.derived;
      };
      await begin();
      await run(60, 10);
      assert.equal(isDerivedInMeta(), true);
      await run(30, 10, power(10_900));
      assert.equal(isDerivedInMeta(), undefined);
      assert.deepEqual([newestPower()?.value, newestPower()?.isEstimated], [10_900, undefined]);
      const channelOf = () =>
        field
          .driver()
          .describe()
          .channels.find(({ quantity }) => quantity === 'power');
      assert.equal(channelOf()?.isDerived, undefined);
      await run(200);
      assert.equal(isDerivedInMeta(), true);
      assert.ok(newestPower()?.isEstimated && isAbout(newestPower()?.value, draws));
    });

    it('nothing at all is told while it charges: the power is unknown', async () => {
      await begin();
      await field.pass(60_000, 1000);
      assert.deepEqual(powers().at(-1), [null, false]);
    });

    it('a pause that is not obeyed: the register disproves it', async () => {
      await begin();
      await run(60);
      const ids: string[] = [];
      for (let i = 0; i < 6; i++) {
        ids.push(field.send('pause', {}, { lease_s: 60, ttl_s: 15 }));
        await run(15);
      }
      await run(60);
      const outcomes = ids.map((each) => field.outcome(each));
      assert.deepEqual(
        outcomes.filter((outcome) => outcome?.verified === true || outcome === undefined),
        [],
      );
      assert.equal(outcomes[0]?.code, 'READBACK_MISMATCH');
      assert.match(String(outcomes[0]?.message), /draws 1[01]\d{3} W by its register and was allowed 0 A/);
    });

    it('a pause that is obeyed, and nothing that measures it: done, and not proven', async () => {
      await begin();
      await run(60);
      const paused = field.send('pause');
      await run(5);
      draws = 0;
      await run(60);
      const { status, verified, reason } = field.outcome(paused) ?? {};
      assert.deepEqual([status, verified, reason], ['completed', false, 'no_readback']);
      assert.deepEqual(
        field.messages.filter(({ topic }) => topic.endsWith('/event/setpoint_lost')),
        [],
      );
    });

    it('a limit that is not obeyed is found out by the register, and one that is exceeded later as well', async () => {
      await begin();
      await run(60);
      const limited = field.send('set_current_limit', { current_a: 10 });
      await run(120);
      assert.equal(field.outcome(limited)?.code, 'READBACK_MISMATCH');
      draws = 6 * 690;
      const obeyed = field.send('set_current_limit', { current_a: 8 }, { lease_s: 3600 });
      await run(60);
      assert.deepEqual([field.outcome(obeyed)?.verified, field.outcome(obeyed)?.reason], [false, 'no_readback']);
      draws = 11_016;
      await run(180);
      assert.ok(field.messages.some(({ topic }) => topic.endsWith('/event/setpoint_lost')));
    });

    it('what is concluded of a car that is not there proves nothing', async () => {
      const paused = field.send('pause');
      await field.pass(30_000, 1000);
      const { status, verified, reason } = field.outcome(paused) ?? {};
      assert.deepEqual([status, verified, reason], ['completed', false, 'no_load']);
    });

    it('what is concluded of a session that ends meanwhile proves nothing', async () => {
      await begin();
      await run(30, 5, power(11_000), current(16));
      const paused = field.send('pause');
      await field.pass(500);
      if (version === '1.6')
        await field.say('StopTransaction', { transactionId: id, meterStop: Math.round(wh), timestamp: field.time() });
      else
        await field.say('TransactionEvent', {
          eventType: 'Ended',
          timestamp: field.time(),
          triggerReason: 'StopAuthorized',
          seqNo: 9,
          transactionInfo: { transactionId: 'tx-r' },
        });
      if (version === '1.6') await field.status('Finishing');
      await field.pass(30_000, 1000);
      assert.deepEqual([newestPower()?.value, newestPower()?.isEstimated], [0, true]);
      assert.deepEqual([field.outcome(paused)?.verified, field.outcome(paused)?.reason], [false, 'no_load']);
    });

    it('what is measured proves it', async () => {
      await begin();
      await run(30, 5, power(11_000), current(16));
      const paused = field.send('pause');
      draws = 0;
      await run(20, 5, power(0), current(0));
      assert.equal(field.outcome(paused)?.verified, true);
    });
  });

for (const version of ['2.0.1', '2.1'] as const)
  it(`OCPP ${version}: without a word about its state, the status is that of what flows`, async () => {
    const field = await createScriptedStation({ version });
    await field.ready();
    await field.status('Occupied');
    const tell = (eventType: string, wh: number, watts?: number): Promise<unknown> =>
      field.say('TransactionEvent', {
        eventType,
        timestamp: field.time(),
        triggerReason: 'MeterValuePeriodic',
        seqNo: 1,
        transactionInfo: { transactionId: 'T' },
        evse: { id: 1 },
        meterValue: [entry2(field.time(), energy(wh), ...(watts === undefined ? [] : [power(watts)]))],
      });
    const seen: unknown[] = [];
    const look = async (done: Promise<unknown>): Promise<void> => {
      await done;
      seen.push(field.last('1/status'));
      await field.pass(10_000, 1000);
    };
    await look(tell('Started', 1000));
    await look(tell('Updated', 1000));
    await look(tell('Updated', 1030));
    await look(tell('Updated', 1060, 11_000));
    await look(tell('Updated', 1060, 0));
    await look(tell('Updated', 1060));
    await look(tell('Updated', 1090));
    assert.deepEqual(seen, [
      'preparing',
      'preparing',
      'charging',
      'charging',
      'suspended_ev',
      'suspended_ev',
      'charging',
    ]);
    await field.pass(240_000);
    assert.equal(field.last('1/status'), 'suspended_ev');
    // None is told in between that the next word of the same message contradicts.
    const told = field.told('1/status').map(({ value }) => value);
    assert.deepEqual(
      told.filter((status, nth) => status !== told[nth - 1]),
      ['unknown', 'available', 'preparing', 'charging', 'suspended_ev', 'charging', 'suspended_ev'],
    );
    await field.close();
  });
