/** OCPP 2.x: what a station tells of its variables and charging profiles, asked (B07, K09) or by itself (N07, G01). */

import type { PlugState, Variable } from '../words.ts';
import { present, type Reader } from './inbound.ts';
import {
  type Fields,
  maxValue,
  type Notes,
  readFields,
  readFlag,
  readInteger,
  readList,
  readNumber,
  readPlace,
  readText,
  readWord,
  wordsOf,
} from './lenient.ts';
import { readTime } from './station-time.ts';
import { readStatus } from './status-words.ts';
import { readVariableName } from './variables.ts';

const mutabilities = wordsOf<boolean>({ ReadOnly: true, ReadWrite: false, WriteOnly: false });
const attributeTypes = wordsOf<'actual' | 'other'>({
  Actual: 'actual',
  Target: 'other',
  MinSet: 'other',
  MaxSet: 'other',
});

/** One entry of a report [B07]: its actual value, or that it has none. */
const readReported = (from: Fields, notes: Notes): Variable => {
  const attribute =
    readList(from, 'variableAttribute', notes).find(
      (each) => (readWord(each, 'type', attributeTypes, notes) ?? 'actual') === 'actual',
    ) ?? {};
  const characteristics = readFields(from, 'variableCharacteristics', notes) ?? {};
  return {
    ...readVariableName(from, notes),
    value: readText(attribute, 'value', notes, maxValue),
    isReadOnly: readWord(attribute, 'mutability', mutabilities, notes) ?? false,
    ...present({ max: readNumber(characteristics, 'maxLimit', notes) }),
  };
};

export const readReport: Reader = (from, _at, notes) => ({
  kind: 'report',
  requestId: readInteger(from, 'requestId', notes) ?? 0,
  isLast: !(readFlag(from, 'tbc', notes) ?? false),
  variables: readList(from, 'reportData', notes).map((entry) => readReported(entry, notes)),
});

/** G01: "AvailabilityState" of a connector, an EVSE or the station stands for a StatusNotification. */
const isPlug = /^(Connector|EVSE|ChargingStation)\.AvailabilityState$/i;

const readPlugState = (entry: Fields, variable: Variable, at: number, notes: Notes): PlugState[] => {
  const plug = isPlug.test(variable.name) ? readStatus(entry, 'actualValue', notes) : undefined;
  if (!plug) return [];
  const { evse = 0, connector } = variable;
  return [{ evse, ...present({ connector }), ...plug, at: readTime(entry, 'timestamp', at, notes) }];
};

export const readEvents: Reader = (from, at, notes) => {
  const entries = readList(from, 'eventData', notes).map((entry) => ({
    entry,
    variable: { ...readVariableName(entry, notes), value: readText(entry, 'actualValue', notes, maxValue) },
  }));
  return {
    kind: 'variables',
    variables: entries.map(({ variable }) => variable),
    statuses: entries.flatMap(({ entry, variable }) => readPlugState(entry, variable, at, notes)),
  };
};

export const readProfiles: Reader = (from, _at, notes) => ({
  kind: 'profiles',
  requestId: readInteger(from, 'requestId', notes) ?? 0,
  isLast: !(readFlag(from, 'tbc', notes) ?? false),
  evse: readPlace(from, 'evseId', notes),
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
