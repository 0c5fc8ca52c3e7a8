/** A sentence of the catalogs: its key and what stands in it, so that everybody reads it in their own language. */
export interface Phrase {
  /** Below the name of the node whose catalog has it: "refusal.unknownHost". */
  key: string;
  params: Record<string, string | number>;
}
