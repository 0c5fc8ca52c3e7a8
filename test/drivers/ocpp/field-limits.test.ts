/** Stations in the field that take limits in one form only, or obey them in their own way. */
import assert from 'node:assert/strict';
import { listPresets } from '../../../src/drivers/ocpp/presets.ts';
import { usualOptions } from '../../support/ocpp/decoded-station.ts';
import {
  type Answering,
  createScriptedStation,
  type Payload,
  type ScriptedStation,
  type ScriptedStationOptions,
} from '../../support/ocpp/scripted-station.ts';

interface Profile {
  id: unknown;
  purpose: unknown;
  kind: unknown;
  stackLevel: number;
  unit: unknown;
  limit: number;
  phases: unknown;
}

/** What was told, of both versions. */
const profileOf = (payload: Payload): Profile => {
  const profile = (payload.csChargingProfiles ?? payload.chargingProfile) as Payload;
  const schedule = [profile.chargingSchedule].flat()[0] as Payload;
  const [period] = schedule.chargingSchedulePeriod as Payload[];
  return {
    id: profile.chargingProfileId ?? profile.id,
    purpose: profile.chargingProfilePurpose,
    kind: profile.chargingProfileKind,
    stackLevel: Number(profile.stackLevel),
    unit: schedule.chargingRateUnit,
    limit: Number(period?.limit),
    phases: period?.numberPhases,
  };
};

const settings = [
  { key: 'SupportedFeatureProfiles', readonly: true, value: 'Core,SmartCharging' },
  { key: 'ChargeProfileMaxStackLevel', readonly: true, value: '8' },
  { key: 'ChargingScheduleAllowedChargingRateUnit', readonly: true, value: 'Current,Power' },
];

describe('stations in the field: limits', () => {
  let field: ScriptedStation;
  /** Takes only the profiles that fit. */
  const open = async (takes: (profile: Profile) => boolean, options: ScriptedStationOptions = {}): Promise<void> => {
    const answers: Answering = (action, payload) => {
      if (action === 'GetConfiguration') return { configurationKey: settings };
      if (action !== 'SetChargingProfile') return undefined;
      return { status: takes(profileOf(payload)) ? 'Accepted' : 'Rejected' };
    };
    field = await createScriptedStation({ answers, ...options });
    await field.ready();
  };
  afterEach(() => field.close());
  const told = (): Profile[] => field.asked('SetChargingProfile').map(profileOf);
  const limit = (currentA: number): ReturnType<ScriptedStation['apply']> =>
    field.apply('set_current_limit', { current_a: currentA });

  const charge = async (meterStart = 0): Promise<number> => {
    await field.status('Preparing');
    const { transactionId } = await field.say('StartTransaction', {
      connectorId: 1,
      idTag: 'T',
      meterStart,
      timestamp: field.time(),
    });
    await field.status('Charging');
    return Number(transactionId);
  };
  const measure = (currents: number[], voltage = 230): Promise<Payload> =>
    field.say('MeterValues', {
      connectorId: 1,
      meterValue: [
        {
          timestamp: field.time(),
          sampledValue: currents.flatMap((amperes, i) => [
            { measurand: 'Current.Import', value: String(amperes), unit: 'A', phase: `L${i + 1}` },
            { measurand: 'Voltage', value: String(voltage), unit: 'V', phase: `L${i + 1}-N` },
          ]),
        },
      ],
    });

  for (const vendor of ['EV-BOX', 'Acme'])
    it(`ChargePointMaxProfile is refused: it is never needed (EVBox Elvi, as ${vendor})`, async () => {
      await open(({ purpose }) => purpose !== 'ChargePointMaxProfile', { driver: { presets: listPresets() } });
      await field.boot({ vendor });
      await charge();
      await limit(10);
      await limit(8);
      assert.deepEqual(
        told().map(({ purpose, limit: amperes }) => [purpose, amperes]),
        [
          ['TxDefaultProfile', 10],
          ['TxDefaultProfile', 8],
        ],
      );
    });

  it('a refused ChargePointMaxProfile is no way out either', async () => {
    await open(() => false);
    await charge();
    await assert.rejects(limit(10), /refuses every form of a limit/);
    assert.ok(told().some(({ purpose }) => purpose === 'ChargePointMaxProfile'));
  });

  const forms: [name: string, takes: (profile: Profile) => boolean, expected: Partial<Profile>][] = [
    ['stack level 0 only (ABB, Wallbox)', ({ stackLevel }) => stackLevel === 0, { stackLevel: 0, kind: 'Absolute' }],
    ['one level less than it says', ({ stackLevel }) => stackLevel < 8, { stackLevel: 7 }],
    ['Relative only (Wallbox)', ({ kind }) => kind === 'Relative', { kind: 'Relative' }],
    [
      'Relative on level 0 only (Wallbox)',
      ({ kind, stackLevel }) => kind === 'Relative' && stackLevel === 0,
      { kind: 'Relative', stackLevel: 0 },
    ],
    ['TxProfile only', ({ purpose }) => purpose === 'TxProfile', { purpose: 'TxProfile' }],
    ['watts only, whatever it says (Huawei, Mennekes)', ({ unit }) => unit === 'W', { unit: 'W', limit: 6900 }],
    ['no numberPhases', ({ phases }) => phases === undefined, { limit: 10 }],
    ['numberPhases demanded', ({ phases }) => phases !== undefined, { limit: 10, phases: 3 }],
  ];
  for (const [name, takes, expected] of forms)
    it(`${name}: found once, remembered over the end of our process`, async () => {
      await open(takes);
      await charge();
      await limit(10);
      const taken = told().at(-1) ?? assert.fail('nothing was told');
      for (const [key, value] of Object.entries(expected)) assert.equal(taken[key as keyof Profile], value, key);
      const { length } = told();
      await limit(12);
      assert.equal(told().length, length + 1);
      await field.drop();
      field.kill();
      await field.connect();
      await field.status('Charging');
      await field.pass(10_000);
      const before = told().length;
      await limit(9);
      assert.equal(told().length, before + 1);
    });

  it('A down to a tenth, W down to a whole one, and never between 0 and 6 A', async () => {
    await open(() => true);
    await charge();
    for (const amperes of [10.19, 16.1, 5.9, 6]) await limit(amperes);
    assert.deepEqual(
      told().map(({ limit: amperes }) => amperes),
      [10.1, 16.1, 0, 6],
    );
    await field.close();
    await open(({ unit }) => unit === 'W');
    await charge();
    await field.apply('set_power_limit', { power_w: 7000.9 });
    assert.equal(told().at(-1)?.limit, 7000);
  });

  it('watts are those of the voltage that is measured, on the phases that the car takes', async () => {
    await open(({ unit }) => unit === 'W');
    await charge();
    await measure([9, 9, 9], 228);
    await limit(10);
    assert.equal(told().at(-1)?.limit, 6840);
    await measure([9, 0, 0], 228);
    await field.pass(60_000);
    assert.equal(told().at(-1)?.limit, 2280, 'told again where the car takes other phases');
    await limit(8);
    assert.equal(told().at(-1)?.limit, 1824);
  });

  for (const word of ['Rejected', 'an error'])
    it(`0 is refused while nothing is plugged in (${word}): no failure, and told when a car comes`, async () => {
      let hasCar = false;
      await open(({ limit: amperes }) => hasCar || amperes > 0);
      await limit(10);
      if (word !== 'Rejected')
        field.setAnswers((action, payload) =>
          action === 'SetChargingProfile' && !hasCar && profileOf(payload).limit === 0
            ? { error: 'PropertyConstraintViolation' }
            : undefined,
        );
      assert.deepEqual(await field.apply('pause'), { verified: false, reason: 'no_car' });
      const { length } = told();
      hasCar = true;
      await field.status('Preparing');
      await field.pass(1000);
      assert.deepEqual([told().length > length, told().at(-1)?.limit], [true, 0]);
    });

  for (const vendor of ['EV-BOX', 'Acme'])
    it(`the same as the first limit of all (as ${vendor})`, async () => {
      let hasCar = false;
      await open(({ limit: amperes }) => hasCar || amperes > 0, { driver: { presets: listPresets() } });
      await field.boot({ vendor });
      await field.pass(10_000);
      assert.deepEqual(await field.apply('pause'), { verified: false, reason: 'no_car' });
      hasCar = true;
      const { length } = told();
      await field.status('Preparing');
      await field.pass(1000);
      assert.deepEqual([told().length > length, told().at(-1)?.limit], [true, 0]);
    });

  for (const [name, takesPhases] of [
    ['are said', true],
    ['are left out where the station refuses them', false],
  ] as const)
    it(`the phases of an installation with one phase ${name}`, async () => {
      await open(({ phases }) => takesPhases || phases === undefined, {
        driver: { limits: { ...usualOptions.limits, phases: 1 } },
      });
      await limit(10);
      assert.deepEqual([told()[0]?.phases, told().at(-1)?.phases], [1, takesPhases ? 1 : undefined]);
    });

  it('one that only takes limits of a session, as its preset says, is told the first one with a session', async () => {
    await open(({ purpose }) => purpose === 'TxProfile', { driver: { quirks: { purpose: 'tx' } } });
    assert.deepEqual(await limit(10), { verified: false, reason: 'no_session' });
    assert.deepEqual(told(), []);
    await charge();
    await field.pass(1000);
    assert.deepEqual([told().at(-1)?.purpose, told().at(-1)?.limit], ['TxProfile', 10]);
  });

  it('one that spikes with each new profile is never cleared in between', async () => {
    await open(() => true);
    await charge();
    for (const amperes of [10, 8, 0, 12]) await limit(amperes);
    const ids = new Set(told().map(({ id }) => id));
    assert.equal(ids.size, 1);
    const cleared = field.asked('ClearChargingProfile');
    assert.deepEqual(cleared, [
      { chargingProfilePurpose: 'TxProfile' },
      { chargingProfilePurpose: 'TxDefaultProfile' },
    ]);
    assert.ok(field.actions().lastIndexOf('ClearChargingProfile') < field.actions().indexOf('SetChargingProfile'));
  });

  it('one that forgets the limit when it is resumed is told again (go-e)', async () => {
    let resumed = 0;
    await open(({ limit: amperes }) => {
      if (amperes === 8) resumed++;
      return true;
    });
    await charge();
    await limit(10);
    const pausing = field.order('pause');
    await field.pass(1000);
    await field.status('SuspendedEVSE');
    await measure([0, 0, 0]);
    await field.pass(2000);
    assert.equal((await pausing).verified, true);
    const resuming = field.order('resume', { current_a: 8 });
    await field.pass(1000);
    await field.status('Charging');
    // 16 A, until the same limit comes a second time.
    for (let i = 0; i < 30; i++) {
      await measure(resumed < 2 ? [16, 16, 16] : [8, 8, 8]);
      await field.pass(1000);
    }
    assert.deepEqual([(await resuming).verified, resumed], [true, 2]);
  });

  it('told anew only where it differs by a tenth of an ampere', async () => {
    await open(() => true);
    await charge();
    for (const [amperes, count] of [
      [10, 1],
      [10, 1],
      [10.04, 1],
      [10.2, 2],
    ] as const) {
      await field.apply('set_current_limit', { current_a: amperes });
      assert.equal(field.asked('SetChargingProfile').length, count, `${amperes} A`);
    }
  });

  it('suspended by the station for minutes after its limit is nothing to be told of again, or of (Easee)', async () => {
    await open(() => true);
    await charge();
    await field.status('SuspendedEVSE');
    const limited = field.order('set_current_limit', { current_a: 10 });
    await field.pass(5 * 60_000);
    const { verified } = await limited;
    assert.deepEqual([verified, field.asked('SetChargingProfile').length], [false, 1]);
    assert.deepEqual(
      field.events.filter(({ severity }) => severity !== 'info' && severity !== 'debug'),
      [],
    );
  });

  it('one that stays suspended when it is resumed is told again after 10 s', async () => {
    await open(() => true);
    await charge();
    const pausing = field.order('pause');
    await field.pass(1000);
    await field.status('SuspendedEVSE');
    await measure([0, 0, 0]);
    await field.pass(2000);
    await pausing;
    const before = field.clock.monotonic();
    await field.apply('resume', { current_a: 8 });
    const times = field.calls.filter(({ action }) => action === 'SetChargingProfile').map(({ at }) => at - before);
    const after = times.filter((at) => at >= 0);
    assert.ok(after.length === 2 && Number(after[1]) >= 10_000 && Number(after[1]) < 13_000, after.join());
  });

  for (const version of ['2.0.1', '2.1'] as const)
    it(`${version}: a profile of the same place under another id is refused: after a lost store ours is cleared first`, async () => {
      const held = new Map<string, number>();
      const answers: Answering = (action, payload) => {
        if (action === 'ClearChargingProfile') {
          const { chargingProfilePurpose: purpose } = (payload.chargingProfileCriteria ?? {}) as Payload;
          for (const place of held.keys()) if (place.startsWith(`${purpose} `)) held.delete(place);
          return { status: 'Accepted' };
        }
        if (action !== 'SetChargingProfile') return undefined;
        const { id, purpose, stackLevel } = profileOf(payload);
        const place = `${purpose} ${stackLevel}`;
        if (held.has(place) && held.get(place) !== id)
          return { status: 'Rejected', statusInfo: { reasonCode: 'DuplicateProfile' } };
        held.set(place, Number(id));
        return { status: 'Accepted' };
      };
      held.set('TxDefaultProfile 0', 7);
      held.set('ChargingStationMaxProfile 0', 8);
      field = await createScriptedStation({ version, answers });
      await field.ready();
      await limit(10);
      assert.deepEqual([...held.keys()].sort(), ['ChargingStationMaxProfile 0', 'TxDefaultProfile 0']);
      assert.notEqual(held.get('TxDefaultProfile 0'), 7);
      assert.equal(held.get('ChargingStationMaxProfile 0'), 8, 'that of the installer stays');
    });
});
