/** Messages on their way to somebody: whether they were taken is known later. */

export interface Handover {
  /** Whether it was taken. */
  promise: Promise<boolean>;
  settle(isTaken: boolean): void;
}

export interface Handovers {
  open(): Handover;
  /** @returns whether all that are open now were taken; undefined where none is */
  all(): Promise<boolean> | undefined;
}

export const createHandovers = (): Handovers => {
  const open = new Set<Handover>();
  return {
    open() {
      let resolve: (isTaken: boolean) => void = () => {};
      const promise = new Promise<boolean>((resolved) => {
        resolve = resolved;
      });
      const handover: Handover = {
        promise,
        settle(isTaken) {
          open.delete(handover);
          resolve(isTaken);
        },
      };
      open.add(handover);
      return handover;
    },
    all() {
      if (open.size === 0) return undefined;
      return Promise.all([...open].map(({ promise }) => promise)).then((taken) => taken.every((isTaken) => isTaken));
    },
  };
};

/** @param handed taken at once where it is nothing */
export const settleAfter = (handed: undefined | Promise<boolean>, handover: Handover | undefined): void => {
  if (handed) handed.then((isTaken) => handover?.settle(isTaken));
  else handover?.settle(true);
};
