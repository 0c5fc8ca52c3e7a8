/**
 * GetVariables and SetVariables of OCPP 2.x, GetConfiguration and ChangeConfiguration of OCPP 1.6, as commands.
 */
import type { Params } from '../../../model/command.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import type { StationRequest, StationResult, Variable } from '../messages.ts';
import { sendCommand } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

type Setting = Extract<StationRequest, { kind: 'set_variables' }>['variables'][number];

/** Passwords are changed in the form of the node, and nobody reads them on the broker. */
const isSecret = (name: string): boolean => /authorizationkey|basicauthpassword/i.test(name);
/** Longest value that is passed on, in characters. */
const longestValue = 2500;
const mostVariables = 1000;

const rowsOf = ({ variables }: Params): Record<string, string | number>[] =>
  Array.isArray(variables) ? variables : [];

const variableOf = (row: Record<string, string | number>): Pick<Variable, 'name' | 'evse'> => {
  const { name, evse } = row;
  if (typeof name !== 'string' || name === '')
    throw new CommandFailure('SCHEMA', 'each of the variables has a name: SmartChargingCtrlr.RateUnit');
  if (isSecret(name)) throw new CommandFailure('UNSUPPORTED', 'a password is changed in the form of its node');
  return { name, ...(typeof evse === 'number' ? { evse } : {}) };
};

const shownVariables = ({ variables = [] }: StationResult): Record<string, string | number>[] =>
  variables
    .filter(({ name }) => !isSecret(name))
    .slice(0, mostVariables)
    .map(({ name, evse, value, status, isReadOnly }) => ({
      name,
      ...(evse === undefined ? {} : { evse }),
      ...(value === undefined ? {} : { value: value.slice(0, longestValue) }),
      ...(status ? { status } : {}),
      ...(isReadOnly === undefined ? {} : { readonly: String(isReadOnly) }),
    }));

/** Reads variables, or all of them. @throws CommandFailure, CallFailure */
export const getVariables = async ({ calls }: Station, { verb, params, startBy }: StationCommand): Promise<Applied> => {
  const { key } = params;
  const named = typeof key === 'string' ? [variableOf({ name: key })] : undefined;
  const variables = verb === 'get_configuration' ? named : rowsOf(params).map(variableOf);
  const result = await sendCommand(calls, { kind: 'get_variables', variables }, { startBy });
  return { verified: true, by: 'register', values: { variables: shownVariables(result) } };
};

/** OCPP 1.6 §5.4: one key at a time; the first that is rejected ends the series. */
const setAll = async ({ calls }: Station, variables: Setting[], startBy: number): Promise<StationResult> => {
  if (calls.version() !== '1.6') return sendCommand(calls, { kind: 'set_variables', variables }, { startBy });
  let all: StationResult = { status: 'accepted', raw: 'Accepted', variables: [] };
  for (const variable of variables) {
    const one = await sendCommand(calls, { kind: 'set_variables', variables: [variable] }, { startBy });
    const { status, raw } = one.status === 'accepted' ? all : one;
    all = { status, raw, variables: [...(all.variables ?? []), ...(one.variables ?? [])] };
  }
  return all;
};

/** Sets variables, none of which is a password. @throws CommandFailure, CallFailure */
export const setVariables = async (station: Station, { verb, params, startBy }: StationCommand): Promise<Applied> => {
  const rows =
    verb === 'set_configuration' ? [{ name: String(params.key), value: String(params.value) }] : rowsOf(params);
  const variables = rows.map((row) => ({ ...variableOf(row), value: String(row.value ?? '') }));
  const result = await setAll(station, variables, startBy);
  const values = { status: result.raw, variables: shownVariables(result) };
  return { verified: false, reason: result.status === 'reboot_required' ? 'reboot_required' : 'no_readback', values };
};
