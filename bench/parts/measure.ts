/** How a measurement is taken: interleaved rounds, so that what else the machine does meets all sides alike. */

/** One side of a comparison. */
export interface Side {
  name: string;
  /** One round; @returns what was done, and what it took */
  round(): Promise<Round> | Round;
}

export interface Round {
  /** Operations done. */
  count: number;
  seconds: number;
  /** CPU of the process under test, microseconds. */
  cpuUs: number;
}

export interface Figure {
  name: string;
  /** Operations per second, median of the rounds. */
  perSecond: number;
  /** CPU microseconds per operation, median of the rounds. */
  cpuUs: number;
}

export const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
};

/** @param p 0 to 1 */
export const percentile = (values: number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
};

/** Measures what this process does while it runs. */
export const timed = async (run: () => Promise<number> | number): Promise<Round> => {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const count = await run();
  const { user, system } = process.cpuUsage(cpu);
  return { count, seconds: (performance.now() - startedAt) / 1000, cpuUs: user + system };
};

/** The sides take turns, the first round of each is warming up. */
export const compare = async (sides: Side[], rounds: number): Promise<Figure[]> => {
  const taken = sides.map((): Round[] => []);
  for (let i = 0; i <= rounds; i++)
    for (const [n, side] of sides.entries()) {
      const round = await side.round();
      if (i > 0) taken[n]?.push(round);
    }
  return sides.map(({ name }, n) => {
    const own = taken[n] ?? [];
    return {
      name,
      perSecond: median(own.map(({ count, seconds }) => count / seconds)),
      cpuUs: median(own.map(({ count, cpuUs }) => cpuUs / count)),
    };
  });
};

const short = (value: number): string => {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
};

/** Prints rows of cells, numbers to the right. */
export const printTable = (title: string, head: string[], rows: (string | number)[][]): void => {
  const cells = [head, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? short(cell) : cell)))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  console.log(`\n${title}`);
  for (const row of cells)
    console.log(
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
    );
};

/** The expectation of a figure. */
export type Expected = { atLeast: number } | { atMost: number } | { onlyAs: string };

const printFigure = (what: string, value: number, expected: Expected, write: (value: number) => string): void => {
  const isGood =
    'atLeast' in expected ? value >= expected.atLeast : 'atMost' in expected ? value <= expected.atMost : true;
  const words =
    'atLeast' in expected
      ? `expected at least ${write(expected.atLeast)}`
      : 'atMost' in expected
        ? `expected at most ${write(expected.atMost)}`
        : expected.onlyAs;
  console.log(`  => ${what}: ${write(value)} (${words})${isGood ? '' : '  FALLS SHORT'}`);
};

/** A ratio next to what is expected of it, with a plain word where it misses that. */
export const printRatio = (what: string, ratio: number, expected: Expected): void =>
  printFigure(what, ratio, expected, (value) => `${Number(value.toFixed(2))}x`);

/** The same of a share, 0 to 1. */
export const printShare = (what: string, share: number, expected: Expected): void =>
  printFigure(what, share, expected, (value) => `${Number((value * 100).toFixed(1))} %`);

/** An amount with its unit. */
export const printAmount = (what: string, amount: number, unit: string, expected: Expected): void =>
  printFigure(what, amount, expected, (value) => `${short(value)} ${unit}`);
