/**
 * The words that others have in the registers of an actuator. They are remembered, over restarts as well, before the
 * first word of ours is written, and written back once nobody holds the actuator. Words that neither were there nor are
 * ours were written by somebody else in the meantime, and are remembered from then on.
 */
import { z } from 'zod';
import { isSame } from '../../../common/is-same.ts';
import type { Clock } from '../../../model/time.ts';
import { CommandFailure } from '../../driver.ts';
import type { PointReader, PointSnapshot } from '../polling/point-reader.ts';
import type { ResolvedForeign } from '../profiles/controls.ts';
import { evaluate, type Scope } from '../profiles/expression.ts';
import { type Criterion, isMet, type Point } from '../profiles/point.ts';
import type { WantedPoint } from './write-plan.ts';

const contentSchema = z.object({ words: z.array(z.int()), value: z.number().nullable() });
/** The registers of a point at one time, in the order of its words, and the value they stand for. */
type Content = z.infer<typeof contentSchema>;

const recordSchema = z.object({
  /** Before our writes, and as others have changed them since. */
  found: z.record(z.string(), contentSchema),
  /** What our writes have put there; several contents of a point while it is not certain which of them came last. */
  ours: z.record(z.string(), z.array(contentSchema)),
});
type Contents = Record<string, Content>;

/** The place where the words are remembered over restarts. */
export interface ForeignMemory {
  load(): unknown;
  /** @param facts undefined: nothing is remembered any more @returns false if that could not be written down */
  save(facts: object | undefined, isUrgent: boolean): boolean;
}

/** What a look at the registers shows. */
export interface ForeignLook {
  /** What others have written since our last write, in words. */
  written: string[];
  /** What does not stand there as we wrote it, in words, whoever changed it. */
  lost: string[];
  /** Whether the registers hold the words of others, and nothing has to be written back. */
  isRestored: boolean;
}

/** The device whose registers are looked at. */
interface LookedAtDevice {
  clock: Clock;
  readPoints: PointReader;
}

/** Share of a timer after which it may have run out: the clock of the device may be fast. */
const expiryShare = 0.9;

const has = (contents: readonly Content[], { words }: Content): boolean =>
  contents.some((each) => each.words.join() === words.join());

/** The words of others in the registers of one actuator. */
export class ForeignWords {
  readonly #foreign: ResolvedForeign;
  readonly #device: LookedAtDevice;
  readonly #memory: ForeignMemory;
  /** Returns the values of the names in the profile's expressions. */
  readonly #scope: () => Scope;
  #found: Contents = {};
  /** undefined: nothing of ours stands there. */
  #ours: Record<string, Content[]> | undefined;
  #isLoaded = false;
  /** Monotonic ms at which the last write began, and the last one that succeeded; undefined: before a restart. */
  #begunAt: number | undefined;
  #writtenAt: number | undefined;

  constructor(
    foreign: ResolvedForeign,
    { device, memory, scope }: { device: LookedAtDevice; memory: ForeignMemory; scope: () => Scope },
  ) {
    this.#foreign = foreign;
    this.#device = device;
    this.#memory = memory;
    this.#scope = scope;
  }

  /** Whether something of ours may stand in the registers. */
  get isOurs(): boolean {
    this.#load();
    return this.#ours !== undefined;
  }

  /** @returns the value of a point before our writes */
  found(name: string): number | undefined {
    return this.#found[name]?.value ?? undefined;
  }

  /** Whether a condition holds of what was there before our writes. */
  holds({ point, ...criterion }: Criterion & { point: string }): boolean {
    return isMet(this.found(point), criterion);
  }

  /**
   * Reads the registers, and remembers what others have written since the last look.
   * @throws ModbusFailure
   */
  async look(): Promise<ForeignLook> {
    this.#load();
    const { points } = this.#foreign;
    const snapshot = await this.#device.readPoints(points);
    const now: Contents = {};
    for (const point of points) now[point.name] = contentOf(point, snapshot);
    const ours = this.#ours;
    if (!ours) {
      this.#found = now;
      return { written: [], lost: [], isRestored: true };
    }
    const told = ([name, { value }]: [string, Content]): string => `${name} reads ${value ?? 'nothing'}`;
    const lost = Object.entries(now).filter(([name, content]) => !this.#isOurs(name, content));
    const written = lost.filter(([name, content]) => !this.#isExplained(name, content));
    if (written.length > 0) this.#adopt(now);
    const isRestored = Object.entries(now).every(([name, content]) => has([this.#found[name] ?? content], content));
    return { written: written.map(told), lost: lost.map(told), isRestored };
  }

  /**
   * Remembers that these points are about to be written: whatever happens then, nothing of it is taken for the words of
   * others.
   * @throws CommandFailure INTERNAL if that could not be written down: then nothing may be written to the device
   */
  begin(wanted: readonly WantedPoint[]): void {
    const isFirst = this.#ours === undefined;
    const before = this.#ours ?? Object.fromEntries(Object.entries(this.#found).map(([name, each]) => [name, [each]]));
    const ours = { ...before };
    for (const [name, content] of contentsOf(wanted))
      if (ours[name] && !has(ours[name], content)) ours[name] = [...ours[name], content];
    this.#begunAt = this.#device.clock.monotonic();
    if (!isFirst && isSame(ours, before)) return;
    if (!this.#memory.save({ found: this.#found, ours }, isFirst))
      throw new CommandFailure(
        'INTERNAL',
        'what others have set could not be written down, so a restart would not bring it back',
      );
    this.#ours = ours;
  }

  /** These points were written, and the device has confirmed that. */
  written(wanted: readonly WantedPoint[]): void {
    if (!this.#ours) return;
    this.#writtenAt = this.#begunAt;
    const ours = { ...this.#ours };
    for (const [name, content] of contentsOf(wanted)) if (ours[name]) ours[name] = [content];
    if (isSame(ours, this.#ours)) return;
    this.#ours = ours;
    this.#memory.save({ found: this.#found, ours }, false);
  }

  /** @returns the words of others, to be written back in the order of the profile */
  restoration(): WantedPoint[] {
    return this.#foreign.points.map((point) => {
      const { words = [], value = null } = this.#found[point.name] ?? {};
      return { point, value, words: point.words.map((address, n) => ({ address, word: words[n] ?? 0 })) };
    });
  }

  /** Nothing of ours stands in the registers any more. */
  forget(): void {
    this.#ours = undefined;
    this.#memory.save(undefined, true);
  }

  #load(): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    const { success, data } = recordSchema.safeParse(this.#memory.load());
    const names = this.#foreign.points.map(({ name }) => name);
    // The words of other registers than these say nothing about these.
    if (!success || !names.every((name) => data.found[name] && data.ours[name])) return;
    this.#found = data.found;
    this.#ours = data.ours;
  }

  #isOurs(name: string, content: Content): boolean {
    return has(this.#ours?.[name] ?? [], content);
  }

  /** Whether the content of a point says nothing about others: it is ours, or there since before, or a timer left it. */
  #isExplained(name: string, content: Content): boolean {
    if (this.#isOurs(name, content)) return true;
    const isCertain = Object.values(this.#ours ?? {}).every(({ length }) => length === 1);
    const hasExpired = this.#mayHaveExpired();
    const { [name]: found } = this.#found;
    if ((!isCertain || hasExpired) && found && has([found], content)) return true;
    const source = this.#foreign.source.expired?.[name];
    return hasExpired && source !== undefined && evaluate(source, this.#scope()) === content.value;
  }

  /** Whether the device may have dropped what we wrote by itself, because a timer of ours ran out. */
  #mayHaveExpired(): boolean {
    const { timers = [] } = this.#foreign.source;
    const waitedMs =
      this.#writtenAt === undefined ? Number.POSITIVE_INFINITY : this.#device.clock.monotonic() - this.#writtenAt;
    return timers.some((timer) =>
      (this.#ours?.[timer] ?? []).some((content) => {
        const isTheirs = has([this.#found[timer] ?? content], content);
        const { value } = content;
        return !isTheirs && value !== null && value > 0 && waitedMs >= value * 1000 * expiryShare;
      }),
    );
  }

  /** Takes over what others have written: a point that still holds our words was left alone, but for a switch. */
  #adopt(now: Contents): void {
    const { switches = [] } = this.#foreign.source;
    const found = { ...this.#found };
    for (const [name, content] of Object.entries(now))
      if (switches.includes(name) || !has(this.#ours?.[name] ?? [], content)) found[name] = content;
    this.#found = found;
    // A failure to write that down shows at the next write of ours.
    this.#memory.save({ found, ours: this.#ours }, true);
  }
}

const contentOf = (point: Point, snapshot: PointSnapshot): Content => {
  const value = snapshot.value(point);
  return {
    words: point.words.map((address) => snapshot.word(point.table, address) ?? 0),
    value: typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : null,
  };
};

const contentsOf = (wanted: readonly WantedPoint[]): [name: string, content: Content][] =>
  wanted.map(({ point, value, words }) => [point.name, { words: words.map(({ word }) => word), value }]);
