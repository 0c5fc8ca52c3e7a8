/** Models that are made by chance: whole ones, and lengths that lie. */
import { findModel, knownIds, sizeOfModel } from '../support/sunspec/known-models.ts';
import { commonModel, type ImageModel } from '../support/sunspec/sunspec-image.ts';
import type { Dice } from './dice.ts';

/** Whether discovery has a definition of a model. */
export const isKnown = (id: number): boolean => findModel(id) !== undefined;

/** A word that is no id of a known model, and ends no list: what is not true must not look true by chance. */
export const noiseWord = (dice: Dice): number => {
  for (;;) {
    const word = dice.int(0xffff);
    if (!isKnown(word)) return word;
  }
};

/** Points of true models hold numbers that look like headers as well. */
const bodyWord = (dice: Dice): number =>
  dice.pick([() => dice.int(0x1_0000), () => dice.int(200), () => dice.pick([0, 0xffff, 0x8000, 1, 66, 103])])();

export const bodyOf = (dice: Dice, size: number): number[] => Array.from({ length: size }, () => bodyWord(dice));

export const knownModel = (dice: Dice): ImageModel => {
  const id = knownIds[dice.int(knownIds.length)] ?? 1;
  const size = id === 1 && dice.chance(0.5) ? 65 : sizeOfModel(id, dice.int(4));
  return { id, body: bodyOf(dice, size) };
};

const unknownModel = (dice: Dice): ImageModel => ({
  id: noiseWord(dice) || 1000,
  body: bodyOf(dice, 1 + dice.int(150)),
});

export const makeModels = (dice: Dice, most = 22): ImageModel[] => {
  const texts = { manufacturer: dice.text(20), model: dice.text(20), serial: dice.text(12) };
  const first = dice.chance(0.9) ? [commonModel(texts, dice.chance(0.5) ? 65 : 66)] : [];
  const others = Array.from({ length: dice.int(most) }, () =>
    dice.chance(0.85) ? knownModel(dice) : unknownModel(dice),
  );
  return [...first, ...others];
};

/** Whether there is a length that the model cannot have: 303 repeats a group of one register, from 0 times on. */
export const canLie = (id: number): boolean => {
  const { fixed = 0, step = 0 } = findModel(id)?.lengths ?? {};
  return fixed > 0 || step > 1;
};

/** @returns a length that a model cannot have by its definition; see canLie */
export const impossibleLength = (dice: Dice, { id, body }: ImageModel): number => {
  const { fixed = 0, step = 0 } = findModel(id)?.lengths ?? {};
  const isPossible = (length: number): boolean => {
    if (id === 1) return length === 65 || length === 66;
    return length === fixed || (length > fixed && (id >= 64_000 || (step > 0 && (length - fixed) % step === 0)));
  };
  for (;;) {
    const length = dice.pick([
      () => dice.int(fixed + 1),
      () => body.length + dice.int(9) - 4,
      () => dice.int(400),
      () => dice.int(0x1_0000),
    ])();
    if (length >= 0 && !isPossible(length)) return length;
  }
};
