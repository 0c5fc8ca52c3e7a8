/**
 * A limit of somebody else, whatever happens: at no moment is the device limited less than they want, and after our last
 * order their words stand there as they wrote them.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inverter7xx, inverter12x } from '../../../support/sunspec/commanded-models.ts';
import { CommandedSite } from '../../../support/sunspec/commanded-site.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

/** The registers of a limit: all of them, with value and switch by their names. */
interface Registers {
  models: () => ValuedModel[];
  all: readonly string[];
  value: string;
  ena: string;
  /** What somebody else writes beside the value and the switch. */
  rest(words: ForeignWrite): Record<string, number>;
}

interface ForeignWrite {
  value: number;
  ena: number;
  timer: number;
}

const registers: Record<string, Registers> = {
  'model 123': {
    models: inverter12x,
    all: ['123:WMaxLimPct', '123:WMaxLimPct_RvrtTms', '123:WMaxLim_Ena'],
    value: '123:WMaxLimPct',
    ena: '123:WMaxLim_Ena',
    rest: ({ ena, timer }) => ({ '123:WMaxLimPct_RvrtTms': ena === 1 ? 0 : timer }),
  },
  'model 704': {
    models: inverter7xx,
    all: [
      '704:WMaxLimPct',
      '704:WMaxLimPctRvrt',
      '704:WMaxLimPctEnaRvrt',
      '704:WMaxLimPctRvrtTms',
      '704:WMaxLimPctEna',
    ],
    value: '704:WMaxLimPct',
    ena: '704:WMaxLimPctEna',
    // Without a timer of theirs, because the device would change their words by itself when that runs out.
    rest: ({ value, timer }) => ({
      '704:WMaxLimPctRvrt': value + 1,
      '704:WMaxLimPctEnaRvrt': timer === 0 ? 0 : 1,
      '704:WMaxLimPctRvrtTms': 0,
    }),
  },
};

type Step =
  /** Somebody else writes; their values are even and ours odd, because the same word from both cannot be told apart. */
  | ({ kind: 'foreign' } & ForeignWrite)
  | { kind: 'order'; percent: number; leaseS: number }
  | { kind: 'release' }
  | { kind: 'pass'; ms: number }
  | { kind: 'restart'; isKilled: boolean; downMs: number }
  /** The process dies with the order, or the release, after so many of its writes. */
  | { kind: 'crash'; percent: number | undefined; writes: number; downMs: number };

const downMs = fc.constantFrom(0, 5000, 45_000, 130_000);
const percent = fc.integer({ min: 0, max: 49 }).map((n) => 2 * n + 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('foreign' as const),
    value: fc.integer({ min: 0, max: 49 }).map((n) => 2 * n),
    ena: fc.constantFrom(0, 1),
    timer: fc.constantFrom(0, 90),
  }),
  fc.record({ kind: fc.constant('order' as const), percent, leaseS: fc.constantFrom(15, 60, 600) }),
  fc.constant({ kind: 'release' as const }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(500, 5000, 35_000, 70_000) }),
  fc.record({ kind: fc.constant('restart' as const), isKilled: fc.boolean(), downMs }),
  fc.record({
    kind: fc.constant('crash' as const),
    percent: fc.option(percent, { nil: undefined }),
    writes: fc.integer({ min: 0, max: 5 }),
    downMs,
  }),
);

/** The device with somebody else, and what they want. */
class Contested {
  readonly #site: CommandedSite;
  readonly #registers: Registers;
  #wanted = 100;
  #words: Record<string, number>;

  constructor(site: CommandedSite, given: Registers) {
    this.#site = site;
    this.#registers = given;
    this.#words = this.#now();
    site.device.onWrite(() => this.check('after a write'));
  }

  async take(next: Step): Promise<void> {
    const site = this.#site;
    if (next.kind === 'foreign') this.#write(next);
    else if (next.kind === 'order') await site.ask('solar', 'limit_power', { percent: next.percent }, next);
    else if (next.kind === 'release') await site.ask('solar', 'release');
    else if (next.kind === 'pass') await this.#pass(next.ms);
    else await this.#endAndBegin(next);
    this.check(JSON.stringify(next));
  }

  /** Nobody holds the device any more. */
  async end(): Promise<void> {
    await this.#site.ask('solar', 'release');
    await this.#site.pass(3000);
    assert.deepEqual(this.#now(), this.#words, 'their words stand there in the end');
  }

  check(when: string): void {
    const { value, ena } = this.#registers;
    const { device } = this.#site;
    const limit = device.raw(ena) === 1 ? device.raw(value) : 100;
    assert.ok(
      limit <= this.#wanted,
      `${when}: the device limits to ${limit} %, and somebody else to ${this.#wanted} %`,
    );
  }

  #now(): Record<string, number> {
    return Object.fromEntries(this.#registers.all.map((name) => [name, this.#site.device.raw(name)]));
  }

  #write(words: ForeignWrite): void {
    const { value, ena, rest } = this.#registers;
    this.#site.device.write({ [value]: words.value, [ena]: words.ena, ...rest(words) });
    this.#wanted = words.ena === 1 ? words.value : 100;
    this.#words = this.#now();
  }

  async #pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await this.#site.pass(500);
      this.check('as time passes');
    }
  }

  async #endAndBegin(next: Extract<Step, { kind: 'restart' | 'crash' }>): Promise<void> {
    const site = this.#site;
    if (next.kind === 'crash') {
      site.killAfterWrites(next.writes);
      if (next.percent === undefined) site.send('solar', 'release', {});
      else site.send('solar', 'limit_power', { percent: next.percent });
      await site.pass(1500);
    }
    if (next.kind === 'crash' || next.isKilled) await site.kill();
    else await site.stop();
    await this.#pass(next.downMs);
    await site.restart();
  }
}

describe('SunSpec: a limit of somebody else', () => {
  for (const [title, given] of Object.entries(registers))
    for (const refusesMultiple of [false, true])
      it(`is never undone: ${title}, ${refusesMultiple ? 'written register by register' : 'written at once'}`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
            const site = await CommandedSite.start(given.models(), { transport: 'memory', refusesMultiple });
            try {
              const contested = new Contested(site, given);
              for (const each of steps) await contested.take(each);
              await contested.end();
            } finally {
              await site.close();
            }
          }),
          { numRuns: Number(process.env.RUNS ?? 60) },
        );
      });

  for (const [title, given] of Object.entries(registers))
    it(`comes back although the process dies with any write of a release: ${title}, register by register`, async () => {
      for (let writes = 0; writes < 7; writes++) {
        const site = await CommandedSite.start(given.models(), { transport: 'memory', refusesMultiple: true });
        const contested = new Contested(site, given);
        await contested.take({ kind: 'foreign', value: 70, ena: 1, timer: 90 });
        await contested.take({ kind: 'order', percent: 41, leaseS: 600 });
        await contested.take({ kind: 'crash', percent: undefined, writes, downMs: 130_000 });
        await contested.end();
        await site.close();
      }
    });
});
