import assert from 'node:assert/strict';
import { SimulatedStation } from '../../../src/simulator/ocpp/simulated-station.ts';
import type { StationDeviations } from '../../../src/simulator/ocpp/station-deviations.ts';
import type { EvseState } from '../../../src/simulator/ocpp/station-state.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { type CsmsCalls, calls16, calls201 } from '../../support/ocpp/csms-calls.ts';
import { type Payload, type RpcCsms, startRpcCsms } from '../../support/ocpp/rpc-csms.ts';
import { until } from '../../support/until.ts';

type Words = CsmsCalls<'1.6' | '2.0.1'>;

const clock = createFastClock(50);

describe('deviations of a simulated charge point', () => {
  let csms: RpcCsms;
  let station: SimulatedStation;

  const evse = (): EvseState => station.state().evses[0] as EvseState;
  const registered = (): Promise<void> => until(() => station.state().isRegistered, 'it is registered');
  const settles = (amps: number): Promise<void> =>
    until(() => Math.abs(evse().currentsA[0] - amps) < 0.01, `${amps} A on L1`);
  const open = async (deviations: Partial<StationDeviations>, words: Words = calls16): Promise<void> => {
    const evses = [{ canSwitchPhases: true }];
    const options = { url: csms.url, identity: 'Q', version: words.version, deviations, evses };
    station = new SimulatedStation({ ...options, access: 'plug' }, clock);
    await registered();
  };
  const charge = async (deviations: Partial<StationDeviations>, words: Words = calls16): Promise<void> => {
    await open(deviations, words);
    await words.measure(csms, 5);
    station.plug(1);
    await until(() => evse().currentsA[0] === 16 && evse().transaction !== undefined, 'it charges');
  };
  const status = async (answer: Promise<Payload>): Promise<unknown> => (await answer).status;

  beforeEach(async () => {
    // Most deviations are against the schemas.
    csms = await startRpcCsms({ clock, isStrict: false });
  });
  afterEach(async () => {
    await station.close();
    await csms.close();
  });

  describe('of the connection', () => {
    it('does not boot again on a new connection', async () => {
      await open({ bootsOnce: true });
      station.cut();
      await until(() => csms.connections.length === 2 && station.state().isRegistered, 'it is back');
      assert.equal(csms.of('BootNotification').length, 1);
    });

    it('hangs up when it is called before its boot is answered', async () => {
      csms.answers.BootNotification = () => new Promise(() => {});
      station = new SimulatedStation(
        { url: csms.url, identity: 'Q', version: '1.6', deviations: { hangsUpBeforeBoot: true, redialS: 3600 } },
        clock,
      );
      await csms.next('BootNotification');
      await assert.rejects(csms.call('GetConfiguration', {}));
      assert.equal(station.state().isConnected, false);
    });

    it('hangs up when it is called in a hurry', async () => {
      await open({ hangsUpWhenHurriedMs: 2000, redialS: 3600 });
      await csms.call('GetLocalListVersion', {});
      await assert.rejects(csms.call('GetLocalListVersion', {}));
    });

    it('says no sub-protocol', async () => {
      await open({ hasNoSubProtocol: true });
      assert.equal(csms.connections[0]?.protocol || undefined, undefined);
    });

    it('writes its path with two slashes', async () => {
      await open({ path: 'double_slash' });
      assert.equal(csms.paths[0], '/ocpp//Q');
    });

    it('writes its path with a slash at the end', async () => {
      const options = {
        url: csms.url,
        identity: 'Q',
        version: '1.6',
        deviations: { path: 'trailing_slash', redialS: 3600 },
      } as const;
      station = new SimulatedStation(options, clock);
      await until(() => csms.paths.length === 1, 'a handshake');
      assert.equal(csms.paths[0], '/ocpp/Q/');
    });

    it('keeps its old socket open beside the new one', async () => {
      await open({ leavesOldSocket: true });
      let isOver = false;
      csms.connections[0]?.on('close', () => {
        isOver = true;
      });
      station.cut();
      await until(() => csms.connections.length === 2 && station.state().isRegistered, 'a second connection');
      assert.equal(isOver, false);
    });

    it('sends an empty frame first', async () => {
      await open({ sendsEmptyFrames: true });
      assert.equal(csms.frames[0], '');
    });

    it('answers late, never, or at length', async () => {
      await open({ answersAfterMs: 20_000, ignores: ['ClearCache'], explainsAtLength: true });
      const asked = clock.monotonic();
      await csms.call('GetLocalListVersion', {});
      assert.ok(clock.monotonic() - asked >= 19_000);
      await assert.rejects(csms.call('Unheard', {}), ({ message }: Error) => message.length > 255);
      const silence = csms.call('ClearCache', {}).then(
        () => 'an answer',
        () => 'none',
      );
      station.cut();
      assert.equal(await silence, 'none');
    });

    it('speaks with the fields of 1.6 in 2.0.1', async () => {
      await open({ speaks16: true }, calls201);
      await until(() => csms.of('StatusNotification').length > 0, 'a status');
      assert.equal(csms.of('StatusNotification')[0]?.errorCode, 'NoError');
    });
  });

  describe('of its clock', () => {
    it('stands at 1970 until it is told the time', async () => {
      csms.answers.BootNotification = () => ({ status: 'Accepted', currentTime: 'soon', interval: 1000 });
      await open({ startsIn1970: true });
      await until(() => csms.of('StatusNotification').length > 0, 'a status');
      assert.match(String(csms.of('StatusNotification')[0]?.timestamp), /^1970-/);
      await calls16.trigger(csms, 'Heartbeat');
      await until(() => station.state().stationTime > 1e12, 'it knows the time');
    });

    it('tells local time without a zone', async () => {
      await open({ localTimeMin: 60 });
      await until(() => csms.of('StatusNotification').length > 0, 'a status');
      const told = String(csms.of('StatusNotification')[0]?.timestamp);
      assert.match(told, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
      assert.ok(Math.abs(Date.parse(`${told}Z`) - clock.now() - 3_600_000) < 60_000);
    });
  });

  describe('of its profiles', () => {
    for (const words of [calls16, calls201])
      it(`rejects what it does not like in ${words.version}`, async () => {
        const refuses = async (deviations: Partial<StationDeviations>, order: Parameters<CsmsCalls['limit']>[1]) => {
          await open(deviations, words);
          assert.equal(await status(words.limit(csms, order)), 'Rejected', JSON.stringify(deviations));
          await station.close();
        };
        await refuses({ rejectsPurposes: ['station_max'] }, { limit: 8, purpose: 'station_max', evse: 0 });
        await refuses({ hasOnlyLevelZero: true }, { limit: 8, stackLevel: 1 });
        await refuses({ countsLevels: true }, { limit: 8, stackLevel: 8 });
        await refuses({ needsRelative: true }, { limit: 8 });
        await refuses({ onlyW: true }, { limit: 8 });
        await refuses({ rejectsNumberPhases: true }, { limit: 8, phases: 3 });
        await refuses({ rejectsZeroWhenFree: true }, { limit: 0 });
        await open({ needsRelative: true, onlyW: true, hasOnlyLevelZero: true }, words);
        assert.equal(await status(words.limit(csms, { limit: 8000, unit: 'W', kind: 'Relative' })), 'Accepted');
      });

    it('chooses its phases by the power', async () => {
      await charge({ onlyW: true, choosesPhasesByPower: true });
      await calls16.limit(csms, { limit: 2300, unit: 'W' });
      await until(() => evse().livePhases === 1 && evse().currentsA[0] === 10, 'one phase');
      await calls16.limit(csms, { limit: 6900, unit: 'W' });
      await until(() => evse().livePhases === 3 && evse().currentsA[0] === 10, 'three phases');
    });

    it('accepts numberPhases and does nothing', async () => {
      await charge({ ignoresNumberPhases: true });
      await calls16.limit(csms, { limit: 8, phases: 1 });
      await settles(8);
      assert.equal(evse().livePhases, 3);
    });

    it('switches phases under load', async () => {
      await charge({ switchesUnderLoad: true });
      await calls16.limit(csms, { limit: 16, phases: 1 });
      await until(() => evse().livePhases === 1, 'one phase');
      assert.ok(evse().currentsA[0] > 0);
    });

    it('ends the transaction at a limit of 0', async () => {
      await charge({ zeroEndsTransaction: true });
      await calls16.limit(csms, { limit: 0 });
      await until(() => evse().status === 'finishing', 'it has ended');
    });

    it('never resumes', async () => {
      await charge({ neverResumes: true });
      await calls16.limit(csms, { limit: 0 });
      await settles(0);
      await calls16.limit(csms, { limit: 10 });
      const again = csms.of('MeterValues').length;
      await until(() => csms.of('MeterValues').length > again + 3, 'some time passes');
      assert.equal(evse().currentsA[0], 0);
    });

    it('resumes with all it has, until it is told again', async () => {
      await charge({ resumesUnlimited: true });
      await calls16.limit(csms, { limit: 0 });
      await settles(0);
      await calls16.limit(csms, { limit: 8 });
      await settles(16);
      await calls16.limit(csms, { limit: 8 });
      await settles(8);
    });

    it('offers all it has for a while after each profile', async () => {
      await charge({ spikesAfterProfileS: 20 });
      await calls16.limit(csms, { limit: 8 });
      await settles(8);
      await calls16.limit(csms, { limit: 7 });
      await settles(16);
      await settles(7);
    });

    it('says Accepted and does nothing', async () => {
      await charge({ ignoresProfiles: true });
      assert.equal(await status(calls16.limit(csms, { limit: 8 })), 'Accepted');
      const again = csms.of('MeterValues').length;
      await until(() => csms.of('MeterValues').length > again + 2, 'some time passes');
      assert.equal(evse().currentsA[0], 16);
    });

    it('has its own idea of a composite schedule', async () => {
      for (const [compositeSchedule, told] of [
        ['none', undefined],
        ['empty', undefined],
        ['minus_one', -1],
      ] as const)
        for (const words of [calls16, calls201]) {
          await open({ compositeSchedule }, words);
          assert.equal(await words.composite(csms), told);
          await station.close();
        }
      await open({});
    });
  });

  describe('of its settings', () => {
    it('names its units as it likes, and hides the whole list', async () => {
      await open({ rateUnits: 'Current, Power', hidesWholeConfiguration: true });
      assert.deepEqual(await csms.call('GetConfiguration', {}), { configurationKey: [] });
      const { configurationKey } = await csms.call('GetConfiguration', {
        key: ['chargingscheduleallowedchargingrateunit'],
      });
      assert.equal((configurationKey as Payload[])[0]?.value, 'Current, Power');
    });

    it('accepts to tell a variable, and does not', async () => {
      await open({ hidesValues: true }, calls201);
      const asked = { component: { name: 'SmartChargingCtrlr' }, variable: { name: 'RateUnit' } };
      const { getVariableResult } = await csms.call('GetVariables', { getVariableData: [asked] });
      assert.deepEqual(getVariableResult, [{ ...asked, attributeStatus: 'Accepted' }]);
    });

    it('tells its state as an event of a variable', async () => {
      await open({ notifiesStatus: true }, calls201);
      await until(() => csms.of('NotifyEvent').length > 0, 'an event');
      const [{ eventData } = {}] = csms.of('NotifyEvent');
      assert.equal((eventData as Payload[])[0]?.actualValue, 'Available');
      assert.equal(csms.of('StatusNotification').length, 0);
    });

    it('refuses triggers', async () => {
      await open({ refusesTriggers: ['MeterValues'] });
      assert.equal(await status(calls16.trigger(csms, 'MeterValues')), 'Rejected');
      assert.equal(await status(calls16.trigger(csms, 'StatusNotification')), 'Accepted');
    });

    it('reboots after new measurands, and after a change of availability', async () => {
      await open({ rebootsOnMeasurands: true, rebootsOnAvailability: true });
      let next = csms.next('BootNotification');
      await csms.call('ChangeConfiguration', { key: 'MeterValuesSampledData', value: 'Voltage' });
      await next;
      await registered();
      next = csms.next('BootNotification');
      await calls16.setAvailable(csms, true);
      await next;
    });

    it('rejects a remote start while the last car is there', async () => {
      await charge({ rejectsStartWhenFinishing: true });
      await calls16.stop(csms, evse().transaction ?? '');
      await until(() => evse().status === 'finishing', 'it has ended');
      assert.equal(await status(calls16.start(csms, 'EMS')), 'Rejected');
    });
  });

  describe('of its meter', () => {
    const sampled = (): Payload[] =>
      csms
        .of('MeterValues')
        .flatMap(({ meterValue }) => meterValue as { sampledValue: Payload[] }[])
        .flatMap(({ sampledValue }) => sampledValue);
    const newest = async (measurand: string): Promise<Payload> => {
      const known = sampled().length;
      await until(
        () =>
          sampled()
            .slice(known)
            .some((each) => each.measurand === measurand),
        measurand,
      );
      return sampled().findLast((each) => each.measurand === measurand) as Payload;
    };

    it('omits units, mistakes kilo for one, and writes numbers as it likes', async () => {
      await charge({ omitsUnits: true, callsKwhWh: true, callsKwW: true, numbers: 'comma' });
      const power = await newest('Power.Active.Import');
      assert.equal(power.unit, undefined);
      assert.equal(power.value, '11,04');
      assert.match(String((await newest('Energy.Active.Import.Register')).value), /^123[45](,\d+)?$/);
      await station.close();
      await charge({ numbers: 'blanks' });
      assert.match(String((await newest('Voltage')).value), /^ 230 $/);
      await station.close();
      await charge({ numbers: 'number' });
      assert.equal((await newest('Voltage')).value, 230);
    });

    it('signs its last values', async () => {
      await charge({ signsValues: true });
      station.unplug(1);
      const { transactionData } = await csms.next('StopTransaction');
      const [, signed] = transactionData as { sampledValue: Payload[] }[];
      assert.match(String(signed?.sampledValue[0]?.value), /^OCMF\|/);
      assert.equal(signed?.sampledValue[0]?.format, 'SignedData');
      await station.close();
      await charge({ signsValues: true, countsNoEvents: true }, calls201);
      station.unplug(1);
      const { meterValue, seqNo } = await csms.next('TransactionEvent', ({ eventType }) => eventType === 'Ended');
      assert.ok(JSON.stringify(meterValue).includes('"encodingMethod":"OCMF"'));
      assert.equal(seqNo, 0);
    });

    it('mistakes its phases', async () => {
      await charge({ voltagePhases: 'L1', currentPhases: 'L1-N' });
      assert.equal((await newest('Voltage')).phase, 'L3');
      assert.equal((await newest('Current.Import')).phase, 'L3-N');
    });

    it('counts every session from 0, with holes', async () => {
      await charge({ hasSessionRegister: true, dropsRegisterEvery: 3 });
      assert.equal(csms.of('StartTransaction')[0]?.meterStart, 0);
      await until(() => calls16.values(csms, 'Energy.Active.Import.Register').length > 6, 'samples');
      const told = calls16.values(csms, 'Energy.Active.Import.Register');
      assert.ok(told.every((wh) => wh < 10_000));
      assert.ok(told.includes(0) && told.some((wh) => wh > 0));
    });

    it('names the old transaction for ever', async () => {
      await charge({ keepsOldTransaction: true });
      const old = evse().transaction;
      station.unplug(1);
      await csms.next('StopTransaction');
      assert.equal((await csms.next('MeterValues')).transactionId, Number(old));
    });

    it('closes with meter values after the end', async () => {
      await charge({ closesWithMeterValues: true });
      station.unplug(1);
      await csms.next('StopTransaction');
      await until(() => csms.heard.at(-1)?.action === 'MeterValues', 'the last word');
      assert.equal(csms.heard.at(-1)?.params.transactionId, csms.of('StopTransaction')[0]?.transactionId);
    });

    it('measures on connector 0, a group each', async () => {
      await charge({ measuresOnZero: true });
      const { connectorId, meterValue } = await csms.next('MeterValues');
      assert.equal(connectorId, 0);
      assert.ok((meterValue as Payload[]).length > 3);
    });
  });
});
