/** A condition that counts once it has lasted: values of one moment are not of one moment. */

export interface Lasting {
  /** @returns whether it holds, after this look at it; it changes only when the contrary has lasted */
  look(isTrue: boolean, at: number): boolean;
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
  };
};
