/**
 * Messages of the RPC framework <-> text: OCPP-J 1.6 §4, OCPP 2.0.1 part 4 §4.2. Pure.
 * CALL [2, id, action, payload], CALLRESULT [3, id, payload], CALLERROR [4, id, code, description, details].
 */

/** Message Type Numbers that all versions know. */
export const messageType = { call: 2, callResult: 3, callError: 4 } as const;

export interface Call {
  kind: 'call';
  id: string;
  action: string;
  payload: unknown;
}

export interface CallResult {
  kind: 'call_result';
  id: string;
  payload: unknown;
}

/** Code and description are the station's own: neither of them has to be text. */
export interface CallError {
  kind: 'call_error';
  id: string;
  code: unknown;
  description: unknown;
}

export type RpcMessage = Call | CallResult | CallError;

/** Text that is no message. */
export interface Malformed {
  kind: 'malformed';
  /** Whether the text claims to be an answer, which is never answered itself. */
  isAnswer: boolean;
  /** As far as it could be read. */
  id: string | undefined;
  code: 'RpcFrameworkError' | 'MessageTypeNotSupported';
  /** In words. */
  fault: string;
}

const malformed = (fault: string, more: Partial<Malformed> = {}): Malformed => ({
  kind: 'malformed',
  isAnswer: false,
  id: undefined,
  code: 'RpcFrameworkError',
  fault,
  ...more,
});

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Reads one WebSocket message. Nothing is thrown, whatever the text holds. */
export const readMessage = (text: string): RpcMessage | Malformed => {
  const parts = parse(text);
  if (parts === undefined) return malformed('it is no JSON');
  if (!Array.isArray(parts)) return malformed('it is no array');
  const [type, id, first, second]: unknown[] = parts;
  if (typeof type !== 'number') return malformed('its message type is no number');
  const isAnswer = type === messageType.callResult || type === messageType.callError;
  if (!isAnswer && type !== messageType.call)
    return malformed(`message type ${type} is not known`, { code: 'MessageTypeNotSupported' });
  if (typeof id !== 'string') return malformed('its message id is no text', { isAnswer });
  if (type === messageType.callResult) return { kind: 'call_result', id, payload: first };
  if (type === messageType.callError) return { kind: 'call_error', id, code: first, description: second };
  if (typeof first !== 'string') return malformed('its action is no text', { id });
  return { kind: 'call', id, action: first, payload: second };
};

/** @throws TypeError where the payload cannot be written as JSON */
export const writeCall = (id: string, action: string, payload: object): string =>
  JSON.stringify([messageType.call, id, action, payload]);

/** @param payload JSON text */
export const writeCallResult = (id: string, payload: string): string =>
  `[${messageType.callResult},${JSON.stringify(id)},${payload}]`;

/** Error details are always empty. */
export const writeCallError = (id: string, code: string, description: string): string =>
  JSON.stringify([messageType.callError, id, code, description, {}]);
