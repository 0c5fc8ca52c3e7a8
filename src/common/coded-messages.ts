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
}

/** @param sentences English ones by their code, with values as __name__ */
export const createMessageCatalog = <const Sentences extends Record<string, string>>(
  sentences: Sentences,
): MessageCatalog<Sentences> => ({
  create: (code, ...[params]) => ({ code, ...(params && { params }) }),
  sentenceOf: ({ code, params = {} }) =>
    sentences[code]?.replace(/__(\w+?)__/g, (_, name: string) => String(params[name])) ?? code,
});
