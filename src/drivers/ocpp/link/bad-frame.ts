/** A frame that means nothing: what is said of it, and whether it is answered at all. */

import type { Version } from '../words.ts';
import { withoutFrames } from './plain-text.ts';

export const messageType = (frame: string): number => Number(/^\s*\[\s*(\d+)\s*[,\]]/.exec(frame)?.[1]);

/** Number and action of a CALL that cannot be read as a whole, as far as they can. */
const callPattern = /^\s*\[\s*2\s*,\s*"([^"\\]{1,36})"\s*(?:,\s*"(\w{1,50})")?/;

/** Under which number a CALL waits for an answer. */
export const callNumber = (frame: string): string | undefined => callPattern.exec(frame)?.[1];

/** Whether what cannot be read is answered at all. */
export const isAnswered = (version: Version, type: number): boolean => {
  // OCPP-J 1.6 §4.1.3: messages of an unknown type are ignored.
  if (version === '1.6') return type === 2;
  // OCPP 2.1 part 4 §4.2: neither CALLRESULTERROR nor SEND is ever answered.
  return version !== '2.1' || (type !== 5 && type !== 6);
};

/** OCPP 2.1 part 4 §4.2.4: [5, id, code, description, details]. */
const refusalPattern = /^\s*\[\s*5\s*,\s*"[^"]{0,64}"\s*,\s*"([^"]{0,64})"\s*,\s*"([^"]{0,150})/;

/** Tags of people may be anywhere in it: it is not quoted. */
export const describeBadFrame = (frame: string, error: Error): string => {
  const type = messageType(frame);
  if (type === 5) {
    const [, code = '', words = ''] = refusalPattern.exec(frame) ?? [];
    return `the station refused an answer: ${withoutFrames(words)} (${code})`;
  }
  if (type === 3 || type === 4) return 'the station answered nothing that is open: too late, or twice';
  const [, , action] = callPattern.exec(frame) ?? [];
  const what = error.message === 'Message must be a JSON structure' ? 'it is no JSON' : error.message;
  return `${action ?? 'a message'} that means nothing, of ${frame.length} characters: ${what}`;
};
