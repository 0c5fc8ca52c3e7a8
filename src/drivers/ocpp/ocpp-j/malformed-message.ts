/** Text of a station that is no message: what is told of it, and whether it is answered at all. */
import type { Version } from '../messages.ts';
import { withoutFrames } from './plain-text.ts';
import { type Malformed, writeCallError } from './rpc-message.ts';

/** The Message Type Number of text that need not be JSON as a whole; NaN where none can be read. */
const typeOf = (text: string): number => Number(/^\s*\[\s*(\d+)\s*[,\]]/.exec(text)?.[1]);

/** Message id and action of a CALL that cannot be read as a whole, as far as they can. */
const callPattern = /^\s*\[\s*2\s*,\s*"([^"\\]{1,36})"\s*(?:,\s*"(\w{1,50})")?/;

const isAnswered = (version: Version, type: number): boolean => {
  // OCPP-J 1.6 §4.1.3: messages of an unknown type are ignored.
  if (version === '1.6') return type === 2;
  // OCPP 2.1 part 4 §4.2: neither CALLRESULTERROR nor SEND is ever answered.
  return version !== '2.1' || (type !== 5 && type !== 6);
};

/** The id of an answer to a message whose own id cannot be read: OCPP 2.0.1 part 4 §4.2.3. */
const unknownId = '-1';

/** @returns the CALLERROR, as text; undefined where the message has to be ignored */
export const answerMalformed = (
  text: string,
  { isAnswer, id, code, fault }: Malformed,
  version: Version,
): string | undefined => {
  if (isAnswer || !isAnswered(version, typeOf(text))) return undefined;
  // A CALL whose id can be read is answered under that id.
  const answeredId = callPattern.exec(text)?.[1] ?? id ?? unknownId;
  return writeCallError(answeredId, version === '1.6' ? 'FormationViolation' : code, fault);
};

/** OCPP 2.1 part 4 §4.2.4: [5, id, code, description, details]. */
const resultErrorPattern = /^\s*\[\s*5\s*,\s*"[^"]{0,64}"\s*,\s*"([^"]{0,64})"\s*,\s*"([^"]{0,150})/;

/** In words, without the text itself: the id of somebody's card may be anywhere in it. */
export const describeMalformed = (text: string, { fault }: Malformed): string => {
  const type = typeOf(text);
  if (type === 5) {
    const [, code = '', description = ''] = resultErrorPattern.exec(text) ?? [];
    return `the station refused an answer: ${withoutFrames(description)} (${code})`;
  }
  if (type === 3 || type === 4) return unmatchedAnswer;
  const [, , action] = callPattern.exec(text) ?? [];
  return `${action ?? 'a message'} that means nothing, of ${text.length} characters: ${fault}`;
};

/** Told of an answer whose id is that of no open call. */
export const unmatchedAnswer = 'the station answered nothing that is open: too late, or twice';
