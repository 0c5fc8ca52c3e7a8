/** Ids of requests whose outcome the station tells later, by which it names the request. */
import type { Clock } from '../../../model/time.ts';

/** The ids of one block: they begin at the time, so that one of an earlier process is not taken for a new one. */
export class RequestIds {
  private last: number;

  constructor(clock: Pick<Clock, 'now'>) {
    this.last = Math.floor(clock.now() / 1000) % 2 ** 31;
  }

  next(): number {
    return ++this.last;
  }
}
