/** Stations of OCPP 2.x that are made ready, each with variables of its own: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import {
  type Answering,
  createScriptedStation,
  type Payload,
  type ScriptedStation,
} from '../../support/ocpp/scripted-station.ts';
import { createVariables, usualVariables, wantedMeasurands } from '../../support/ocpp/station-configuration.ts';

const register = 'Energy.Active.Import.Register';

for (const version of ['2.0.1', '2.1'] as const)
  describe(`stations in the field: being made ready in OCPP ${version}`, () => {
    let field: ScriptedStation;
    afterEach(() => field.close());
    const boot = async (answers: Answering): Promise<void> => {
      field = await createScriptedStation({ version, answers });
      await field.connect();
      await field.boot();
      await field.status('Available');
      await field.pass(20_000);
    };

    it('what it measures where a session begins and ends has the register among it', async () => {
      const settings = createVariables({
        ...usualVariables,
        'SampledDataCtrlr.TxStartedMeasurands': '',
        'SampledDataCtrlr.TxEndedMeasurands': 'SoC',
      });
      await boot(settings.answers);
      assert.deepEqual(settings.changes, [
        ['SampledDataCtrlr.TxStartedMeasurands', register],
        ['SampledDataCtrlr.TxEndedMeasurands', `SoC,${register}`],
      ]);
      await field.boot();
      await field.pass(90_000);
      assert.equal(settings.changes.length, 2);
    });

    it('measurands one by one where the list is refused, and never again what was', async () => {
      const settings = createVariables({ ...usualVariables, 'SampledDataCtrlr.TxUpdatedMeasurands': register });
      settings.judge((_name, value) => (/SoC|Offered/.test(value) ? 'Rejected' : 'Accepted'));
      await boot(settings.answers);
      const taken = [register, 'Power.Active.Import', 'Current.Import', 'Voltage'];
      assert.deepEqual(
        settings.changes.map(([, value]) => value),
        [
          wantedMeasurands,
          ...taken.map((_each, i) => taken.slice(0, i + 1).join()),
          `${taken.join()},Current.Offered`,
          `${taken.join()},SoC`,
        ],
      );
      const { length } = settings.changes;
      await field.boot();
      await field.pass(90_000);
      assert.equal(settings.changes.length, length);
    });

    it('one that tells only a few variables at once is asked for fewer', async () => {
      const settings = createVariables({ ...usualVariables, 'SmartChargingCtrlr.Phases3to1': 'true' });
      const most = (payload: Payload): number => (payload.getVariableData as object[] | undefined)?.length ?? 0;
      await boot((action, payload) =>
        most(payload) > 4
          ? { error: 'OccurrenceConstraintViolation', description: 'no more than 4' }
          : settings.answers(action, payload),
      );
      const { units, maxStackLevel, switchesPhases } = field.driver().facts();
      assert.deepEqual([units, maxStackLevel, switchesPhases, settings.changes], [['A', 'W'], 8, true, []]);
    });

    it('one that knows no GetVariables is not asked again and again', async () => {
      await boot((action) => (action === 'GetVariables' ? { error: 'NotImplemented' } : undefined));
      assert.equal(field.states.at(-1)?.kind, 'online');
      const asked = field.asked('GetVariables').map(({ getVariableData }) => (getVariableData as object[]).length);
      assert.equal(asked.filter((each) => each > 2).length, 1);
    });

    it('what a session begins and ends with is known', async () => {
      const points = { 'TxCtrlr.TxStartPoint': 'Authorized', 'TxCtrlr.TxStopPoint': 'EVConnected' };
      await boot(createVariables({ ...usualVariables, ...points }).answers);
      const { beginsWith, endsWith } = field.driver().summary().settings;
      assert.deepEqual([beginsWith, endsWith], ['Authorized', 'EVConnected']);
    });

    it('its status is asked for by EVSE and connector, of those that did not tell', async () => {
      await boot(createVariables({ ...usualVariables }).answers);
      for (const evse of [2, 3]) await field.status('Available', evse);
      await field.drop();
      await field.pass(120_000);
      await field.connect();
      field.calls.length = 0;
      await field.status('Available', 2);
      await field.pass(15_000);
      const statuses = field.asked('TriggerMessage').filter((each) => each.requestedMessage === 'StatusNotification');
      assert.deepEqual(
        statuses.map(({ evse }) => evse),
        [
          { id: 1, connectorId: 1 },
          { id: 3, connectorId: 1 },
        ],
      );
    });

    it('one that never told of any EVSE is asked for its first', async () => {
      field = await createScriptedStation({ version, answers: createVariables({ ...usualVariables }).answers });
      await field.connect();
      await field.boot();
      await field.pass(15_000);
      assert.deepEqual(
        field.asked('TriggerMessage').map(({ evse }) => evse),
        [{ id: 1, connectorId: 1 }],
      );
    });
  });
