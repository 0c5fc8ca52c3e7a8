/** Variables of OCPP 2.x: component, variable and instances <-> one name. */

import type { VariableName } from '../messages.ts';
import { type Fields, type Notes, readFields, readInteger, readText } from './lenient-fields.ts';
import { exactInteger } from './strict-values.ts';

interface Named {
  name: string;
  instance?: string;
}

/** ComponentType and VariableType of the wire. */
export interface WireVariable {
  component: Named & { evse?: { id: number; connectorId?: number } };
  variable: Named;
}

const pattern = /^([^[\]]+)(?:\[([^[\]]+)\])?\.([^.[\]]+)(?:\[([^[\]]+)\])?$/;

const named = (name: string, instance: string | undefined): Named =>
  instance === undefined ? { name } : { name, instance };

/** EVSEType. */
export const wireEvse = (evse: number, connector: number | undefined): { id: number; connectorId?: number } => ({
  id: exactInteger(evse, 'the EVSE'),
  ...(connector === undefined ? {} : { connectorId: exactInteger(connector, 'the connector') }),
});

/** @throws Error for a name that is none */
export const wireVariable = ({ name, evse, connector }: VariableName): WireVariable => {
  const [, component, componentInstance, variable, instance] = pattern.exec(name) ?? [];
  const parts = [component, componentInstance, variable, instance];
  if (component === undefined || variable === undefined || parts.some((part) => (part?.length ?? 0) > 50))
    throw new Error(`"${name}" is no variable: a component, a dot, a variable, at most 50 characters each`);
  const place = evse === undefined ? {} : { evse: wireEvse(evse, connector) };
  return { component: { ...named(component, componentInstance), ...place }, variable: named(variable, instance) };
};

const nameOf = (from: Fields, key: string, notes: Notes): string => {
  const fields = readFields(from, key, notes) ?? {};
  const instance = readText(fields, 'instance', notes);
  return `${readText(fields, 'name', notes) ?? ''}${instance === undefined ? '' : `[${instance}]`}`;
};

/** The name of what has a component and a variable. */
export const readVariableName = (from: Fields, notes: Notes): VariableName => {
  const evse = readFields(readFields(from, 'component', notes) ?? {}, 'evse', notes) ?? {};
  const id = readInteger(evse, 'id', notes);
  const connector = readInteger(evse, 'connectorId', notes);
  return {
    name: `${nameOf(from, 'component', notes)}.${nameOf(from, 'variable', notes)}`,
    ...(id === undefined ? {} : { evse: id }),
    ...(connector === undefined ? {} : { connector }),
  };
};
