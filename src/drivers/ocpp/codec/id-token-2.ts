/** IdTokenType of OCPP 2.x as the wire has it; 2.1 has longer tokens, and has left their types open. */
import type { IdToken } from '../messages.ts';
import { createEnumeration, findMember } from './lenient-fields.ts';
import { exactText } from './strict-values.ts';

/** OCPP 2.0.1 IdTokenEnumType. */
const tokenTypes = createEnumeration<string>(
  'type',
  Object.fromEntries(
    ['Central', 'eMAID', 'ISO14443', 'ISO15693', 'KeyCode', 'Local', 'MacAddress', 'NoAuthorization'].map((type) => [
      type,
      type,
    ]),
  ),
);

/**
 * The type that a reader will give an id token, from the form of the id: serial numbers of cards have 4, 7, 8 or 10 bytes.
 * @returns a member of IdTokenEnumType (OCPP 2.0.1 part 2)
 */
export const guessTokenType = (id: string): string => {
  if (/^E0[0-9A-F]{14}$/i.test(id)) return 'ISO15693';
  return /^([0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})$/i.test(id) ? 'ISO14443' : 'Central';
};

/** @throws Error for a token that the version cannot say */
export const wireToken = ({ id, type = 'Central' }: IdToken, version: '2.0.1' | '2.1'): object => {
  const known = findMember(tokenTypes, type, []);
  if (!known && version === '2.0.1') throw new Error(`OCPP 2.0.1 knows no token of type "${type}"`);
  return {
    idToken: exactText(id, version === '2.1' ? 255 : 36, 'the token'),
    type: known ?? exactText(type, 20, 'the type of the token'),
  };
};
