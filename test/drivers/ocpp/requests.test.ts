import assert from 'node:assert/strict';
import fc from 'fast-check';
import { listStatuses } from '../../../src/drivers/ocpp/authorization/local-auth-list.ts';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import { type AnswerStatuses, judge } from '../../../src/drivers/ocpp/codec/outbound.ts';
import { roundLimit } from '../../../src/drivers/ocpp/codec/strict-values.ts';
import { logStatuses } from '../../../src/drivers/ocpp/diagnostics/get-log.ts';
import {
  type ChargingProfile,
  type StationRequest,
  type StationResult,
  type Version,
  versions,
} from '../../../src/drivers/ocpp/messages.ts';
import { unlockStatuses } from '../../../src/drivers/ocpp/remote-control/unlock-connector.ts';
import { assertCall } from '../../support/ocpp/ocpp-schemas.ts';

const profile: ChargingProfile = {
  id: 101,
  stackLevel: 8,
  purpose: 'tx_default',
  kind: 'absolute',
  unit: 'A',
  startAt: Date.parse('2026-01-05T09:59:00Z'),
  periods: [{ startS: 0, limit: 10.17, phases: 3 }],
};

/** The payload, which fits the schema. */
const encode = (version: Version, request: StationRequest): object => {
  const { action, payload } = codecFor(version).encode(request);
  assertCall(version, action, payload);
  return { [action]: JSON.parse(JSON.stringify(payload)) };
};

const schedule16 = {
  startSchedule: '2026-01-05T09:59:00.000Z',
  chargingRateUnit: 'A',
  chargingSchedulePeriod: [{ startPeriod: 0, limit: 10.1, numberPhases: 3 }],
};
const profile16 = {
  chargingProfileId: 101,
  stackLevel: 8,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: schedule16,
};
const profile2 = {
  id: 101,
  stackLevel: 8,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: [{ id: 101, ...schedule16 }],
};
const token = { id: 'AABBCCDD', type: 'ISO14443' };
const wireToken = { idToken: 'AABBCCDD', type: 'ISO14443' };
const expiresAt = Date.parse('2027-01-01T00:00:00Z');

const expiryDate = '2027-01-01T00:00:00.000Z';
const securityLog = {
  logType: 'SecurityLog',
  requestId: 6,
  retries: 1,
  log: { remoteLocation: 'https://a.example/logs', latestTimestamp: expiryDate },
};
const signedFirmware = {
  requestId: 7,
  firmware: {
    location: 'https://a.example/fw',
    retrieveDateTime: expiryDate,
    installDateTime: expiryDate,
    signingCertificate: 'PEM',
    signature: 'c2ln',
  },
};

const rows: [name: string, request: StationRequest, in16: object | undefined, in2: object | undefined][] = [
  [
    'a limit',
    { kind: 'set_profile', evse: 1, profile },
    { SetChargingProfile: { connectorId: 1, csChargingProfiles: profile16 } },
    { SetChargingProfile: { evseId: 1, chargingProfile: profile2 } },
  ],
  [
    'a limit of the station',
    { kind: 'set_profile', evse: 0, profile: { ...profile, purpose: 'station_max' } },
    {
      SetChargingProfile: {
        connectorId: 0,
        csChargingProfiles: { ...profile16, chargingProfilePurpose: 'ChargePointMaxProfile' },
      },
    },
    {
      SetChargingProfile: {
        evseId: 0,
        chargingProfile: { ...profile2, chargingProfilePurpose: 'ChargingStationMaxProfile' },
      },
    },
  ],
  [
    'a limit of a transaction, relative, in W, with a fallback',
    {
      kind: 'set_profile',
      evse: 1,
      profile: {
        id: 5,
        stackLevel: 0,
        purpose: 'tx',
        kind: 'relative',
        unit: 'W',
        transaction: '77',
        durationS: 600,
        periods: [
          { startS: 0, limit: 4140.9, phases: 1, phaseToUse: 2 },
          { startS: 300, limit: 1380, phases: 3, phaseToUse: 2 },
        ],
      },
    },
    {
      SetChargingProfile: {
        connectorId: 1,
        csChargingProfiles: {
          chargingProfileId: 5,
          transactionId: 77,
          stackLevel: 0,
          chargingProfilePurpose: 'TxProfile',
          chargingProfileKind: 'Relative',
          chargingSchedule: {
            duration: 600,
            chargingRateUnit: 'W',
            chargingSchedulePeriod: [
              { startPeriod: 0, limit: 4140, numberPhases: 1 },
              { startPeriod: 300, limit: 1380, numberPhases: 3 },
            ],
          },
        },
      },
    },
    {
      SetChargingProfile: {
        evseId: 1,
        chargingProfile: {
          id: 5,
          transactionId: '77',
          stackLevel: 0,
          chargingProfilePurpose: 'TxProfile',
          chargingProfileKind: 'Relative',
          chargingSchedule: [
            {
              id: 5,
              duration: 600,
              chargingRateUnit: 'W',
              chargingSchedulePeriod: [
                { startPeriod: 0, limit: 4140, numberPhases: 1, phaseToUse: 2 },
                { startPeriod: 300, limit: 1380, numberPhases: 3 },
              ],
            },
          ],
        },
      },
    },
  ],
  [
    'a profile is cleared by its id',
    { kind: 'clear_profile', id: 101 },
    { ClearChargingProfile: { id: 101 } },
    { ClearChargingProfile: { chargingProfileId: 101 } },
  ],
  [
    'profiles are cleared by what they are for',
    { kind: 'clear_profile', evse: 1, purpose: 'tx', stackLevel: 0 },
    { ClearChargingProfile: { connectorId: 1, chargingProfilePurpose: 'TxProfile', stackLevel: 0 } },
    {
      ClearChargingProfile: {
        chargingProfileCriteria: { evseId: 1, chargingProfilePurpose: 'TxProfile', stackLevel: 0 },
      },
    },
  ],
  ['an empty filter is refused', { kind: 'clear_profile' }, undefined, undefined],
  [
    'which profiles there are',
    { kind: 'get_profiles', requestId: 3, evse: 1 },
    undefined,
    { GetChargingProfiles: { requestId: 3, evseId: 1, chargingProfile: {} } },
  ],
  [
    'the schedule that comes of all of them',
    { kind: 'composite_schedule', evse: 1, durationS: 300, unit: 'A' },
    { GetCompositeSchedule: { connectorId: 1, duration: 300, chargingRateUnit: 'A' } },
    { GetCompositeSchedule: { evseId: 1, duration: 300, chargingRateUnit: 'A' } },
  ],
  [
    'start',
    { kind: 'start', evse: 1, token, remoteStartId: 9 },
    { RemoteStartTransaction: { connectorId: 1, idTag: 'AABBCCDD' } },
    { RequestStartTransaction: { evseId: 1, idToken: wireToken, remoteStartId: 9 } },
  ],
  [
    'start anywhere',
    { kind: 'start', evse: 0, token: { id: 'ems' }, remoteStartId: 9 },
    { RemoteStartTransaction: { idTag: 'ems' } },
    { RequestStartTransaction: { idToken: { idToken: 'ems', type: 'Central' }, remoteStartId: 9 } },
  ],
  [
    'start with a limit, which is one of the transaction to come',
    { kind: 'start', evse: 1, token, remoteStartId: 9, profile: { ...profile, transaction: '7' } },
    {
      RemoteStartTransaction: {
        connectorId: 1,
        idTag: 'AABBCCDD',
        chargingProfile: { ...profile16, chargingProfilePurpose: 'TxProfile' },
      },
    },
    {
      RequestStartTransaction: {
        evseId: 1,
        idToken: wireToken,
        remoteStartId: 9,
        chargingProfile: { ...profile2, chargingProfilePurpose: 'TxProfile' },
      },
    },
  ],
  [
    'a tag of 1.6 has 20 characters',
    { kind: 'start', evse: 1, token: { id: '123456789012345678901' }, remoteStartId: 9 },
    undefined,
    {
      RequestStartTransaction: {
        evseId: 1,
        idToken: { idToken: '123456789012345678901', type: 'Central' },
        remoteStartId: 9,
      },
    },
  ],
  [
    'stop',
    { kind: 'stop', transaction: '1744943533' },
    { RemoteStopTransaction: { transactionId: 1_744_943_533 } },
    { RequestStopTransaction: { transactionId: '1744943533' } },
  ],
  [
    'a transaction of 1.6 is a number',
    { kind: 'stop', transaction: 'a-b' },
    undefined,
    { RequestStopTransaction: { transactionId: 'a-b' } },
  ],
  [
    'unlock',
    { kind: 'unlock', evse: 2 },
    { UnlockConnector: { connectorId: 2 } },
    { UnlockConnector: { evseId: 2, connectorId: 1 } },
  ],
  ['reset at once', { kind: 'reset', isHard: true }, { Reset: { type: 'Hard' } }, { Reset: { type: 'Immediate' } }],
  [
    'reset when idle',
    { kind: 'reset', isHard: false, evse: 1 },
    { Reset: { type: 'Soft' } },
    { Reset: { type: 'OnIdle', evseId: 1 } },
  ],
  [
    'out of service',
    { kind: 'set_availability', evse: 1, isOperative: false },
    { ChangeAvailability: { connectorId: 1, type: 'Inoperative' } },
    { ChangeAvailability: { operationalStatus: 'Inoperative', evse: { id: 1 } } },
  ],
  [
    'all into service',
    { kind: 'set_availability', evse: 0, isOperative: true },
    { ChangeAvailability: { connectorId: 0, type: 'Operative' } },
    { ChangeAvailability: { operationalStatus: 'Operative' } },
  ],
  [
    'trigger a status',
    { kind: 'trigger', message: 'status', evse: 1 },
    { TriggerMessage: { requestedMessage: 'StatusNotification', connectorId: 1 } },
    { TriggerMessage: { requestedMessage: 'StatusNotification', evse: { id: 1, connectorId: 1 } } },
  ],
  [
    'trigger a boot',
    { kind: 'trigger', message: 'boot', evse: 0 },
    { TriggerMessage: { requestedMessage: 'BootNotification' } },
    { TriggerMessage: { requestedMessage: 'BootNotification' } },
  ],
  [
    'trigger the status of a firmware',
    { kind: 'trigger', message: 'firmware_status' },
    { TriggerMessage: { requestedMessage: 'FirmwareStatusNotification' } },
    { TriggerMessage: { requestedMessage: 'FirmwareStatusNotification' } },
  ],
  [
    'trigger the status of diagnostics',
    { kind: 'trigger', message: 'diagnostics_status' },
    { TriggerMessage: { requestedMessage: 'DiagnosticsStatusNotification' } },
    { TriggerMessage: { requestedMessage: 'LogStatusNotification' } },
  ],
  [
    'trigger the status of a log',
    { kind: 'trigger', message: 'log_status' },
    { ExtendedTriggerMessage: { requestedMessage: 'LogStatusNotification' } },
    { TriggerMessage: { requestedMessage: 'LogStatusNotification' } },
  ],
  [
    'trigger a transaction event',
    { kind: 'trigger', message: 'transaction', evse: 1 },
    undefined,
    { TriggerMessage: { requestedMessage: 'TransactionEvent', evse: { id: 1 } } },
  ],
  ['all settings', { kind: 'get_variables', variables: undefined }, { GetConfiguration: {} }, undefined],
  ['no settings at all', { kind: 'get_variables', variables: [] }, undefined, undefined],
  [
    'some settings',
    { kind: 'get_variables', variables: [{ name: 'HeartbeatInterval' }] },
    { GetConfiguration: { key: ['HeartbeatInterval'] } },
    undefined,
  ],
  [
    'some variables',
    {
      kind: 'get_variables',
      variables: [
        { name: 'SmartChargingCtrlr.RateUnit' },
        { name: 'Connector.AvailabilityState', evse: 1, connector: 2 },
        { name: 'OCPPCommCtrlr.MessageTimeout[Default]' },
        { name: 'Meter[main.1].Power' },
      ],
    },
    {
      GetConfiguration: {
        key: [
          'SmartChargingCtrlr.RateUnit',
          'Connector.AvailabilityState',
          'OCPPCommCtrlr.MessageTimeout[Default]',
          'Meter[main.1].Power',
        ],
      },
    },
    {
      GetVariables: {
        getVariableData: [
          { component: { name: 'SmartChargingCtrlr' }, variable: { name: 'RateUnit' } },
          {
            component: { name: 'Connector', evse: { id: 1, connectorId: 2 } },
            variable: { name: 'AvailabilityState' },
          },
          { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'MessageTimeout', instance: 'Default' } },
          { component: { name: 'Meter', instance: 'main.1' }, variable: { name: 'Power' } },
        ],
      },
    },
  ],
  [
    'a setting is changed',
    { kind: 'set_variables', variables: [{ name: 'HeartbeatInterval', value: '120' }] },
    { ChangeConfiguration: { key: 'HeartbeatInterval', value: '120' } },
    undefined,
  ],
  [
    'variables are changed',
    {
      kind: 'set_variables',
      variables: [
        { name: 'OCPPCommCtrlr.HeartbeatInterval', value: '120' },
        { name: 'EVSE.Available', evse: 1, value: 'true' },
      ],
    },
    undefined,
    {
      SetVariables: {
        setVariableData: [
          {
            attributeValue: '120',
            component: { name: 'OCPPCommCtrlr' },
            variable: { name: 'HeartbeatInterval' },
          },
          { attributeValue: 'true', component: { name: 'EVSE', evse: { id: 1 } }, variable: { name: 'Available' } },
        ],
      },
    },
  ],
  [
    'a report',
    { kind: 'get_report', requestId: 4, isFull: true },
    undefined,
    { GetBaseReport: { requestId: 4, reportBase: 'FullInventory' } },
  ],
  [
    'a short report',
    { kind: 'get_report', requestId: 4, isFull: false },
    undefined,
    { GetBaseReport: { requestId: 4, reportBase: 'ConfigurationInventory' } },
  ],
  [
    'whether a transaction goes on',
    { kind: 'transaction_status', transaction: 'tx1' },
    undefined,
    { GetTransactionStatus: { transactionId: 'tx1' } },
  ],
  ['whether anything is kept back', { kind: 'transaction_status' }, undefined, { GetTransactionStatus: {} }],
  ['which list it has', { kind: 'local_list_version' }, { GetLocalListVersion: {} }, { GetLocalListVersion: {} }],
  [
    'who may charge',
    { kind: 'send_local_list', version: 3, tokens: [{ token, expiresAt }] },
    {
      SendLocalList: {
        listVersion: 3,
        localAuthorizationList: [
          { idTag: 'AABBCCDD', idTagInfo: { status: 'Accepted', expiryDate: '2027-01-01T00:00:00.000Z' } },
        ],
        updateType: 'Full',
      },
    },
    {
      SendLocalList: {
        versionNumber: 3,
        updateType: 'Full',
        localAuthorizationList: [
          {
            idToken: wireToken,
            idTokenInfo: { status: 'Accepted', cacheExpiryDateTime: '2027-01-01T00:00:00.000Z' },
          },
        ],
      },
    },
  ],
  [
    'nobody may charge',
    { kind: 'send_local_list', version: 4, tokens: [] },
    { SendLocalList: { listVersion: 4, localAuthorizationList: [], updateType: 'Full' } },
    { SendLocalList: { versionNumber: 4, updateType: 'Full' } },
  ],
  [
    'a reservation',
    { kind: 'reserve', id: 5, evse: 1, token, groupToken: { id: 'GROUP' }, expiresAt },
    {
      ReserveNow: { connectorId: 1, expiryDate, idTag: 'AABBCCDD', parentIdTag: 'GROUP', reservationId: 5 },
    },
    {
      ReserveNow: {
        id: 5,
        expiryDateTime: expiryDate,
        idToken: wireToken,
        evseId: 1,
        groupIdToken: { idToken: 'GROUP', type: 'Central' },
      },
    },
  ],
  [
    'a reservation of whichever is free',
    { kind: 'reserve', id: 5, evse: 0, token, expiresAt },
    { ReserveNow: { connectorId: 0, expiryDate, idTag: 'AABBCCDD', reservationId: 5 } },
    { ReserveNow: { id: 5, expiryDateTime: expiryDate, idToken: wireToken } },
  ],
  [
    'a reservation is cancelled',
    { kind: 'cancel_reservation', id: 5 },
    { CancelReservation: { reservationId: 5 } },
    { CancelReservation: { reservationId: 5 } },
  ],
  [
    'diagnostics',
    { kind: 'get_diagnostics', url: 'ftp://a.example/logs', oldestAt: expiresAt, retries: 3, retryIntervalS: 60 },
    { GetDiagnostics: { location: 'ftp://a.example/logs', retries: 3, retryInterval: 60, startTime: expiryDate } },
    undefined,
  ],
  [
    'a log',
    { kind: 'get_log', requestId: 6, log: 'security', url: 'https://a.example/logs', latestAt: expiresAt, retries: 1 },
    { GetLog: securityLog },
    { GetLog: securityLog },
  ],
  [
    'a firmware',
    { kind: 'update_firmware', requestId: 7, url: 'https://a.example/fw', retrieveAt: expiresAt, retries: 2 },
    { UpdateFirmware: { location: 'https://a.example/fw', retries: 2, retrieveDate: expiryDate } },
    {
      UpdateFirmware: {
        requestId: 7,
        retries: 2,
        firmware: { location: 'https://a.example/fw', retrieveDateTime: expiryDate },
      },
    },
  ],
  [
    'a firmware with a signature',
    {
      kind: 'update_firmware',
      requestId: 7,
      url: 'https://a.example/fw',
      retrieveAt: expiresAt,
      installAt: expiresAt,
      signed: { certificate: 'PEM', signature: 'c2ln' },
    },
    { SignedUpdateFirmware: signedFirmware },
    { UpdateFirmware: signedFirmware },
  ],
  [
    'a firmware at no URL',
    { kind: 'update_firmware', requestId: 7, url: 'a.example fw', retrieveAt: expiresAt },
    undefined,
    undefined,
  ],
  [
    "a vendor's own",
    { kind: 'data_transfer', vendor: 'com.example', message: 'x', data: { a: 1 } },
    { DataTransfer: { vendorId: 'com.example', messageId: 'x', data: '{"a":1}' } },
    { DataTransfer: { vendorId: 'com.example', messageId: 'x', data: { a: 1 } } },
  ],
];

for (const version of versions)
  describe(`OCPP ${version}: what a station is asked`, () => {
    for (const [name, request, in16, in2] of rows) {
      const expected = version === '1.6' ? in16 : in2;
      it(`${name}${expected ? '' : ': no words for it'}`, () => {
        if (expected) assert.deepEqual(encode(version, request), expected);
        else assert.throws(() => codecFor(version).encode(request), Error);
      });
    }

    it('one key at a time in 1.6, and no empty list anywhere', () => {
      const many = [1, 2].map((n) => ({ name: `A.B${n}`, value: '1' }));
      if (version === '1.6')
        assert.throws(() => encode(version, { kind: 'set_variables', variables: many }), /one key at a time/);
      assert.throws(() => encode(version, { kind: 'set_variables', variables: [] }));
    });

    it('no limit without a period, and none that is no number', () => {
      const limited = (periods: ChargingProfile['periods']): StationRequest => ({
        kind: 'set_profile',
        evse: 1,
        profile: { ...profile, periods },
      });
      assert.throws(() => encode(version, limited([])), /without periods/);
      for (const limit of [Number.NaN, Number.POSITIVE_INFINITY, -1])
        assert.throws(() => encode(version, limited([{ startS: 0, limit }])), /is no limit/);
    });
  });

describe('OCPP 2.1: dynamic profiles', () => {
  const dynamic: ChargingProfile = {
    id: 101,
    stackLevel: 8,
    purpose: 'tx_default',
    kind: 'dynamic',
    unit: 'A',
    periods: [{ startS: 0, limit: 16 }],
    pullIntervalS: 60,
    maxOfflineS: 300,
  };

  it('are set', () =>
    assert.deepEqual(encode('2.1', { kind: 'set_profile', evse: 1, profile: dynamic }), {
      SetChargingProfile: {
        evseId: 1,
        chargingProfile: {
          id: 101,
          stackLevel: 8,
          chargingProfilePurpose: 'TxDefaultProfile',
          chargingProfileKind: 'Dynamic',
          dynUpdateInterval: 60,
          maxOfflineDuration: 300,
          invalidAfterOfflineDuration: true,
          chargingSchedule: [
            { id: 101, chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }] },
          ],
        },
      },
    }));

  it('are good for so long without an update (K28.FR.13)', () => {
    const { maxOfflineS: _, ...rest } = dynamic;
    const request = { kind: 'set_profile' as const, evse: 1, profile: { ...rest, durationS: 300 } };
    const { SetChargingProfile } = encode('2.1', request) as Record<string, { chargingProfile: object }>;
    assert.deepEqual(SetChargingProfile?.chargingProfile, {
      id: 101,
      stackLevel: 8,
      chargingProfilePurpose: 'TxDefaultProfile',
      chargingProfileKind: 'Dynamic',
      dynUpdateInterval: 60,
      chargingSchedule: [
        {
          id: 101,
          duration: 300,
          chargingRateUnit: 'A',
          chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }],
        },
      ],
    });
  });

  it('are changed', () =>
    assert.deepEqual(encode('2.1', { kind: 'update_dynamic', profile: 101, limit: 6.19 }), {
      UpdateDynamicSchedule: { chargingProfileId: 101, scheduleUpdate: { limit: 6.1 } },
    }));

  it('have one period', () => {
    const periods = [0, 60].map((startS) => ({ startS, limit: 16 }));
    assert.throws(() => encode('2.1', { kind: 'set_profile', evse: 1, profile: { ...dynamic, periods } }));
  });

  it('are not known before', () => {
    for (const version of ['1.6', '2.0.1'] as const) {
      assert.throws(() => encode(version, { kind: 'set_profile', evse: 1, profile: dynamic }), /no dynamic/);
      assert.throws(
        () => encode(version, { kind: 'set_profile', evse: 1, profile: { ...profile, maxOfflineS: 300 } }),
        /no dynamic/,
      );
      assert.throws(() => encode(version, { kind: 'update_dynamic', profile: 1, limit: 6 }), /no words/);
    }
  });
});

describe('OCPP: tokens of 2.x', () => {
  const start = (id: string, type: string): StationRequest => ({
    kind: 'start',
    evse: 1,
    token: { id, type },
    remoteStartId: 1,
  });

  it('types are written as the schema has them', () =>
    assert.deepEqual(encode('2.0.1', start('A', 'iso14443')), {
      RequestStartTransaction: { remoteStartId: 1, idToken: { idToken: 'A', type: 'ISO14443' }, evseId: 1 },
    }));

  it('2.1 has types and lengths that 2.0.1 has not', () => {
    for (const request of [start('A', 'EVCCID'), start('x'.repeat(37), 'Central')]) {
      encode('2.1', request);
      assert.throws(() => encode('2.0.1', request));
    }
    assert.throws(() => encode('2.1', start('x'.repeat(256), 'Central')));
  });
});

describe('OCPP: limits', () => {
  it('in A are rounded down to 0.1', () =>
    fc.assert(
      fc.property(fc.double({ min: 0, max: 500, noNaN: true }), (limit) => {
        const rounded = roundLimit(limit, 'A');
        assert.ok(rounded <= limit + 1e-6 && rounded > limit - 0.1 - 1e-6);
        assert.match(String(rounded), /^\d+(\.\d)?$/);
      }),
    ));

  it('with one digit stay what they are', () => {
    for (let tenths = 0; tenths <= 5000; tenths++) assert.equal(roundLimit(tenths / 10, 'A'), tenths / 10);
  });

  it('that were computed are not cut by a hair', () => {
    const fromPower = (6 * 229.7) / 229.7;
    assert.ok(fromPower < 6);
    assert.equal(roundLimit(fromPower, 'A'), 6);
  });

  it('in W are whole', () => {
    assert.equal(roundLimit(4140.99, 'W'), 4140);
    assert.equal(roundLimit(0.3 * 10000, 'W'), 3000);
  });
});

const result = (version: Version, request: StationRequest, payload: unknown): StationResult =>
  codecFor(version).decodeResult(request, payload);

describe('OCPP: what a station answers', () => {
  const statuses: [raw: string, status: StationResult['status'], ofAnswer?: AnswerStatuses][] = [
    ['Accepted', 'accepted'],
    ['accepted', 'accepted'],
    ['Rejected', 'rejected'],
    ['NotSupported', 'not_supported'],
    ['NotImplemented', 'not_supported'],
    ['RebootRequired', 'reboot_required'],
    ['Scheduled', 'scheduled'],
    ['Unknown', 'unknown'],
    ['NoProfiles', 'unknown'],
    ['EmptyResultSet', 'unknown'],
    ['Unlocked', 'done', unlockStatuses],
    ['UnlockFailed', 'rejected', unlockStatuses],
    ['OngoingAuthorizedTransaction', 'rejected', unlockStatuses],
    ['UnknownConnector', 'unknown'],
    ['VersionMismatch', 'rejected', listStatuses],
    ['Failed', 'rejected', listStatuses],
    ['UnknownVendorId', 'unknown'],
  ];
  for (const version of versions)
    it(`statuses of ${version}`, () => {
      for (const [raw, status, ofAnswer] of statuses)
        assert.deepEqual(judge(result(version, { kind: 'unlock', evse: 1 }, { status: raw }), ofAnswer), {
          status,
          raw,
        });
    });

  it('nothing at all', () => {
    for (const version of versions)
      for (const payload of [undefined, null, [], 'Accepted', 7, {}, { status: { a: 1 } }])
        assert.equal(result(version, { kind: 'unlock', evse: 1 }, payload).status, 'unknown');
  });

  it('the configuration of 1.6', () => {
    const read = result(
      '1.6',
      { kind: 'get_variables', variables: undefined },
      {
        configurationKey: [
          { key: 'NumberOfConnectors', readonly: true, value: '2' },
          { key: 'HeartbeatInterval', readonly: 'false', value: 300 },
          { key: 'AuthorizationKey', readonly: false },
          { value: 'of nothing' },
          null,
        ],
        unknownKey: ['Nonsense', 7],
      },
    );
    assert.deepEqual(read, {
      status: 'done',
      raw: '',
      variables: [
        { name: 'NumberOfConnectors', value: '2', isReadOnly: true, status: 'Accepted' },
        { name: 'HeartbeatInterval', value: '300', isReadOnly: false, status: 'Accepted' },
        { name: 'AuthorizationKey', value: undefined, isReadOnly: false, status: 'Accepted' },
      ],
    });
  });

  it('keys that nobody knows', () => {
    const read = result('1.6', { kind: 'get_variables', variables: [{ name: 'A' }] }, { unknownKey: ['A'] });
    assert.deepEqual(read, { status: 'unknown', raw: 'UnknownKey', variables: [] });
    const attributeStatus = 'UnknownVariable';
    const getVariableResult = [{ attributeStatus, component: { name: 'A' }, variable: { name: 'B' } }];
    assert.deepEqual(result('2.1', { kind: 'get_variables', variables: [{ name: 'A.B' }] }, { getVariableResult }), {
      status: 'unknown',
      raw: 'UnknownVariable',
      variables: [],
    });
  });

  it('values as long as they may be', () => {
    const value = 'Current.Import,'.repeat(160);
    const request: StationRequest = { kind: 'get_variables', variables: [{ name: 'A.B' }] };
    const configurationKey = [{ key: 'MeterValuesSampledData', readonly: false, value }];
    assert.equal(result('1.6', request, { configurationKey }).variables?.[0]?.value, value);
    const getVariableResult = [
      { attributeStatus: 'Accepted', attributeValue: value, component: { name: 'A' }, variable: { name: 'B' } },
    ];
    assert.equal(result('2.0.1', request, { getVariableResult }).variables?.[0]?.value, value);
  });

  it('a list that is none', () => {
    const read = result('1.6', { kind: 'get_variables', variables: undefined }, []);
    assert.deepEqual(read, { status: 'unknown', raw: '', variables: [] });
  });

  it('a changed key', () => {
    const variables = [{ name: 'HeartbeatInterval', value: '60' }];
    assert.deepEqual(result('1.6', { kind: 'set_variables', variables }, { status: 'RebootRequired' }), {
      status: 'reboot_required',
      raw: 'RebootRequired',
      variables: [{ name: 'HeartbeatInterval', value: '60', status: 'RebootRequired' }],
    });
  });

  it('variables of 2.x, also accepted without a value', () => {
    const request: StationRequest = { kind: 'get_variables', variables: [{ name: 'A.B' }] };
    const getVariableResult = [
      {
        attributeStatus: 'Accepted',
        component: { name: 'EVSE', evse: { id: 1 } },
        variable: { name: 'SupplyPhases' },
        attributeValue: '3',
      },
      {
        attributeStatus: 'Accepted',
        component: { name: 'OCPPCommCtrlr' },
        variable: { name: 'MessageTimeout', instance: 'Default' },
      },
      { attributeStatus: 'UnknownVariable', component: { name: 'A' }, variable: { name: 'B' } },
    ];
    assert.deepEqual(result('2.0.1', request, { getVariableResult }), {
      status: 'done',
      raw: '',
      variables: [
        { name: 'EVSE.SupplyPhases', evse: 1, value: '3', status: 'Accepted' },
        { name: 'OCPPCommCtrlr.MessageTimeout[Default]', value: undefined, status: 'Accepted' },
      ],
    });
  });

  it('variables set in 2.x: the worst is said of all', () => {
    const variables = [1, 2].map((n) => ({ name: `A.B${n}`, value: '1' }));
    const answered = (...words: string[]): [string, StationResult['status'], string[]] => {
      const setVariableResult = words.map((attributeStatus) => ({ attributeStatus }));
      const read = result('2.1', { kind: 'set_variables', variables }, { setVariableResult });
      return [read.raw, read.status, (read.variables ?? []).map(({ status }) => status)];
    };
    assert.deepEqual(answered('Accepted', 'Accepted'), ['Accepted', 'accepted', ['Accepted', 'Accepted']]);
    assert.deepEqual(answered('Accepted', 'RebootRequired').slice(0, 2), ['RebootRequired', 'reboot_required']);
    assert.deepEqual(answered('RebootRequired', 'Rejected').slice(0, 2), ['Rejected', 'rejected']);
    assert.deepEqual(answered('Accepted'), ['', 'unknown', ['Accepted', '']]);
  });

  it('a schedule, without what is no limit', () => {
    const request: StationRequest = { kind: 'composite_schedule', evse: 1, durationS: 300 };
    const chargingSchedule = {
      chargingRateUnit: 'W',
      chargingSchedulePeriod: [
        { startPeriod: 0, limit: -1 },
        { startPeriod: 60, limit: '4140,0' },
        { startPeriod: 120 },
      ],
    };
    const schedule = { unit: 'W', periods: [{ startS: 60, limit: 4140 }] };
    const expected = { status: 'accepted', raw: 'Accepted', schedule };
    assert.deepEqual(result('1.6', request, { status: 'Accepted', chargingSchedule }), expected);
    assert.deepEqual(result('2.0.1', request, { status: 'Accepted', schedule: chargingSchedule }), expected);
    assert.deepEqual(result('2.1', request, { status: 'Accepted' }), { status: 'accepted', raw: 'Accepted' });
  });

  it('the file that a station uploads', () => {
    const diagnostics: StationRequest = { kind: 'get_diagnostics', url: 'ftp://a.example' };
    const log: StationRequest = { kind: 'get_log', requestId: 1, log: 'security', url: 'ftp://a.example' };
    assert.deepEqual(result('1.6', diagnostics, { fileName: 'd.zip' }), { status: 'done', raw: '', fileName: 'd.zip' });
    assert.deepEqual(result('1.6', diagnostics, {}), { status: 'done', raw: '' });
    for (const version of versions)
      assert.deepEqual(judge(result(version, log, { status: 'AcceptedCanceled', filename: 's.log' }), logStatuses), {
        status: 'accepted',
        raw: 'AcceptedCanceled',
        fileName: 's.log',
      });
  });

  it('whether a firmware is taken', () => {
    const plain: StationRequest = { kind: 'update_firmware', requestId: 1, url: 'ftp://a.example', retrieveAt: 0 };
    const signed: StationRequest = { ...plain, signed: { certificate: 'PEM', signature: 'c2ln' } };
    assert.deepEqual(result('1.6', plain, {}), { status: 'done', raw: '' });
    for (const version of versions)
      assert.deepEqual(result(version, signed, { status: 'InvalidCertificate' }), {
        status: 'unknown',
        raw: 'InvalidCertificate',
      });
  });

  it('a start that has begun already', () => {
    const request: StationRequest = { kind: 'start', evse: 1, token, remoteStartId: 1 };
    const payload = { status: 'Accepted', transactionId: 'tx9' };
    assert.deepEqual(result('2.0.1', request, payload), {
      status: 'accepted',
      raw: 'Accepted',
      transaction: 'tx9',
    });
  });

  it('whether a transaction goes on', () => {
    const request: StationRequest = { kind: 'transaction_status', transaction: 'tx1' };
    const going = { status: 'done', raw: '', isOngoing: true };
    assert.deepEqual(result('2.0.1', request, { ongoingIndicator: true, messagesInQueue: false }), going);
    assert.deepEqual(result('2.0.1', request, { messagesInQueue: false }), { status: 'done', raw: '' });
  });
});
