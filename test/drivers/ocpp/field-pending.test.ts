/** Stations that nobody has approved, on a real socket: they are answered, and nothing they say counts. */
import assert from 'node:assert/strict';
import { PendingConnection } from '../../../src/drivers/ocpp/approval/pending-connection.ts';
import { PendingStations } from '../../../src/drivers/ocpp/approval/pending-stations.ts';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import type { Version } from '../../../src/drivers/ocpp/messages.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { assertResult } from '../../support/ocpp/ocpp-schemas.ts';
import { dial, type RawStation } from '../../support/ocpp/raw-station.ts';
import { startTestCsms, type TestCsms } from '../../support/ocpp/test-csms.ts';

describe('stations in the field: not approved yet', () => {
  let csms: TestCsms;
  let station: RawStation;
  let count = 0;
  const open = async (version: Version): Promise<void> => {
    const pending = new PendingStations(systemClock);
    csms = await startTestCsms({
      unknown: () => new PendingConnection(pending, { codecOf: codecFor, clock: systemClock, changed: () => {} }),
    });
    station = await dial(csms.url('NEW'), { protocols: [`ocpp${version}`] });
  };
  afterEach(async () => {
    station.socket.terminate();
    await csms.close();
  });
  const say = async (action: string, payload: object): Promise<unknown[]> => {
    const id = `m${++count}`;
    station.send([2, id, action, payload]);
    return station.answer(id);
  };
  const timestamp = '2026-01-05T10:00:00Z';
  const idToken = { idToken: 'T', type: 'ISO14443' };

  it('1.6: pending, and nobody charges, booted or not', async () => {
    await open('1.6');
    const start = { connectorId: 1, idTag: 'T', meterStart: 0, timestamp };
    const meterValue = [{ timestamp, sampledValue: [{ value: '1' }] }];
    const talk = async (): Promise<void> => {
      const answers: [action: string, payload: object, expected: object][] = [
        ['Authorize', { idTag: 'T' }, { idTagInfo: { status: 'Invalid' } }],
        ['StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Charging' }, {}],
        ['MeterValues', { connectorId: 1, meterValue }, {}],
        ['StopTransaction', { transactionId: 9, meterStop: 1, timestamp }, {}],
      ];
      for (const [action, payload, expected] of answers)
        assert.deepEqual((await say(action, payload)).slice(2), [expected], action);
      const [, , result] = await say('StartTransaction', start);
      assertResult('1.6', 'StartTransaction', result);
      assert.deepEqual((result as { idTagInfo: object }).idTagInfo, { status: 'Invalid' });
    };
    await talk();
    const [, , boot] = await say('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' });
    assertResult('1.6', 'BootNotification', boot);
    assert.equal((boot as { status: string }).status, 'Pending');
    assert.ok((boot as { interval: number }).interval > 0);
    await talk();
  });

  for (const version of ['2.0.1', '2.1'] as const)
    it(`${version}: pending, and everything else is a SecurityError`, async () => {
      await open(version);
      const event = {
        eventType: 'Started',
        timestamp,
        triggerReason: 'Authorized',
        seqNo: 0,
        transactionInfo: { transactionId: 'T1' },
        idToken,
      };
      const talk = async (): Promise<void> => {
        for (const [action, payload] of [
          ['Heartbeat', {}],
          ['Authorize', { idToken }],
          ['TransactionEvent', event],
          ['StatusNotification', { timestamp, connectorStatus: 'Occupied', evseId: 1, connectorId: 1 }],
          ['MeterValues', { evseId: 1, meterValue: [{ timestamp, sampledValue: [{ value: 1 }] }] }],
        ] as const) {
          const [type, , code] = await say(action, payload);
          assert.deepEqual([type, code], [4, 'SecurityError'], action);
        }
      };
      await talk();
      const [, , boot] = await say('BootNotification', {
        reason: 'PowerUp',
        chargingStation: { vendorName: 'V', model: 'M' },
      });
      assertResult(version, 'BootNotification', boot);
      assert.equal((boot as { status: string }).status, 'Pending');
      await talk();
    });
});
