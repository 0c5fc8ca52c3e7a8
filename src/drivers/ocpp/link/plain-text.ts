/** What strangers write is shown to people: nothing in it may move a cursor or fill a screen. */
export const toPlainText = (text: string, length: number): string =>
  text.slice(0, length).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}');
