/** The official JSON schemas of OCPP, as ocpp-rpc carries them. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Version } from '../../../src/drivers/ocpp/messages.ts';

/** The part of JSON Schema that OCPP uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  definitions?: Record<string, JsonSchema>;
}

interface Schema extends JsonSchema {
  $id: string;
}

/** The part of ajv that is used here. */
interface Ajv {
  addSchema(schemas: Schema[]): void;
  removeKeyword(name: string): void;
  addKeyword(definition: object): void;
  getSchema(id: string): ((value: unknown) => boolean) | undefined;
  errorsText(errors: unknown): string;
}

const require = createRequire(import.meta.url);
const requireOfRpc = createRequire(require.resolve('ocpp-rpc'));
const Ajv = requireOfRpc('ajv') as new (options: object) => Ajv;
const addFormats = requireOfRpc('ajv-formats') as (ajv: Ajv) => void;

const files: Record<Version, string> = { '1.6': 'ocpp1_6', '2.0.1': 'ocpp2_0_1', '2.1': 'ocpp2_1' };

/** Those of 2.1 are named otherwise than all others. */
const repaired = (schema: Schema): Schema => ({
  ...schema,
  $id: schema.$id.replace(/Request$/, '.req').replace(/Response$/, '.conf'),
});

const read = (version: Version): Schema[] =>
  (requireOfRpc(`./lib/schemas/${files[version]}.json`) as Schema[]).map(repaired);

const load = (version: Version): Ajv => {
  const ajv = new Ajv({ strict: false, logger: false, allErrors: true });
  addFormats(ajv);
  // 16.1 is a multiple of 0.1 for people, not for binary fractions.
  ajv.removeKeyword('multipleOf');
  ajv.addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    validate: (of: number, value: number) => Math.abs(Math.round(value / of) - value / of) < 1e-6,
    errors: false,
  });
  ajv.addSchema(read(version));
  return ajv;
};

const loaded = new Map<Version, Ajv>();

const schemasOf = (version: Version): Ajv => {
  const ajv = loaded.get(version) ?? load(version);
  loaded.set(version, ajv);
  return ajv;
};

const faultsOf = (version: Version, id: string, value: unknown): string | undefined => {
  const ajv = schemasOf(version);
  const validate = ajv.getSchema(`urn:${id}`);
  if (!validate) return `OCPP ${version} has no ${id}`;
  // Only what survives the wire.
  const sent: unknown = JSON.parse(JSON.stringify(value));
  return validate(sent) ? undefined : ajv.errorsText((validate as unknown as { errors: unknown }).errors);
};

/** @returns what is wrong with a CALL, in words */
export const faultsOfCall = (version: Version, action: string, payload: unknown): string | undefined =>
  faultsOf(version, `${action}.req`, payload);

/** @returns what is wrong with a CALLRESULT, in words */
export const faultsOfResult = (version: Version, action: string, payload: unknown): string | undefined =>
  faultsOf(version, `${action}.conf`, payload);

export const assertCall = (version: Version, action: string, payload: unknown): void =>
  assert.equal(faultsOfCall(version, action, payload), undefined, `${action} ${JSON.stringify(payload)}`);

export const assertResult = (version: Version, action: string, payload: unknown): void =>
  assert.equal(faultsOfResult(version, action, payload), undefined, `${action} ${JSON.stringify(payload)}`);

/** Names of all actions of a version. */
export const actionsOf = (version: Version): string[] =>
  read(version).flatMap(({ $id }) => /^urn:(\w+)\.req$/.exec($id)?.[1] ?? []);

export const schemaOfCall = (version: Version, action: string): JsonSchema => {
  const schema = read(version).find(({ $id }) => $id === `urn:${action}.req`);
  return schema ?? assert.fail(`OCPP ${version} has no ${action}`);
};
