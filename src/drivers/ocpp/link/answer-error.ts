/** A CALLERROR of ours, in the form in which ocpp-rpc sends it. */
import type { Version } from '../words.ts';

/** The code of the protocol. OCPP 2.x part 4 §4.3 knows no FormationViolation. */
const codeFor = (version: Version, code = 'InternalError'): string =>
  version !== '1.6' && code === 'FormationViolation' ? 'FormatViolation' : code;

export class AnswerError extends Error {
  readonly rpcErrorCode: string;
  readonly details = {};

  constructor(message: string, version: Version, code?: string) {
    // OCPP-J 1.6 §4.2.3: at most 255 characters.
    super(message.slice(0, 255));
    this.rpcErrorCode = codeFor(version, code);
  }
}
