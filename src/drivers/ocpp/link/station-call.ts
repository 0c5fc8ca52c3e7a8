/** One call to a station, and what becomes of it. */
import { CallFailure } from './link.ts';
import { toPlainText, withoutFrames } from './plain-text.ts';
import { openState, type RpcClient } from './transport.ts';

/** Characters of a refusal that are told. */
const longestWords = 150;

/** A call of ours. Rejects with a CallFailure "error" in the words of the station, or "offline". */
export const callStation = async (
  client: RpcClient,
  identity: string,
  action: string,
  payload: object,
  signal: AbortSignal,
): Promise<unknown> => {
  try {
    // Said here and not inside: what cannot be written would leave a call open there.
    JSON.stringify(payload);
    return await client.call(action, payload, { callTimeoutMs: 0, signal });
  } catch (error) {
    const { rpcErrorCode: code, message } = error as { rpcErrorCode?: unknown; message?: unknown };
    const text = `${identity}, ${action}: ${toPlainText(withoutFrames(String(message)), longestWords)}`;
    if (typeof code === 'string') throw new CallFailure('error', `${text} (${code})`, code);
    throw client.state === openState
      ? new CallFailure('error', text, 'InternalError')
      : new CallFailure('offline', text, undefined, true);
  }
};
