/** What a station does once: sessions started and ended, plugs unlocked, settings read and written. */

import { pause } from '../../../common/pause.ts';
import type { Code, Params } from '../../../model/command.ts';
import type { Clock } from '../../../model/time.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import { CallFailure } from '../link/link.ts';
import type { StationRequest, StationResult, Variable } from '../words.ts';
import { type Asker, toCommandFailure } from './asking.ts';
import type { Connector } from './connector.ts';
import { isAskedFor, type RemoteStarts } from './remote-starts.ts';
import type { Session } from './session.ts';

export interface ActionSink {
  connector(evse: number): Connector;
  /** The session that runs. */
  session(evse: number): Session | undefined;
  remoteStarts: RemoteStarts;
  /** With which sessions are started from here. */
  ownTag: string;
}

export interface Actions {
  /**
   * @param evse 0: the station as a whole
   * @throws CommandFailure
   */
  act(evse: number, verb: string, params: Params, startBy: number): Promise<Applied>;
  /** Starts a session, and does not wait for it. */
  start(evse: number): Promise<unknown>;
}

const lookMs = 500;
/** "Accepted" is followed by nothing often enough: until a session shows, until it is over, ms. */
const startMs = 30_000;
const endMs = 15_000;
/** They are changed in the form of the node, and nobody reads them on the broker. */
const isSecret = (name: string): boolean => /authorizationkey|basicauthpassword/i.test(name);
const longestValue = 2500;

const refusals: Partial<Record<StationResult['status'], Code>> = {
  rejected: 'DEVICE_REJECTED',
  unknown: 'DEVICE_REJECTED',
  not_supported: 'UNSUPPORTED',
};

type Setting = Extract<StationRequest, { kind: 'set_variables' }>['variables'][number];
type Trigger = Extract<StationRequest, { kind: 'trigger' }>['message'];

const rowsOf = ({ variables }: Params): Record<string, string | number>[] =>
  Array.isArray(variables) ? variables : [];

const variableOf = (row: Record<string, string | number>): Pick<Variable, 'name' | 'evse'> => {
  const { name, evse } = row;
  if (typeof name !== 'string' || name === '')
    throw new CommandFailure('SCHEMA', 'each of the variables has a name: SmartChargingCtrlr.RateUnit');
  if (isSecret(name)) throw new CommandFailure('UNSUPPORTED', 'a password is changed in the form of its node');
  return { name, ...(typeof evse === 'number' ? { evse } : {}) };
};

const tellVariables = ({ variables = [] }: StationResult): Record<string, string | number>[] =>
  variables
    .filter(({ name }) => !isSecret(name))
    .slice(0, 1000)
    .map(({ name, evse, value, status, isReadOnly }) => ({
      name,
      ...(evse === undefined ? {} : { evse }),
      ...(value === undefined ? {} : { value: value.slice(0, longestValue) }),
      ...(status ? { status } : {}),
      ...(isReadOnly === undefined ? {} : { readonly: String(isReadOnly) }),
    }));

export const createActions = (asker: Asker, clock: Clock, sink: ActionSink): Actions => {
  let remoteStartId = Math.floor(clock.now() / 1000) % 2 ** 31;

  const ask = async (request: StationRequest, startBy = Number.POSITIVE_INFINITY): Promise<StationResult> => {
    const options = startBy === Number.POSITIVE_INFINITY ? {} : { notAfter: startBy };
    const result = await asker.ask(request, options);
    const code = refusals[result.status];
    if (code) throw new CommandFailure(code, `the station says ${result.raw}`);
    return result;
  };

  const until = async (isMet: () => boolean, ms: number): Promise<boolean> => {
    const end = clock.monotonic() + ms;
    while (!isMet()) {
      if (clock.monotonic() >= end || !asker.isConnected()) return false;
      await pause(lookMs, clock);
    }
    return true;
  };

  const said = ({ raw }: StationResult): Params => ({ status: raw });

  const start = async (
    evse: number,
    tag: string,
    startBy?: number,
  ): Promise<{ result: StationResult; isOurs(session: Session): boolean }> => {
    const asked = ++remoteStartId;
    sink.remoteStarts.asked(asked, { evse, tag });
    const result = await ask(
      { kind: 'start', evse, token: { id: tag, type: 'Central' }, remoteStartId: asked },
      startBy,
    );
    const { transaction } = result;
    if (transaction !== undefined) sink.remoteStarts.asked(transaction, { evse, tag });
    // OCPP 1.6 names nothing that would tell one beginning from another.
    const is16 = asker.version() === '1.6';
    return { result, isOurs: (session) => is16 || isAskedFor(session, { remoteStartId: asked, tag, transaction }) };
  };

  /** OCPP 1.6 §5.4: one at a time; the first that is refused ends it. */
  const setAll = async (variables: Setting[], startBy: number): Promise<StationResult> => {
    if (asker.version() !== '1.6') return ask({ kind: 'set_variables', variables }, startBy);
    let all: StationResult = { status: 'accepted', raw: 'Accepted', variables: [] };
    for (const variable of variables) {
      const one = await ask({ kind: 'set_variables', variables: [variable] }, startBy);
      const { status, raw } = one.status === 'accepted' ? all : one;
      all = { status, raw, variables: [...(all.variables ?? []), ...(one.variables ?? [])] };
    }
    return all;
  };

  const perform = async (evse: number, verb: string, params: Params, startBy: number): Promise<Applied> => {
    switch (verb) {
      case 'start': {
        if (sink.session(evse)) throw new CommandFailure('INTERLOCK', 'a session runs already');
        const { id_tag: tag } = params;
        const { result, isOurs } = await start(evse, typeof tag === 'string' ? tag : sink.ownTag, startBy);
        const values = said(result);
        await until(() => sink.session(evse) !== undefined, startMs);
        const session = sink.session(evse);
        if (!session) return { verified: false, reason: 'no_session', values };
        return isOurs(session)
          ? { verified: true, by: 'effect', values }
          : { verified: false, reason: 'other_session', values };
      }
      case 'stop': {
        const transaction = sink.session(evse)?.transaction;
        if (transaction === undefined) throw new CommandFailure('INTERLOCK', 'no session runs');
        const values = said(await ask({ kind: 'stop', transaction }, startBy));
        const isOver = await until(() => sink.session(evse)?.transaction !== transaction, endMs);
        return isOver ? { verified: true, by: 'effect', values } : { verified: false, reason: 'no_effect', values };
      }
      case 'unlock': {
        const connector = sink.connector(evse).plug ?? 1;
        const result = await ask({ kind: 'unlock', evse, connector }, startBy);
        return { verified: false, reason: 'no_readback', values: said(result) };
      }
      case 'reset': {
        try {
          const result = await ask({ kind: 'reset', isHard: params.type === 'hard' }, startBy);
          return { verified: false, reason: 'no_readback', values: said(result) };
        } catch (error) {
          // It went down instead of answering.
          if (!(error instanceof CallFailure && error.wasSent)) throw error;
          return { verified: false, reason: 'connection_ended', values: {} };
        }
      }
      case 'set_availability': {
        const isOperative = params.operative === true;
        const result = await ask({ kind: 'set_availability', evse, isOperative }, startBy);
        if (result.status === 'scheduled') return { verified: false, reason: 'scheduled' };
        const isShown = (): boolean => (sink.connector(evse).status === 'unavailable') !== isOperative;
        return (await until(isShown, endMs))
          ? { verified: true, by: 'effect' }
          : { verified: false, reason: 'no_effect' };
      }
      case 'trigger': {
        const message = params.message as Trigger;
        const result = await ask({ kind: 'trigger', message, ...(evse === 0 ? {} : { evse }) }, startBy);
        return { verified: false, reason: 'no_readback', values: said(result) };
      }
      case 'get_configuration':
      case 'get_variables': {
        const { key } = params;
        const named = typeof key === 'string' ? [variableOf({ name: key })] : undefined;
        const variables = verb === 'get_configuration' ? named : rowsOf(params).map(variableOf);
        const result = await ask({ kind: 'get_variables', variables }, startBy);
        return { verified: true, by: 'register', values: { variables: tellVariables(result) } };
      }
      case 'set_configuration':
      case 'set_variables': {
        const rows =
          verb === 'set_configuration' ? [{ name: String(params.key), value: String(params.value) }] : rowsOf(params);
        const variables = rows.map((row) => ({ ...variableOf(row), value: String(row.value ?? '') }));
        const result = await setAll(variables, startBy);
        const values = { status: result.raw, variables: tellVariables(result) };
        return result.status === 'reboot_required'
          ? { verified: false, reason: 'reboot_required', values }
          : { verified: false, reason: 'no_readback', values };
      }
      default:
        throw new CommandFailure('UNSUPPORTED', `a station cannot ${verb}`);
    }
  };

  return {
    async act(evse, verb, params, startBy) {
      try {
        return await perform(evse, verb, params, startBy);
      } catch (error) {
        throw toCommandFailure(error);
      }
    },
    start: (evse) => start(evse, sink.ownTag),
  };
};
