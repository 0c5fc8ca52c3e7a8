/**
 * The words that others have in the registers of an actuator. They are remembered, over restarts as well, before the
 * first word of ours is written, and written back once nobody holds the actuator. Words that neither were there nor are
 * ours were written by somebody else in the meantime, and are remembered from then on.
 */
import { z } from 'zod';
import type { Clock } from '../../../model/time.ts';
import { CommandFailure } from '../../driver.ts';
import type { PointReader } from '../polling/point-reader.ts';
import type { ResolvedForeign } from '../profiles/controls.ts';
import { evaluate, type Scope } from '../profiles/expression.ts';
import { type Criterion, isMet } from '../profiles/point.ts';
import {
  type Contents,
  contentsAfter,
  contentsOf,
  contentsSchema,
  differing,
  isSameContent,
  possibleContents,
} from './register-contents.ts';
import type { WantedPoint } from './write-plan.ts';

const recordSchema = z.object({
  /** Before our writes, and as others have changed them since. */
  found: contentsSchema,
  /** What stands there since our writes; several possibilities while it is not certain which of them came last. */
  ours: z.array(contentsSchema).min(1),
});

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

const nothingSeen: ForeignLook = { written: [], lost: [], isRestored: true };

/** The words of others in the registers of one actuator. */
export class ForeignWords {
  readonly #foreign: ResolvedForeign;
  readonly #device: LookedAtDevice;
  readonly #memory: ForeignMemory;
  /** Returns the values of the names in the profile's expressions. */
  readonly #scope: () => Scope;
  #found: Contents = {};
  /** undefined: nothing of ours stands there. */
  #ours: Contents[] | undefined;
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
   * @throws ModbusFailure; CommandFailure DEVICE_REJECTED if the device does not tell what they hold
   */
  async look(): Promise<ForeignLook> {
    this.#load();
    const { points } = this.#foreign;
    const snapshot = await this.#device.readPoints(points);
    const silent = points.filter((point) => snapshot.value(point) === null).map(({ name }) => name);
    // Words that stand for no value, as at night, are those of nobody: they must not be written back later.
    if (silent.length > 0)
      throw new CommandFailure('DEVICE_REJECTED', `the device does not report ${silent.join(', ')} at the moment`);
    const now = contentsOf(points, snapshot);
    const ours = this.#ours;
    if (!ours) {
      this.#found = now;
      return nothingSeen;
    }
    const told = (names: string[]): string[] => names.map((name) => `${name} reads ${now[name]?.value ?? 'nothing'}`);
    const changed = this.#changes(now, ours);
    const lost = differing(now, ours.at(-1) ?? now);
    if (changed.length > 0) this.#adopt(now, ours);
    // Of several possibilities, one proves to be what stands there.
    else if (ours.some((each) => differing(now, each).length === 0)) this.#ours = [now];
    return { written: told(changed), lost: told(lost), isRestored: differing(now, this.#found).length === 0 };
  }

  /**
   * Remembers that these points are about to be written: whatever happens then, nothing of it is taken for the words of
   * others.
   * @param requests the points of each request in their order
   * @throws CommandFailure INTERNAL if that could not be written down: then nothing may be written to the device
   */
  begin(requests: readonly (readonly WantedPoint[])[]): void {
    const before = this.#ours ?? [this.#found];
    const ours = possibleContents(before, requests);
    this.#begunAt = this.#device.clock.monotonic();
    if (this.#ours && ours.length === 1 && before.length === 1) return;
    if (!this.#memory.save({ found: this.#found, ours }, this.#ours === undefined))
      throw new CommandFailure(
        'INTERNAL',
        'what others have set could not be written down, so a restart would not bring it back',
      );
    this.#ours = ours;
  }

  /** These points were written, and the device has confirmed that. */
  written(requests: readonly (readonly WantedPoint[])[]): void {
    this.#writtenAt = this.#begunAt;
    const [first] = this.#ours ?? [];
    if (!first || this.#ours?.length === 1) return;
    // The points that no request has written are the same in all possibilities, or are looked at again.
    const ours = unique((this.#ours ?? []).map((each) => contentsAfter(each, requests.flat())));
    this.#ours = ours;
    this.#memory.save({ found: this.#found, ours }, false);
  }

  /**
   * @returns the words of others, to be written back: timers first, so that none of ours runs out meanwhile; then what
   *   they have switched off, and what is on last. Points that hold their words already complete the request
   */
  restoration(): WantedPoint[] {
    const { points, source } = this.#foreign;
    const { switches = [], timers = [] } = source;
    const now = this.#ours?.length === 1 ? this.#ours[0] : undefined;
    const rankOf = (name: string): number => {
      if (timers.includes(name)) return 0;
      if (switches.includes(name)) return this.found(name) === 0 ? 1 : 3;
      return 2;
    };
    return points
      .toSorted((a, b) => rankOf(a.name) - rankOf(b.name))
      .map((point) => {
        const { words = [], value = null } = this.#found[point.name] ?? {};
        const isThere = now !== undefined && isSameContent(now[point.name], this.#found[point.name]);
        return {
          point,
          value,
          words: point.words.map((address, n) => ({ address, word: words[n] ?? 0 })),
          // Some devices act on nothing but a write to the switch.
          ...(isThere && !switches.includes(point.name) ? { isFiller: true } : {}),
        };
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
    if (!success) return;
    this.#found = data.found;
    this.#ours = data.ours;
  }

  /** @returns the names of the points that others have written; empty if something of ours explains all contents */
  #changes(now: Contents, ours: readonly Contents[]): string[] {
    const hasExpired = this.#mayHaveExpired(ours);
    const unexplained = ours.map((each) =>
      differing(now, each).filter((name) => !(hasExpired && this.#isLeftByTimer(name, now))),
    );
    if (unexplained.some((names) => names.length === 0)) return [];
    return unexplained.at(-1) ?? [];
  }

  /** Whether a point holds what a timer of ours leaves behind: what was there before, or what the profile says. */
  #isLeftByTimer(name: string, now: Contents): boolean {
    const source = this.#foreign.source.expired?.[name];
    if (source === undefined) return false;
    return isSameContent(now[name], this.#found[name]) || evaluate(source, this.#scope()) === now[name]?.value;
  }

  /** Whether the device may have dropped what we wrote by itself, because a timer of ours ran out. */
  #mayHaveExpired(ours: readonly Contents[]): boolean {
    const { timers = [] } = this.#foreign.source;
    const waitedMs =
      this.#writtenAt === undefined ? Number.POSITIVE_INFINITY : this.#device.clock.monotonic() - this.#writtenAt;
    return timers.some((timer) =>
      ours.some(({ [timer]: content }) => {
        const seconds = content?.value ?? 0;
        const isTheirs = isSameContent(content, this.#found[timer]);
        return !isTheirs && seconds > 0 && waitedMs >= seconds * 1000 * expiryShare;
      }),
    );
  }

  /** Takes over what others have written: a point that still holds words of ours was left alone, but for a switch. */
  #adopt(now: Contents, ours: readonly Contents[]): void {
    const { switches = [] } = this.#foreign.source;
    const found = { ...this.#found };
    for (const [name, content] of Object.entries(now)) {
      const isLeftAlone = ours.some((each) => isSameContent(each[name], content));
      if (switches.includes(name) || !isLeftAlone) found[name] = content;
    }
    this.#found = found;
    this.#ours = [now];
    // A failure to write that down shows at the next write of ours.
    this.#memory.save({ found, ours: this.#ours }, true);
  }
}

const unique = (all: readonly Contents[]): Contents[] =>
  all.filter((each, n) => all.findIndex((other) => differing(each, other).length === 0) === n);
