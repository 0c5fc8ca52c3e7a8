/** Bounds how much expensive work runs at once: who waits for an answer is let in or turned away, other work waits. */
export class Semaphore {
  private readonly atOnce: number;
  private readonly maxWaiting: number;
  /** Work that somebody waits for. */
  private readonly hurried: (() => void)[] = [];
  /** Work that has time. */
  private readonly patient: (() => void)[] = [];
  private isPatientNext = false;
  private running = 0;

  /** @param maxWaiting of the work that is turned away where more waits */
  constructor(atOnce: number, maxWaiting: number) {
    this.atOnce = atOnce;
    this.maxWaiting = maxWaiting;
  }

  /** @returns what the work returns, or undefined where too much waits already */
  async tryRun<T>(work: () => Promise<T>): Promise<T | undefined> {
    const isFull = this.running >= this.atOnce && this.hurried.length >= this.maxWaiting;
    return isFull ? undefined : this.enter(this.hurried, work);
  }

  /** However much waits, in turn with the other work. @returns what the work returns */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.enter(this.patient, work);
  }

  private async enter<T>(queue: (() => void)[], work: () => Promise<T>): Promise<T> {
    // Work that ends hands its place over, so that the number of running ones stays.
    if (this.running >= this.atOnce) await new Promise<void>((resolve) => queue.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private leave(): void {
    const next = this.takeNext();
    if (next) next();
    else this.running--;
  }

  /** One of each kind in turn: neither keeps the other out for good. */
  private takeNext(): (() => void) | undefined {
    const [first, second] = this.isPatientNext ? [this.patient, this.hurried] : [this.hurried, this.patient];
    this.isPatientNext = !this.isPatientNext;
    return first.shift() ?? second.shift();
  }
}
