/**
 * Messages with a code that stays: logs say them in English, and forms in any language. A catalog holds the same codes,
 * with the same values as __name__.
 */

type NamesIn<Text> = Text extends `${string}__${infer Name}__${infer Rest}` ? Name | NamesIn<Rest> : never;
/** The values that have to be given for a sentence: none, or all of them. */
export type ParamsOf<Text> = [NamesIn<Text>] extends [never] ? [] : [Record<NamesIn<Text>, string | number>];

export interface CodedMessage<Code extends string> {
  code: Code;
  /** Values of the sentence, by name. */
  params?: Readonly<Record<string, string | number>>;
}

export interface MessageCatalog<Sentences extends Record<string, string>> {
  /** A code with the values that its sentence needs. */
  create<Code extends keyof Sentences & string>(
    code: Code,
    ...params: ParamsOf<Sentences[Code]>
  ): CodedMessage<keyof Sentences & string>;
  /** @returns the English sentence */
  sentenceOf(message: CodedMessage<keyof Sentences & string>): string;
  /** @returns the code of an English sentence with its values; undefined if no sentence of the catalog reads so */
  parse(sentence: string): CodedMessage<keyof Sentences & string> | undefined;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** @returns a pattern for the sentence with any values, and the names of these in their order */
const patternOf = (sentence: string): { pattern: RegExp; names: string[] } => {
  const parts = sentence.split(/__(\w+?)__/);
  const source = parts.map((part, n) => (n % 2 === 1 ? '(.*)' : escaped(part))).join('');
  return { pattern: new RegExp(`^${source}$`), names: parts.filter((_, n) => n % 2 === 1) };
};

/** @param sentences English ones by their code, with values as __name__ */
export const createMessageCatalog = <const Sentences extends Record<string, string>>(
  sentences: Sentences,
): MessageCatalog<Sentences> => {
  type Code = keyof Sentences & string;
  let patterns: { code: Code; pattern: RegExp; names: string[] }[] | undefined;
  return {
    create: (code, ...[params]) => ({ code, ...(params && { params }) }),
    sentenceOf: ({ code, params = {} }) =>
      sentences[code]?.replace(/__(\w+?)__/g, (_, name: string) => String(params[name])) ?? code,
    parse(sentence) {
      patterns ??= Object.keys(sentences).map((code) => ({ code, ...patternOf(sentences[code] ?? '') }));
      for (const { code, pattern, names } of patterns) {
        const [whole, ...values] = pattern.exec(sentence) ?? [];
        if (whole === undefined) continue;
        const params = Object.fromEntries(names.map((name, n) => [name, values[n] ?? '']));
        return { code, ...(names.length > 0 && { params }) };
      }
      return undefined;
    },
  };
};
