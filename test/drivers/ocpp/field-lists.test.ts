/** The list of tags in a station, in the words of each version: on a real socket, frame by frame. */
import assert from 'node:assert/strict';
import type { ListedIdToken } from '../../../src/drivers/ocpp/authorization/authorize.ts';
import {
  type Answering,
  createScriptedStation,
  type Payload,
  type ScriptedStation,
} from '../../support/ocpp/scripted-station.ts';
import {
  createSettings,
  createVariables,
  usualSettings,
  usualVariables,
} from '../../support/ocpp/station-configuration.ts';

const card = '04A2B3C4';
const tags: ListedIdToken[] = [
  { id: card, expiresAt: Date.UTC(2030, 0, 1) },
  { id: 'blocked', isBlocked: true },
  { id: 'E004015055AABBCC' },
  { id: 'visitor' },
];

/** A station with a list, in the words of its version. */
const worlds = {
  '1.6': (more: Record<string, string> = {}) =>
    createSettings({
      ...usualSettings,
      SupportedFeatureProfiles: 'Core,SmartCharging,RemoteTrigger,LocalAuthListManagement',
      ...more,
    }),
  '2.0.1': (more: Record<string, string> = {}) => createVariables({ ...usualVariables, ...more }),
};
const entries = {
  '1.6': [
    { idTag: card, idTagInfo: { status: 'Accepted', expiryDate: '2030-01-01T00:00:00.000Z' } },
    { idTag: 'E004015055AABBCC', idTagInfo: { status: 'Accepted' } },
    { idTag: 'visitor', idTagInfo: { status: 'Accepted' } },
  ],
  '2.0.1': [
    {
      idToken: { idToken: card, type: 'ISO14443' },
      idTokenInfo: { status: 'Accepted', cacheExpiryDateTime: '2030-01-01T00:00:00.000Z' },
    },
    { idToken: { idToken: 'E004015055AABBCC', type: 'ISO15693' }, idTokenInfo: { status: 'Accepted' } },
    { idToken: { idToken: 'visitor', type: 'Central' }, idTokenInfo: { status: 'Accepted' } },
  ],
};
const names = {
  '1.6': {
    items: 'SendLocalListMaxLength',
    switches: ['LocalAuthListEnabled', 'LocalAuthorizeOffline'],
    none: { SupportedFeatureProfiles: 'Core,SmartCharging' },
  },
  '2.0.1': {
    items: 'LocalAuthListCtrlr.ItemsPerMessage',
    switches: ['LocalAuthListCtrlr.Enabled', 'AuthCtrlr.LocalAuthorizeOffline'],
    none: { 'LocalAuthListCtrlr.Available': 'false' },
  },
};

for (const version of ['1.6', '2.0.1'] as const)
  describe(`stations in the field: a list of tags in OCPP ${version}`, () => {
    let field: ScriptedStation;
    let mode: 'free' | 'list' = 'list';
    let list = tags;
    beforeEach(() => {
      mode = 'list';
      list = tags;
    });
    afterEach(() => field.close());

    const boot = async (answers: Answering): Promise<void> => {
      field = await createScriptedStation({
        version,
        answers,
        driver: {
          get authorisation() {
            return { mode, tags: list, ownTag: 'EMS' };
          },
        },
      });
      await field.connect();
      await again();
    };
    const again = async (): Promise<void> => {
      field.calls.length = 0;
      await field.boot();
      await field.status('Available');
      await field.pass(90_000);
    };
    /** The node is deployed with another form. */
    const deploy = async (): Promise<void> => {
      field.kill();
      await field.connect();
      await again();
    };
    const sent = (): unknown[] => field.asked('SendLocalList').map(({ localAuthorizationList: each }) => each);
    const types = (): unknown[] => field.asked('SendLocalList').map(({ updateType }) => updateType);
    const versionsOf = (): unknown[] =>
      field.asked('SendLocalList').map(({ listVersion, versionNumber }) => listVersion ?? versionNumber);

    it('it has who may charge, as their cards are called there, and is told once', async () => {
      await boot(worlds[version]().answers);
      assert.deepEqual([sent(), types(), versionsOf()], [[entries[version]], ['Full'], [1]]);
      await again();
      assert.deepEqual(sent(), []);
    });

    it('in as many messages as it wants', async () => {
      await boot(worlds[version]({ [names[version].items]: '2' }).answers);
      assert.deepEqual(sent(), [entries[version].slice(0, 2), entries[version].slice(2)]);
      assert.deepEqual(
        [types(), versionsOf()],
        [
          ['Full', 'Differential'],
          [1, 2],
        ],
      );
    });

    it('another list is told, also where none is wanted any more: then an empty one', async () => {
      await boot(worlds[version]().answers);
      list = tags.slice(0, 1);
      await deploy();
      assert.deepEqual([sent(), versionsOf()], [[entries[version].slice(0, 1)], [2]]);
      mode = 'free';
      await deploy();
      assert.deepEqual([sent(), versionsOf()], [[version === '1.6' ? [] : undefined], [3]]);
      await deploy();
      assert.deepEqual(sent(), []);
    });

    it('where everybody may charge, none is told', async () => {
      mode = 'free';
      await boot(worlds[version]().answers);
      assert.deepEqual(sent(), []);
    });

    it('a station without one is not told', async () => {
      await boot(worlds[version](names[version].none).answers);
      assert.deepEqual(sent(), []);
    });

    for (const refusal of [{ status: 'NotSupported' }, { error: 'NotImplemented' }])
      it(`one that has none after all is not told again: ${JSON.stringify(refusal)}`, async () => {
        const { answers } = worlds[version]();
        await boot((action, payload) => (action === 'SendLocalList' ? refusal : answers(action, payload)));
        assert.equal(sent().length, 1);
        await again();
        assert.deepEqual(sent(), []);
      });

    it('one that failed to take it is told again after its next boot', async () => {
      const { answers } = worlds[version]();
      await boot((action, payload) => (action === 'SendLocalList' ? { status: 'Failed' } : answers(action, payload)));
      await again();
      assert.equal(sent().length, 1);
    });

    describe('what it holds is asked for', () => {
      let held: number | undefined;
      const answers: Answering = (action, payload) => {
        if (action === 'GetLocalListVersion')
          return held === undefined ? { error: 'NotImplemented' } : { listVersion: held };
        if (action === 'SendLocalList') held = Number(payload.listVersion);
        return worlds['1.6']().answers(action, payload);
      };
      const answers2: Answering = (action, payload) => {
        if (action === 'GetLocalListVersion')
          return held === undefined ? { error: 'NotImplemented' } : { versionNumber: held };
        if (action === 'SendLocalList') held = Number(payload.versionNumber);
        return worlds['2.0.1']().answers(action, payload);
      };
      const reconnect = async (serial: string): Promise<void> => {
        await field.drop();
        await field.connect();
        field.calls.length = 0;
        await field.boot({ serial });
        await field.status('Available');
        await field.pass(90_000);
      };
      beforeEach(async () => {
        held = 0;
        await boot(version === '1.6' ? answers : answers2);
        await reconnect('S1');
      });

      it('a station that was replaced is told the list, and found out anew', async () => {
        await field.apply('set_current_limit', { current_a: 10 });
        assert.ok(field.driver().facts().limitForm);
        assert.deepEqual(sent(), [], 'it has it');
        held = 0;
        await reconnect('S2');
        assert.deepEqual([sent(), types()], [[entries[version]], ['Full']]);
        assert.equal(field.driver().facts().limitForm, undefined);
        const [replaced] = field.named('station_replaced');
        assert.deepEqual(
          [replaced?.severity, replaced?.data?.before, replaced?.data?.now],
          ['warning', 'Acme Box, S1', 'Acme Box, S2'],
        );
        await reconnect('S2');
        assert.deepEqual([sent(), field.named('station_replaced').length], [[], 1]);
      });

      it('so is the same one that has lost it', async () => {
        for (const lost of [0, 77]) {
          held = lost;
          await reconnect('S1');
          assert.deepEqual([sent(), types()], [[entries[version]], ['Full']]);
          assert.ok(Number(versionsOf()[0]) > lost, 'a version above the one it has');
        }
      });

      it('an emptied one has none, whatever it calls that', async () => {
        mode = 'free';
        await deploy();
        assert.equal(sent().length, 1);
        held = 0;
        await reconnect('S1');
        assert.deepEqual(sent(), []);
      });

      it('one that does not tell is believed to have what it was told', async () => {
        held = undefined;
        await reconnect('S1');
        assert.deepEqual(sent(), []);
        await reconnect('S2');
        assert.equal(sent().length, 1, 'and a replaced one nothing');
      });
    });

    it('it is made to look tags up in it', async () => {
      const off = Object.fromEntries(names[version].switches.map((name) => [name, 'false']));
      const settings = worlds[version](off);
      await boot(settings.answers);
      const changed = settings.changes.filter(([name]) => names[version].switches.includes(String(name)));
      assert.deepEqual(
        changed,
        names[version].switches.map((name) => [name, 'true']),
      );
      assert.equal((sent()[0] as Payload[]).length, 3);
    });
  });
