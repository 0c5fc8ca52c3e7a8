/** Error codes of CALLERROR: OCPP-J 1.6 §4.2.3, OCPP 2.0.1 part 4 §4.3. */
import type { Version } from '../messages.ts';

const codes = new Set([
  'FormatViolation',
  'FormationViolation',
  'GenericError',
  'InternalError',
  'MessageTypeNotSupported',
  'NotImplemented',
  'NotSupported',
  'OccurenceConstraintViolation',
  'OccurrenceConstraintViolation',
  'PropertyConstraintViolation',
  'ProtocolError',
  'RpcFrameworkError',
  'SecurityError',
  'TypeConstraintViolation',
]);

/** OCPP-J 1.6 errata §5: two codes are written differently in 1.6 and in later versions. */
const spellings: [in16: string, in2: string][] = [
  ['FormationViolation', 'FormatViolation'],
  ['OccurenceConstraintViolation', 'OccurrenceConstraintViolation'],
];

/** @returns the code as the version spells it */
export const spellCode = (code: string, version: Version): string => {
  const pair = spellings.find((each) => each.includes(code));
  if (!pair) return code;
  const [in16, in2] = pair;
  return version === '1.6' ? in16 : in2;
};

/** @returns the code of a received CALLERROR; GenericError where OCPP-J has no such code */
export const readCode = (code: unknown): string =>
  typeof code === 'string' && codes.has(code) ? code : 'GenericError';

/** OCPP-J 1.6 §4.2.3: characters of an error description at most. */
const longestDescription = 255;

/** Cuts an error description to what fits. */
export const cutDescription = (text: string): string => text.slice(0, longestDescription);

/** A CALLERROR of ours, in the form in which the client of ocpp-rpc sends it. */
export class AnswerError extends Error {
  readonly rpcErrorCode: string;
  readonly details = {};

  constructor(message: string, version: Version, code = 'InternalError') {
    super(cutDescription(message));
    this.rpcErrorCode = spellCode(code, version);
  }
}
