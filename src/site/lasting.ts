/** Debounces a condition: it changes once the contrary has lasted, for values that arrive together were not measured together. */

export interface Lasting {
  /** @returns whether it holds, after this look at it; it changes only when the contrary has lasted */
  look(isTrue: boolean, at: number): boolean;
  /** Nothing is known of it now: what was before is no part of what lasts. */
  skip(): void;
}

/** @param ms monotonic time after which a change is believed */
export const createLasting = (ms: number): Lasting => {
  let holds = false;
  let contrarySince: number | undefined;
  return {
    look(isTrue, at) {
      if (isTrue === holds) contrarySince = undefined;
      else {
        contrarySince ??= at;
        if (at - contrarySince >= ms) {
          holds = isTrue;
          contrarySince = undefined;
        }
      }
      return holds;
    },
    skip() {
      contrarySince = undefined;
    },
  };
};
