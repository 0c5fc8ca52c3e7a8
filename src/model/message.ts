/** The one message contract between nodes: an object with its topic and its schema id, or an array of them. */
import { z } from 'zod';
import { commandSchema, responseSchema, setpointSchema } from './command.ts';
import { eventSchema } from './event.ts';
import { availabilitySchema, heartbeatSchema, metaSchema } from './meta.ts';
import { readingRules, readingSchema } from './reading.ts';
import { siteEnergySchema, sitePowerSchema, siteStatusSchema } from './site.ts';
import type { Topic } from './topic.ts';

export const envelopes = {
  'reading/1': readingSchema,
  'command/1': commandSchema,
  'response/1': responseSchema,
  'setpoint/1': setpointSchema,
  'event/1': eventSchema,
  'meta/1': metaSchema,
  'availability/1': availabilitySchema,
  'heartbeat/1': heartbeatSchema,
  'site-power/1': sitePowerSchema,
  'site-energy/1': siteEnergySchema,
  'site-status/1': siteStatusSchema,
} as const;

export type SchemaId = keyof typeof envelopes;
type Envelopes = { [S in SchemaId]: z.infer<(typeof envelopes)[S]> };

/** An envelope on its way: the topic beside it is the MQTT topic without prefix; the rest is the JSON payload. */
export type Message<S extends SchemaId = SchemaId> = S extends SchemaId ? { topic: string } & Envelopes[S] : never;

/** @returns whether a text names a schema of the model */
export const isSchemaId = (text: unknown): text is SchemaId =>
  typeof text === 'string' && Object.hasOwn(envelopes, text);

/**
 * The envelope that belongs on a topic.
 * @returns undefined where the model leaves the payload open (further site values, system areas)
 */
export const schemaOfTopic = (topic: Topic): SchemaId | undefined => {
  switch (topic.kind) {
    case 'reading':
      return 'reading/1';
    case 'action':
    case 'site_action':
      return `${topic.action}/1`;
    case 'event':
    case 'component_event':
    case 'site_event':
      return 'event/1';
    case 'availability':
    case 'site_availability':
      return 'availability/1';
    case 'meta':
      return 'meta/1';
    case 'site_value': {
      if (topic.sub !== undefined) return undefined;
      const id = `site-${topic.name}/1`;
      return isSchemaId(id) ? id : undefined;
    }
    case 'system':
      if (topic.area === 'heartbeat') return 'heartbeat/1';
      if (topic.area === 'status') return 'availability/1';
      if (topic.area === 'event') return 'event/1';
      if (topic.area === 'command' || topic.area === 'response') return `${topic.area}/1`;
      return undefined;
    default:
      return undefined;
  }
};

/** JSON Schema (2020-12) of every envelope by its file name: "reading-1.json". */
export const jsonSchemas = (): Record<string, object> =>
  Object.fromEntries(
    Object.entries(envelopes).map(([id, schema]) => [
      `${id.replace('/', '-')}.json`,
      {
        title: id,
        ...z.toJSONSchema(schema, { io: 'input' }),
        ...(id === 'reading/1' ? readingRules : {}),
      },
    ]),
  );
