/** A message, or a part of one, that is quoted: in JSON, or as Python writes it. */
const quoted = /[[{]\s*(?:["'[{\]}]|\d+\s*,\s*["'])/;

/** The words of a station about a message, without the message: it is long, and tags of people may be in it. */
export const withoutFrames = (text: string): string => {
  const from = text.search(quoted);
  if (from < 0) return text;
  const to = Math.max(text.lastIndexOf(']'), text.lastIndexOf('}'));
  return `${text.slice(0, from)}…${to > from ? text.slice(to + 1) : ''}`;
};

/** Words of strangers, to be shown to people: nothing in them may move a cursor or fill a screen. @param length characters */
export const toPlainText = (text: string, length: number): string =>
  text.slice(0, length).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}');
