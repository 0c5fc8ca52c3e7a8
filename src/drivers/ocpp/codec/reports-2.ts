/** OCPP 2.x: what a station tells of its variables and charging profiles, asked (B07, K09) or by itself (N07, G01). */

import type { ReportedStatus, Variable } from '../messages.ts';
import { readStatus } from './connector-status.ts';
import { present, type Reader } from './inbound.ts';
import {
  createEnumeration,
  type Fields,
  type Notes,
  type ReadContext,
  readEvseId,
  readFields,
  readFlag,
  readInteger,
  readList,
  readMember,
  readNumber,
  readText,
  readVariableValue,
} from './lenient-fields.ts';
import { readTime } from './timestamps.ts';
import { readVariableName } from './variable-names.ts';

const mutabilities = createEnumeration<boolean>('mutability', { ReadOnly: true, ReadWrite: false, WriteOnly: false });
const attributeTypes = createEnumeration<'actual' | 'other'>('type', {
  Actual: 'actual',
  Target: 'other',
  MinSet: 'other',
  MaxSet: 'other',
});

/** One entry of a NotifyReport: its actual value, or that there is none. */
const readReported = (from: Fields, notes: Notes): Variable => {
  const attribute =
    readList(from, 'variableAttribute', notes).find(
      (each) => (readMember(each, attributeTypes, notes) ?? 'actual') === 'actual',
    ) ?? {};
  const characteristics = readFields(from, 'variableCharacteristics', notes) ?? {};
  return {
    ...readVariableName(from, notes),
    value: readVariableValue(attribute, 'value', notes),
    isReadOnly: readMember(attribute, mutabilities, notes) ?? false,
    ...present({ max: readNumber(characteristics, 'maxLimit', notes) }),
  };
};

/** NotifyReport (B07). */
export const readReport: Reader = (from, { notes }) => ({
  kind: 'report',
  requestId: readInteger(from, 'requestId', notes) ?? 0,
  isLast: !(readFlag(from, 'tbc', notes) ?? false),
  variables: readList(from, 'reportData', notes).map((entry) => readReported(entry, notes)),
});

/** G01: "AvailabilityState" of a connector, an EVSE or the station stands for a StatusNotification. */
const isAvailabilityState = /^(Connector|EVSE|ChargingStation)\.AvailabilityState$/i;

const readReportedStatus = (entry: Fields, variable: Variable, context: ReadContext): ReportedStatus[] => {
  const said = isAvailabilityState.test(variable.name) ? readStatus(entry, 'actualValue', context.notes) : undefined;
  if (!said) return [];
  const { evse = 0, connector } = variable;
  return [{ evse, ...present({ connector }), ...said, at: readTime(entry, 'timestamp', context) }];
};

/** NotifyEvent (N07). */
export const readEvents: Reader = (from, context) => {
  const { notes } = context;
  const entries = readList(from, 'eventData', notes).map((entry) => ({
    entry,
    variable: { ...readVariableName(entry, notes), value: readVariableValue(entry, 'actualValue', notes) },
  }));
  return {
    kind: 'variables',
    variables: entries.map(({ variable }) => variable),
    statuses: entries.flatMap(({ entry, variable }) => readReportedStatus(entry, variable, context)),
  };
};

/** ReportChargingProfiles (K09). */
export const readProfiles: Reader = (from, { notes }) => ({
  kind: 'profiles',
  requestId: readInteger(from, 'requestId', notes) ?? 0,
  isLast: !(readFlag(from, 'tbc', notes) ?? false),
  evse: readEvseId(from, 'evseId', notes),
  source: readText(from, 'chargingLimitSource', notes) ?? '',
  profiles: readList(from, 'chargingProfile', notes).flatMap((profile) => {
    const id = readInteger(profile, 'id', notes);
    if (id === undefined) return [];
    return {
      id,
      stackLevel: readInteger(profile, 'stackLevel', notes) ?? 0,
      purpose: readText(profile, 'chargingProfilePurpose', notes) ?? '',
      ...present({ transaction: readText(profile, 'transactionId', notes) }),
    };
  }),
});
