import assert from 'node:assert/strict';
import type { OcppDriverOptions } from '../../../../src/drivers/ocpp/driver.ts';
import type { StationResult, Version } from '../../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import type { StationSummary } from '../../../../src/drivers/ocpp/station/station-summary.ts';
import { beginOrder, chargingOrder } from '../../../support/ocpp/charging-orders.ts';
import {
  boot,
  createDecodedStation,
  type DecodedStation,
  rejected,
  usualOptions,
} from '../../../support/ocpp/decoded-station.ts';

describe('what is known of a charging station', () => {
  let rig: DecodedStation;
  const open = async (more: Partial<OcppDriverOptions> = {}, version: Version = '1.6'): Promise<void> => {
    rig = createDecodedStation(more);
    await rig.ready(version);
  };
  afterEach(() => rig.driver().close());
  const sheet = (): StationSummary => rig.driver().summary();
  const limit = async (): Promise<void> => {
    beginOrder(rig.driver(), chargingOrder('set_current_limit', { current_a: 16 }));
    await rig.clock.advanceAsync(30_000);
  };

  it('nothing yet, before it comes', async () => {
    rig = createDecodedStation();
    const { isConnected, version, boot: said, limit: form, evses, others, refused } = sheet();
    assert.deepEqual(
      [isConnected, version, said, form, evses, others, refused],
      [false, undefined, undefined, undefined, [], [], []],
    );
  });

  it('who it is, how it takes limits, and what it has refused on the way there', async () => {
    const presets = [
      {
        schema: 'charger/1' as const,
        id: 'acme',
        title: 'Acme',
        sources: ['-'],
        matches: [{ vendor: 'Acme' }],
        quirks: { stackLevel: 2 },
      },
    ];
    await open({ presets });
    rig.setAnswering((request) =>
      request.kind === 'set_profile' && request.profile.kind === 'absolute' ? rejected : undefined,
    );
    await limit();
    const { isConnected, version, boot: said, preset, quirks, limit: form, evses, refused } = sheet();
    const { kind: _, ...identity } = boot;
    assert.deepEqual(
      [isConnected, version, said, preset, quirks, evses],
      [true, '1.6', identity, 'Acme', { stackLevel: 2 }, [1]],
    );
    assert.deepEqual(form, {
      purpose: 'TxDefaultProfile',
      kind: 'Relative',
      stackLevel: 2,
      unit: 'A',
      saysPhases: false,
    });
    assert.deepEqual(
      refused.map(({ asked, answer, times }) => [asked, answer, times]),
      [['set_profile tx_default absolute, stack level 2, A', 'Rejected', 1]],
    );
    rig.drop();
    assert.deepEqual([sheet().isConnected, sheet().version], [false, '1.6']);
  });

  it('errors and silence are refusals as well, a lost connection is none; the same counts', async () => {
    await open();
    const answers: (CallFailure | StationResult)[] = [
      new CallFailure('error', 'unknown key', 'NotSupported'),
      new CallFailure('timeout', 'no answer within 20 s'),
      new CallFailure('offline', 'not connected'),
      { status: 'not_supported', raw: 'NotSupported' },
    ];
    for (const answer of answers) {
      rig.setAnswering(() => answer);
      for (let i = 0; i < 2; i++) {
        await rig.clock.advanceAsync(1000);
        beginOrder(rig.driver(), chargingOrder('unlock', {}, { actuator: 'actions/1' }));
        await rig.clock.advanceAsync(1000);
      }
    }
    assert.deepEqual(
      sheet().refused.map(({ asked, answer, times }) => [asked, answer, times]),
      [
        ['unlock', 'NotSupported', 2],
        ['unlock', 'no answer within 20 s', 2],
        ['unlock', 'NotSupported: unknown key', 2],
      ],
    );
  });

  it('whether it falls back, and why', async () => {
    const { limits } = usualOptions;
    const cases: [Partial<OcppDriverOptions>, StationSummary['fallback']][] = [
      [{}, { why: 'unproven' }],
      [{ quirks: { keepsFallback: true } }, { why: 'preset', afterS: 300 }],
      [{ limits: { ...limits, fallbackS: 60 } }, { why: 'form', afterS: 60 }],
      [{ quirks: { keepsFallback: true }, limits: { ...limits, fallbackS: 0 } }, { why: 'off' }],
      [{ forward: { url: 'ws://127.0.0.1:1', mode: 'observe' } }, { why: 'watched' }],
    ];
    for (const [more, fallback] of cases) {
      rig = createDecodedStation(more);
      assert.deepEqual(sheet().fallback, fallback);
      await rig.driver().close();
    }
  });

  it('profiles of others, in words', async () => {
    rig = createDecodedStation();
    rig.setAnswering((request) => {
      if (request.kind !== 'get_profiles') return undefined;
      const { requestId } = request;
      const profiles = [{ id: 7, stackLevel: 3, purpose: 'TxProfile' }];
      const report = { kind: 'profiles' as const, requestId, isLast: true, evse: 1, source: 'EMS', profiles };
      rig.clock.after(50, () => void rig.say(report));
      return undefined;
    });
    await rig.ready('2.0.1');
    assert.deepEqual(sheet().others, ['TxProfile 7 of EMS, stack level 3, EVSE 1']);
  });
});
