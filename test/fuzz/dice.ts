/** Chance that can be repeated: everything that is random in a run follows from its seed. */
import { createSeededRandom } from '../../src/common/seeded-random.ts';

export interface Dice {
  /** 0 <= n < below */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** Bytes that are anything. */
  bytes(length: number): Buffer;
  /** Text of odd characters. */
  text(longest: number): string;
}

const oddCharacters = [
  ...'aZ09 \t"\\/%+#?&=:;,.[]{}<>|\'`$@',
  '\u0000',
  '\u001b',
  '\r',
  '\n',
  '\u00e4',
  '\u2028',
  '\ud83d\ude80',
  '\ufffd',
];

export const createDice = (seed: number): Dice => {
  const random = createSeededRandom(seed);
  const int = (below: number): number => Math.floor(random() * below);
  return {
    int,
    chance: (probability) => random() < probability,
    pick: (list) => list[int(list.length)] ?? list[0],
    bytes: (length) => Buffer.from(Array.from({ length }, () => int(256))),
    text: (longest) =>
      Array.from({ length: int(longest + 1) }, () => oddCharacters[int(oddCharacters.length)]).join(''),
  };
};
