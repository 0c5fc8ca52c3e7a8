import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EncodedCall } from '../../../src/drivers/ocpp/codec/codec.ts';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import {
  type StationMessage,
  type StationRequest,
  type Version,
  versions,
} from '../../../src/drivers/ocpp/messages.ts';
import { isUnit } from '../../../src/model/units.ts';
import { actionsOf, faultsOfCall, faultsOfResult } from '../../support/ocpp/ocpp-schemas.ts';
import { type Frame, readFrames } from './frames.ts';

const at = Date.parse('2026-01-05T10:00:05Z');

/** Field names of the messages, so that what is made up gets past the first look. */
const names = `connectorId idTag meterStart meterStop transactionId timestamp transactionData meterValue sampledValue
  value context format measurand phase location unit unitOfMeasure multiplier signedMeterValue status connectorStatus
  evseId errorCode info vendorId messageId data idToken type evse id eventType transactionInfo chargingState offline
  seqNo triggerReason stoppedReason remoteStartId numberOfPhasesUsed chargingStation modem vendorName model requestId
  tbc reportData component variable name instance variableAttribute variableCharacteristics maxLimit mutability
  eventData actualValue chargingProfile chargingProfileId stackLevel chargingLimit chargingLimitSource chargingNeeds
  certificateStatusRequests certificateHashData hashAlgorithm source vatNumber configurationKey key readonly unknownKey
  getVariableResult setVariableResult attributeStatus attributeValue chargingSchedule schedule chargingSchedulePeriod
  startPeriod limit chargingRateUnit ongoingIndicator __proto__ constructor toString length`.split(/\s+/);

const words = `Accepted Charging Available Occupied Started Ended Updated SignedData Raw Energy.Active.Import.Register
  Power.Active.Import Power.Active.Export Current.Import Voltage Temperature L1 L1-N L1-L2 N Wh kWh W Hertz Celcius
  Outlet EV Sample.Periodic Transaction.Begin 2026-01-05T10:00:00Z 2026-01-05T10:00:00 1970-01-01T00:00:00Z
  9999-99-99T99:99:99Z 230,5 1e308 -0 NaN Actual ReadOnly Connector AvailabilityState SHA256 OCSP __proto__`.split(
  /\s+/,
);

const { message } = fc.letrec<{ message: object; value: unknown }>((tie) => ({
  message: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 12, depthIdentifier: 'ocpp' }),
  value: fc.oneof(
    { depthIdentifier: 'ocpp', maxDepth: 6 },
    fc.constantFrom(...words),
    fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.double(),
      fc.integer({ min: -3, max: 9 }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4, depthIdentifier: 'ocpp' }),
    tie('message'),
  ),
}));

/** As it comes from the wire: __proto__ is a field like any other. */
const fromWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

/** What was understood can be kept, published and counted with. */
const assertSound = (event: StationMessage): void => {
  JSON.stringify(event);
  if ('evse' in event && event.evse !== undefined) assert.ok(Number.isInteger(event.evse) && event.evse >= 0);
  for (const { at: time, sampledValues: measures } of 'meterValues' in event ? event.meterValues : []) {
    assert.ok(time === undefined || (time > Date.parse('2015-01-01') && time < at + 3_600_000));
    for (const { value, unit } of measures) assert.ok(Number.isFinite(value) && isUnit(unit));
  }
};

const assertAnswered = (version: Version, action: string, payload: unknown): void => {
  const codec = codecFor(version);
  const decoded = codec.decode(action, payload, at);
  if (!decoded.ok) {
    assert.ok(decoded.reason.length < 200);
    return;
  }
  assert.ok(decoded.notes.length <= 20 && decoded.notes.every((note) => note.length < 400));
  assertSound(decoded.event);
  const fault = faultsOfResult(version, action, codec.reply(decoded.event, {}, at));
  assert.equal(fault, undefined, action);
};

/** What a station may put where something else belongs. */
const wrong = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    0,
    -1,
    1.5,
    1e300,
    true,
    [],
    {},
    [[]],
    [null],
    { a: { b: [] } },
    'x'.repeat(5000),
  ),
  fc.constantFrom(...words),
  fc.jsonValue(),
  fc.constant(undefined),
);

/** A copy of a value in which some places hold what does not belong there; undefined: nothing. */
const spoil = (value: unknown, next: () => { isHit: boolean; instead: unknown }): unknown => {
  const { isHit, instead } = next();
  if (isHit) return instead;
  if (Array.isArray(value)) return value.map((each) => spoil(each, next));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, spoil(each, next)]));
};

/** A frame of a real station, spoilt in places. */
const spoilt = (frames: Frame[]): fc.Arbitrary<Frame> =>
  fc
    .record({
      frame: fc.constantFrom(...frames),
      hits: fc.infiniteStream(fc.nat({ max: 11 })),
      instead: fc.infiniteStream(wrong),
    })
    .map(({ frame, hits, instead }) => ({
      ...frame,
      payload: spoil(frame.payload, () => ({ isHit: hits.next().value === 0, instead: instead.next().value })),
    }));

const runs = Number(process.env.EMS_OCPP_FUZZ ?? 2000);

for (const version of versions) {
  const actions = actionsOf(version);
  describe(`OCPP ${version}: hostile stations`, () => {
    it('whatever they say is answered or refused', () =>
      fc.assert(
        fc.property(fc.constantFrom(...actions), fc.oneof(message, fc.jsonValue()), (action, payload) =>
          assertAnswered(version, action, fromWire(payload)),
        ),
        { numRuns: runs },
      ));

    it('whatever real ones could get wrong is answered or refused', () =>
      fc.assert(
        fc.property(spoilt(readFrames(version === '1.6' ? '1.6' : '2')), ({ action, payload }) =>
          assertAnswered(version, action, fromWire(payload)),
        ),
        { numRuns: runs },
      ));

    it('whatever they answer is understood as something', () =>
      fc.assert(
        fc.property(fc.constantFrom(...kinds), fc.oneof(message, fc.jsonValue()), (kind, payload) => {
          const result = codecFor(version).decodeResult(requests[kind] as StationRequest, fromWire(payload));
          assert.equal(typeof result.status, 'string');
          assert.ok(result.raw.length <= 255);
        }),
        { numRuns: runs },
      ));

    it('what is nested without end is refused, or left out', () => {
      const deep = JSON.parse(`${'{"data":['.repeat(20_000)}1${']}'.repeat(20_000)}`);
      for (const action of actions)
        for (const field of ['data', 'chargingNeeds', 'meterValue', 'transactionInfo', 'csr', 'component'])
          assertAnswered(version, action, { vendorId: 'x', [field]: deep });
    });

    it('a thousand fields of each kind are read in no time', () => {
      const many = Array.from({ length: 100_000 }, () => ({}));
      for (const action of actions)
        for (const field of ['meterValue', 'transactionData', 'reportData', 'eventData', 'chargingProfile'])
          codecFor(version).decode(action, { [field]: many, transactionInfo: { transactionId: 'a' } }, at);
    });

    it('nothing sticks to the prototype of objects', () => {
      const payload = JSON.parse('{"__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1}}}');
      for (const action of actions) assertAnswered(version, action, payload);
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    });
  });
}

const token = { id: 'A' };
const periods = [{ startS: 0, limit: 6 }];
const profile = { id: 1, stackLevel: 0, purpose: 'tx', kind: 'absolute', unit: 'A', periods, startAt: at } as const;
const requests: { [K in StationRequest['kind']]: StationRequest } = {
  set_profile: { kind: 'set_profile', evse: 1, profile },
  clear_profile: { kind: 'clear_profile', id: 1 },
  get_profiles: { kind: 'get_profiles', requestId: 1 },
  composite_schedule: { kind: 'composite_schedule', evse: 1, durationS: 60 },
  start: { kind: 'start', evse: 1, token, remoteStartId: 1 },
  stop: { kind: 'stop', transaction: '1' },
  unlock: { kind: 'unlock', evse: 1 },
  reset: { kind: 'reset', isHard: true },
  set_availability: { kind: 'set_availability', evse: 1, isOperative: true },
  trigger: { kind: 'trigger', message: 'boot' },
  get_variables: { kind: 'get_variables', variables: [{ name: 'A.B' }] },
  set_variables: { kind: 'set_variables', variables: [{ name: 'A.B', value: '1' }] },
  get_report: { kind: 'get_report', requestId: 1, isFull: true },
  transaction_status: { kind: 'transaction_status' },
  local_list_version: { kind: 'local_list_version' },
  send_local_list: { kind: 'send_local_list', version: 1, tokens: [{ token }] },
  update_dynamic: { kind: 'update_dynamic', profile: 1, limit: 6 },
  reserve: { kind: 'reserve', id: 1, evse: 1, token, expiresAt: at },
  cancel_reservation: { kind: 'cancel_reservation', id: 1 },
  get_diagnostics: { kind: 'get_diagnostics', url: 'ftp://a.example' },
  get_log: { kind: 'get_log', requestId: 1, log: 'security', url: 'ftp://a.example' },
  update_firmware: { kind: 'update_firmware', requestId: 1, url: 'ftp://a.example', retrieveAt: at },
  data_transfer: { kind: 'data_transfer', vendor: 'x' },
};
const kinds = Object.keys(requests) as StationRequest['kind'][];

const number = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.double(), fc.constantFrom(-1, 1e9, 2 ** 53, 0.05));
const text = fc.oneof(fc.string(), fc.constantFrom('1', 'A.B', 'A[x].B[y]', '7.5', 'x'.repeat(3000)));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

/** Everything a request may have, in one: each kind takes what it knows. */
const anyRequest = fc
  .record({
    kind: fc.constantFrom(...kinds),
    evse: number,
    connector: maybe(number),
    id: maybe(number),
    requestId: number,
    remoteStartId: number,
    version: number,
    durationS: number,
    limit: number,
    stackLevel: maybe(number),
    purpose: maybe(fc.constantFrom('station_max', 'tx_default', 'tx')),
    transaction: text,
    token: fc.record({ id: text, type: maybe(text) }, { requiredKeys: ['id'] }),
    tokens: fc.array(fc.record({ token: fc.record({ id: text }), expiresAt: fc.constant(at) }), { maxLength: 3 }),
    variables: fc.array(fc.record({ name: text, value: text, evse: maybe(number) }), { maxLength: 3 }),
    vendor: text,
    groupToken: maybe(fc.record({ id: text })),
    expiresAt: fc.constant(at),
    url: fc.oneof(text, fc.webUrl()),
    log: fc.constantFrom('diagnostics', 'security'),
    oldestAt: maybe(fc.constant(at)),
    latestAt: maybe(fc.constant(at)),
    retrieveAt: fc.constant(at),
    installAt: maybe(fc.constant(at)),
    retries: maybe(number),
    retryIntervalS: maybe(number),
    signed: maybe(fc.record({ certificate: text, signature: text })),
    message: fc.constantFrom('boot', 'status', 'meter_values', 'heartbeat', 'transaction'),
    isHard: fc.boolean(),
    isFull: fc.boolean(),
    isOperative: fc.boolean(),
    profile: fc.record({
      id: number,
      stackLevel: number,
      purpose: fc.constantFrom('station_max', 'tx_default', 'tx'),
      kind: fc.constantFrom('absolute', 'relative', 'dynamic'),
      unit: fc.constantFrom('A', 'W'),
      transaction: maybe(text),
      durationS: maybe(number),
      startAt: fc.constant(at),
      periods: fc.array(fc.record({ startS: number, limit: number, phases: fc.constantFrom(1, 2, 3) }), {
        maxLength: 3,
      }),
    }),
  })
  // update_dynamic names its profile only.
  .map(
    (all) => (all.kind === 'update_dynamic' ? { ...all, profile: all.profile.id } : all) as unknown as StationRequest,
  );

describe('OCPP: whatever is asked of a station', () => {
  for (const version of versions)
    it(`fits the schema of ${version}, or is not sent`, () => {
      let sent = 0;
      fc.assert(
        fc.property(anyRequest, (request) => {
          let call: EncodedCall;
          try {
            call = codecFor(version).encode(request);
          } catch {
            return;
          }
          sent += 1;
          assert.equal(faultsOfCall(version, call.action, call.payload), undefined, call.action);
        }),
        { numRuns: runs },
      );
      assert.ok(sent > runs / 10, `${sent}`);
    });

  it('the schemas can tell', () => {
    for (const version of versions) {
      assert.match(String(faultsOfCall(version, 'Reset', { type: 'Gently' })), /must be equal to one of/);
      assert.match(String(faultsOfResult(version, 'Heartbeat', { currentTime: 'now' })), /date-time/);
      assert.match(String(faultsOfCall(version, 'Nonsense', {})), /has no Nonsense/);
    }
    const csChargingProfiles = {
      chargingProfileId: 1,
      stackLevel: 0,
      chargingProfilePurpose: 'TxProfile',
      chargingProfileKind: 'Relative',
      chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 10.05 }] },
    };
    assert.match(
      String(faultsOfCall('1.6', 'SetChargingProfile', { connectorId: 1, csChargingProfiles })),
      /multipleOf/,
    );
  });
});
