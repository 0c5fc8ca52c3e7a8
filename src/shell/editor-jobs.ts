/**
 * Work for the editor that takes longer than a request: it has an id, is asked for its state again and again, and ends by
 * itself when nobody asks any more. One of a kind is under way at a time.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../model/time.ts';

/** Work that is begun once and closed once. */
export interface EditorWork {
  /** Resolves when the work is done. Never rejects. */
  run(): Promise<void>;
  /** Ends the work, and lets go of what it holds. */
  close(): Promise<void>;
}

interface Job<Work> {
  work: Work;
  /** The same for two requests for the same. */
  key: string;
  isRunning: boolean;
  abandoned: Timer;
}

/** Time after which work is ended that nobody asks for, ms. A browser wakes a page in the background once a minute. */
const patienceMs = 75_000;
/** Jobs that are done, and whose results are still asked for, at most. */
const mostJobs = 8;

/** The jobs of one kind. */
export class EditorJobs<Work extends EditorWork> {
  readonly #clock: Clock;
  readonly #jobs = new Map<string, Job<Work>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Begins a job, or joins the one under way that does the same.
   * @returns its id; undefined: other work is under way
   */
  begin(key: string, create: () => Work): string | undefined {
    for (const [id, job] of this.#jobs) {
      if (!job.isRunning) continue;
      if (job.key !== key) return undefined;
      this.#wait(id, job);
      return id;
    }
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size >= mostJobs && oldest !== undefined) void this.end(oldest);
    const id = randomBytes(8).toString('hex');
    const job: Job<Work> = { work: create(), key, isRunning: true, abandoned: this.#clock.after(patienceMs, () => {}) };
    this.#jobs.set(id, job);
    this.#wait(id, job);
    void job.work.run().then(() => {
      job.isRunning = false;
    });
    return id;
  }

  /** @returns undefined: the job has ended */
  get(id: string): Work | undefined {
    const job = this.#jobs.get(id);
    if (job) this.#wait(id, job);
    return job?.work;
  }

  /** Ends a job, if it is still there. */
  async end(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    job?.abandoned.cancel();
    await job?.work.close();
  }

  #wait(id: string, job: Job<Work>): void {
    job.abandoned.cancel();
    job.abandoned = this.#clock.after(patienceMs, () => void this.end(id));
  }
}
