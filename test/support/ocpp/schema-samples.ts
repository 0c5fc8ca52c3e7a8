/** Messages made from the official schemas of OCPP: with what they demand, or with everything they know. */
import { readers16 } from '../../../src/drivers/ocpp/codec/inbound-16.ts';
import { oursOf } from '../../../src/drivers/ocpp/codec/unprocessed-messages-2.ts';
import type { Version } from '../../../src/drivers/ocpp/messages.ts';
import { actionsOf, type JsonSchema, schemaOfCall } from './ocpp-schemas.ts';

const timestamp = '2026-11-23T10:00:00Z';

const textOf = ({ format, maxLength = 20 }: JsonSchema): string => {
  if (format === 'date-time') return timestamp;
  if (format === 'uri') return 'http://a.example';
  return '1'.repeat(Math.min(maxLength, 4));
};

/** @param root where definitions are */
const sampleOf = (schema: JsonSchema, root: JsonSchema, isFull: boolean): unknown => {
  const { $ref, type, properties = {}, required = [], items, minItems = 0, minimum = 0, maximum = 1 } = schema;
  if ($ref !== undefined) {
    const named = root.definitions?.[$ref.replace('#/definitions/', '')];
    if (!named) throw new Error(`there is no ${$ref}`);
    return sampleOf(named, root, isFull);
  }
  if (schema.enum) return schema.enum[0];
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(properties)
          .filter(([key]) => isFull || required.includes(key))
          .map(([key, each]) => [key, sampleOf(each, root, isFull)]),
      );
    case 'array':
      return Array.from({ length: Math.max(1, minItems) }, () => sampleOf(items ?? {}, root, isFull));
    case 'integer':
    case 'number':
      return Math.max(Math.min(1, maximum), minimum);
    case 'boolean':
      return false;
    default:
      return textOf(schema);
  }
};

/** Fits its schema. */
export const sampleOfCall = (version: Version, action: string, isFull: boolean): object => {
  const schema = schemaOfCall(version, action);
  return sampleOf(schema, schema, isFull) as object;
};

/** Actions that begin at a station: all but those that only go to it. */
export const actionsOfStation = (version: Version): string[] => {
  const ours = version === '1.6' ? readers16.ours : oursOf(version);
  return actionsOf(version).filter((action) => !ours.has(action));
};
