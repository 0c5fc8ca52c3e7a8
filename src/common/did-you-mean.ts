/** Suggestions for a misspelt word: the nearest of the words that are known, and a list of all of them. */

/** Damerau-Levenshtein distance in its restricted form: an exchange of neighbouring letters counts as one edit. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
};

/** @returns the known word that was probably meant; undefined if none of them resembles the given one */
const nearest = (given: string, known: readonly string[]): string | undefined => {
  const lower = given.toLowerCase();
  const beginsAlike = (word: string): boolean => lower.length > 3 && word.toLowerCase().startsWith(lower.slice(0, 4));
  const ranked = known
    .map((word) => ({ word, far: distance(lower, word.toLowerCase()) }))
    .filter(({ word, far }) => far < word.length && (far <= Math.max(1, word.length / 3) || beginsAlike(word)))
    .sort((a, b) => a.far - b.far);
  return ranked[0]?.word;
};

/** @returns the end of an error message: '; did you mean "kWh"?', or '' if no known word resembles the given one */
export const didYouMean = (given: string, known: readonly string[]): string => {
  const word = nearest(given, known);
  return word === undefined ? '' : `; did you mean "${word}"?`;
};

/** @returns the end of an error message: '; did you mean "standby"? There are off, standby, running' */
export const knownWords = (given: string, known: readonly string[]): string => {
  const meant = didYouMean(given, known);
  if (known.length === 0) return meant;
  return `${meant === '' ? '; there' : `${meant} There`} ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
};
