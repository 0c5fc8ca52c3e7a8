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

/** @throws Error for a token that the version cannot say */
export const wireToken = ({ id, type = 'Central' }: IdToken, version: '2.0.1' | '2.1'): object => {
  const known = findMember(tokenTypes, type, []);
  if (!known && version === '2.0.1') throw new Error(`OCPP 2.0.1 knows no token of type "${type}"`);
  return {
    idToken: exactText(id, version === '2.1' ? 255 : 36, 'the token'),
    type: known ?? exactText(type, 20, 'the type of the token'),
  };
};
