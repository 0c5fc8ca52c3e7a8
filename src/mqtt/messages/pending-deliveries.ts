/** Messages on their way to somebody, of which it is known later whether they were taken. */

/** Messages that were handed over and not taken yet. */
export interface PendingDelivery {
  /** Resolves with whether the message was taken. */
  promise: Promise<boolean>;
  settle(isTaken: boolean): void;
}

/** The pending deliveries of one receiver. */
export class PendingDeliveries {
  readonly #open = new Set<PendingDelivery>();

  open(): PendingDelivery {
    let resolve: (isTaken: boolean) => void = () => {};
    const promise = new Promise<boolean>((resolved) => {
      resolve = resolved;
    });
    const delivery: PendingDelivery = {
      promise,
      settle: (isTaken) => {
        this.#open.delete(delivery);
        resolve(isTaken);
      },
    };
    this.#open.add(delivery);
    return delivery;
  }

  /** @returns whether all that are open now were taken; undefined where none is */
  all(): Promise<boolean> | undefined {
    if (this.#open.size === 0) return undefined;
    const promises = [...this.#open].map(({ promise }) => promise);
    return Promise.all(promises).then((taken) => taken.every((isTaken) => isTaken));
  }
}

/** @param handed undefined: the message was taken at once */
export const settleAfter = (handed: undefined | Promise<boolean>, delivery: PendingDelivery | undefined): void => {
  if (handed) handed.then((isTaken) => delivery?.settle(isTaken));
  else delivery?.settle(true);
};
