import assert from 'node:assert/strict';
import { codecFor } from '../../../../src/drivers/ocpp/codec/codec-by-version.ts';
import { readers16 } from '../../../../src/drivers/ocpp/codec/inbound-16.ts';
import { oursOf } from '../../../../src/drivers/ocpp/codec/unprocessed-messages-2.ts';
import { type Answer, type StationMessage, type Version, versions } from '../../../../src/drivers/ocpp/messages.ts';
import { actionsOf, assertResult } from '../../../support/ocpp/ocpp-schemas.ts';

const now = Date.parse('2026-01-05T10:00:05.250Z');
const ours = (version: Version): ReadonlySet<string> => (version === '1.6' ? readers16.ours : oursOf(version));

const eventOf = (version: Version, action: string, payload: unknown): StationMessage => {
  const decoded = codecFor(version).decode(action, payload, now);
  assert.ok(decoded.ok, `${action}: ${JSON.stringify(decoded)}`);
  return decoded.event;
};

const answer = (version: Version, action: string, payload: unknown, decision: Answer = {}): object => {
  const reply = codecFor(version).reply(eventOf(version, action, payload), decision, now);
  assertResult(version, action, reply);
  return reply;
};

/** These go both ways. */
const both = ['DataTransfer'];
/** An empty one cannot be answered in the words of the schema. */
const unanswerable = ['GetCertificateChainStatus'];

for (const version of versions)
  describe(`OCPP ${version}: every message is answered`, () => {
    const codec = codecFor(version);
    const fromStation = actionsOf(version).filter((action) => !ours(version).has(action));

    it('all actions are known, as theirs or as ours', () => {
      assert.ok(fromStation.length > 10);
      for (const action of ours(version)) assert.ok(actionsOf(version).includes(action), action);
      assert.ok(both.every((action) => fromStation.includes(action)));
    });

    for (const action of fromStation.filter((each) => !unanswerable.includes(each)))
      it(`${action}, even without content`, () => void answer(version, action, {}));

    it('refuses what only goes to stations', () => {
      for (const action of ours(version)) {
        const decoded = codec.decode(action, {}, now);
        assert.ok(!decoded.ok && decoded.code === 'NotSupported', action);
      }
    });

    it('refuses what it does not know', () => {
      for (const action of ['Nonsense', '', '__proto__', 'constructor', 'toString', 'heartbeat', 'x'.repeat(9999)]) {
        const decoded = codec.decode(action, {}, now);
        assert.ok(!decoded.ok && decoded.code === 'NotImplemented' && decoded.reason.length < 100, action);
      }
    });

    it('refuses what is no message', () => {
      for (const payload of [null, undefined, 'text', 1, true, [], [{}]]) {
        const decoded = codec.decode('BootNotification', payload, now);
        assert.ok(!decoded.ok && decoded.code === 'FormationViolation', String(payload));
      }
    });

    it('takes a heartbeat in any form', () => {
      const time = { currentTime: '2026-01-05T10:00:05.250Z' };
      for (const payload of [{}, [], null, '', { extra: 1 }])
        assert.deepEqual(answer(version, 'Heartbeat', payload), time);
    });

    it('says when and whether a station is taken', () => {
      const usual = answer(version, 'BootNotification', {});
      assert.deepEqual(usual, { currentTime: '2026-01-05T10:00:05.250Z', interval: 300, status: 'Accepted' });
      const pending = answer(version, 'BootNotification', {}, { registration: 'pending' });
      assert.deepEqual(pending, { currentTime: '2026-01-05T10:00:05.250Z', interval: 60, status: 'Pending' });
      const rejected = answer(version, 'BootNotification', {}, { registration: 'rejected', intervalS: 0 });
      assert.deepEqual(rejected, { currentTime: '2026-01-05T10:00:05.250Z', interval: 1, status: 'Rejected' });
    });

    it('knows a vendor, or does not', () => {
      const transfer = { vendorId: 'com.example', messageId: 'gatewayInfo', data: 'x' };
      assert.deepEqual(answer(version, 'DataTransfer', transfer), { status: 'UnknownVendorId' });
      assert.deepEqual(answer(version, 'DataTransfer', transfer, { isVendorKnown: true }), { status: 'Accepted' });
    });
  });

const authorizations: [NonNullable<Answer['authorization']>, string][] = [
  ['accepted', 'Accepted'],
  ['blocked', 'Blocked'],
  ['expired', 'Expired'],
  ['invalid', 'Invalid'],
  ['concurrent_tx', 'ConcurrentTx'],
];

describe('OCPP 1.6: answers about tags and transactions', () => {
  for (const [authorization, status] of authorizations)
    it(`a tag is ${authorization}`, () =>
      assert.deepEqual(answer('1.6', 'Authorize', { idTag: 'A1' }, { authorization }), { idTagInfo: { status } }));

  it('a transaction gets its id, also where nobody may charge', () => {
    const start = { connectorId: 1, idTag: 'A1', meterStart: 0, timestamp: '2026-01-05T10:00:00Z' };
    assert.deepEqual(answer('1.6', 'StartTransaction', start, { transaction: 1_767_607_200 }), {
      transactionId: 1_767_607_200,
      idTagInfo: { status: 'Accepted' },
    });
    assert.deepEqual(answer('1.6', 'StartTransaction', start, { authorization: 'invalid' }), {
      transactionId: 0,
      idTagInfo: { status: 'Invalid' },
    });
  });

  it('the end speaks of a tag only where there was one', () => {
    const stop = { transactionId: 7, meterStop: 10, timestamp: '2026-01-05T10:00:00Z' };
    assert.deepEqual(answer('1.6', 'StopTransaction', stop), {});
    assert.deepEqual(answer('1.6', 'StopTransaction', { ...stop, idTag: 'A1' }), { idTagInfo: { status: 'Accepted' } });
  });

  it('a connector that cannot be is none', () => {
    for (const connectorId of [-1, 1000, 1e12, 'x', {}, null]) {
      const event = eventOf('1.6', 'MeterValues', { connectorId });
      assert.ok(event.kind === 'meter_values' && event.evse === 0);
    }
  });

  it('signs nothing', () => assert.deepEqual(answer('1.6', 'SignCertificate', { csr: 'x' }), { status: 'Rejected' }));
});

for (const version of ['2.0.1', '2.1'] as const)
  describe(`OCPP ${version}: answers`, () => {
    const event = {
      eventType: 'Started',
      timestamp: '2026-01-05T10:00:00Z',
      triggerReason: 'Authorized',
      seqNo: 0,
      transactionInfo: { transactionId: 'tx1' },
    };

    for (const [authorization, status] of authorizations)
      it(`a token is ${authorization}`, () => {
        const token = { idToken: { idToken: 'A1', type: 'ISO14443' } };
        assert.deepEqual(answer(version, 'Authorize', token, { authorization }), { idTokenInfo: { status } });
      });

    for (const eventType of ['Started', 'Updated', 'Ended'])
      it(`${eventType} speaks of a token only where there was one`, () => {
        const idToken = { idToken: 'A1', type: 'ISO14443' };
        assert.deepEqual(answer(version, 'TransactionEvent', { ...event, eventType }), {});
        assert.deepEqual(answer(version, 'TransactionEvent', { ...event, eventType, idToken }), {
          idTokenInfo: { status: 'Accepted' },
        });
      });

    it('takes the schedule of a car, and sets none of its own', () => {
      assert.deepEqual(answer(version, 'NotifyEVChargingSchedule', {}), { status: 'Accepted' });
      const status = version === '2.1' ? 'NoChargingProfile' : 'Rejected';
      assert.deepEqual(answer(version, 'NotifyEVChargingNeeds', {}), { status });
    });
  });

describe('OCPP 2.1: answers', () => {
  it('a station that asks gets its present limit', () => {
    const pull = { chargingProfileId: 7 };
    assert.deepEqual(answer('2.1', 'PullDynamicScheduleUpdate', pull, { limit: 10.17 }), {
      status: 'Accepted',
      scheduleUpdate: { limit: 10.1 },
    });
    assert.deepEqual(answer('2.1', 'PullDynamicScheduleUpdate', pull), { status: 'Rejected' });
    assert.deepEqual(answer('2.1', 'PullDynamicScheduleUpdate', {}, { limit: 10 }), { status: 'Rejected' });
  });

  it('priority charging is understood, and needs no word', () => {
    const payload = { transactionId: 'T1', activated: true };
    const decoded = codecFor('2.1').decode('NotifyPriorityCharging', payload, now);
    assert.deepEqual(decoded.ok && decoded.event, { kind: 'priority_charging', transaction: 'T1', isActive: true });
    assert.deepEqual(answer('2.1', 'NotifyPriorityCharging', payload), {});
  });

  it('a VAT number comes back as it was', () =>
    assert.deepEqual(answer('2.1', 'VatNumberValidation', { vatNumber: 'DE123456789' }), {
      vatNumber: 'DE123456789',
      status: 'Rejected',
    }));

  it('certificates come back one by one', () => {
    const certificateHashData = {
      hashAlgorithm: 'SHA256',
      issuerNameHash: 'a1',
      issuerKeyHash: 'b2',
      serialNumber: 'c3',
    };
    const request = { certificateHashData, source: 'OCSP', urls: ['http://ocsp.example'] };
    assert.deepEqual(answer('2.1', 'GetCertificateChainStatus', { certificateStatusRequests: [request, request] }), {
      certificateStatus: [1, 2].map(() => ({
        certificateHashData,
        source: 'OCSP',
        status: 'Failed',
        nextUpdate: '2026-01-05T10:00:05.250Z',
      })),
    });
  });

  it('certificates without their hashes, or too many, cannot be answered', () => {
    const certificateHashData = { hashAlgorithm: 'SHA256', issuerNameHash: 'a', issuerKeyHash: 'b', serialNumber: 'c' };
    const five = Array.from({ length: 5 }, () => ({ certificateHashData, source: 'CRL' }));
    for (const certificateStatusRequests of [[{}], [], five]) {
      const decoded = codecFor('2.1').decode('GetCertificateChainStatus', { certificateStatusRequests }, now);
      assert.ok(!decoded.ok && decoded.code === 'PropertyConstraintViolation');
    }
  });

  it('no stream is opened', () =>
    assert.deepEqual(answer('2.1', 'OpenPeriodicEventStream', { constantStreamData: {} }), { status: 'Rejected' }));

  it('2.0.1 knows none of it', () => {
    const decoded = codecFor('2.0.1').decode('PullDynamicScheduleUpdate', { chargingProfileId: 7 }, now);
    assert.ok(!decoded.ok && decoded.code === 'NotImplemented');
  });
});
