/**
 * Sentences with a code that stays, so that logs say them in English and forms in any language: a catalog holds the
 * same codes, with the same values as __name__.
 */

type NamesIn<Text> = Text extends `${string}__${infer Name}__${infer Rest}` ? Name | NamesIn<Rest> : never;
/** What has to be given for a sentence: nothing, or all its values. */
export type ParamsOf<Text> = [NamesIn<Text>] extends [never] ? [] : [Record<NamesIn<Text>, string | number>];

export interface Phrase<Code extends string> {
  code: Code;
  params?: Readonly<Record<string, string | number>>;
}

export interface Phrases<Sentences extends Record<string, string>> {
  /** A code with the values that its sentence needs. */
  say<Code extends keyof Sentences & string>(
    code: Code,
    ...params: ParamsOf<Sentences[Code]>
  ): Phrase<keyof Sentences & string>;
  sentenceOf(phrase: Phrase<keyof Sentences & string>): string;
}

export const createPhrases = <const Sentences extends Record<string, string>>(
  sentences: Sentences,
): Phrases<Sentences> => ({
  say: (code, ...[params]) => ({ code, ...(params && { params }) }),
  sentenceOf: ({ code, params = {} }) =>
    sentences[code]?.replace(/__(\w+?)__/g, (_, name: string) => String(params[name])) ?? code,
});
