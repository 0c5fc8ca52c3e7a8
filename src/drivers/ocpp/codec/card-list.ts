/**
 * The list of cards that may charge at a charge point, as an integrator enters them: a line per card, with its expiry
 * date and whether the card is blocked. Form and runtime both read this file. It is part of the editor's bundle: it
 * imports neither zod nor anything of Node.js.
 */

/** OCPP 2.0.1 part 2, IdTokenType; 1.6 has 20 (IdToken), and refuses longer ones itself. */
const longestTag = 36;

/** Cards that one charge point lists at most. */
export const mostTags = 10_000;

/** One line of the list of cards. */
interface TagLine {
  id: string;
  isBlocked?: true;
  /** ms since 1970. */
  expiresAt?: number;
}

/** @returns the lines of a text that hold anything, without the space around them */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/**
 * Reads "04A2B3C4", "04A2B3C4; 2027-12-31" or "04A2B3C4; 2027-12-31; blocked".
 * @returns undefined where the line has no card, a card that is too long, or more than one date
 */
export const parseTagLine = (line: string): TagLine | undefined => {
  const [id = '', ...words] = line.split(';').map((part) => part.trim());
  const dates = words.filter((word) => word !== '' && word !== 'blocked').map((word) => Date.parse(word));
  if (id === '' || id.length > longestTag || dates.length > 1 || dates.some(Number.isNaN)) return undefined;
  const [expiresAt] = dates;
  return { id, ...(words.includes('blocked') && { isBlocked: true }), ...(expiresAt !== undefined && { expiresAt }) };
};
