/**
 * Images of SunSpec devices that are made by chance: wrong lengths, lists without an end, refusals in the middle, models
 * that move. Each knows which of its models are true.
 */
import { illegalAddress, type SimulatedUnit, type UnitAnswer, unitOf } from '../support/sunspec/simulated-units.ts';
import {
  buildImage,
  type ImageEnd,
  type ImageModel,
  type PlacedModel,
  type SunSpecImage,
} from '../support/sunspec/sunspec-image.ts';
import type { Dice } from './dice.ts';
import { bodyOf, canLie, impossibleLength, isKnown, knownModel, makeModels, noiseWord } from './sunspec-models.ts';

/** A fault of a device, or of its list of models. */
export const imageFaults = [
  'none',
  'wrong_length',
  'unknown_wrong_length',
  'no_length',
  'truncated',
  'no_end',
  'endless',
  'refused_header',
  'refused_in_the_middle',
  'unsteady',
  'moving',
  'noise',
  'no_marker',
] as const;
export type ImageFault = (typeof imageFaults)[number];

/** One device that was made by chance. */
export interface ImageCase {
  fault: ImageFault;
  answer: SimulatedUnit;
  /** What the list was at one time or another: the true models, up to the first whose length lies. */
  layouts: PlacedModel[][];
  /** Whether discovery has to find one of the layouts from the beginning to the end. */
  isFindable: boolean;
  /** The registers as they are after all changes. */
  wordAt(address: number): number | undefined;
}

/** Registers that a device gives in one response; 2: headers alone. */
const responseSizes: readonly [number, ...number[]] = [125, 125, 125, 100, 64, 32, 7, 2];
/** More models than discovery takes: 100. */
const endlessModels = 130;

/** Answers in the ways of devices: long responses refused, and headers that have to be read with more or fewer registers. */
const peculiar = (dice: Dice, words: ReadonlyMap<number, number>): SimulatedUnit => {
  const most = dice.pick(responseSizes);
  const code = dice.pick([1, 2, 3, 4]);
  return unitOf(words, (_, count) => (count > most ? code : undefined));
};

const bases = [40_000, 0, 50_000] as const;
const ends: readonly [ImageEnd, ...ImageEnd[]] = ['end_model', 'end_model', 'zeros', 'single_zero', 'none'];

interface Parts {
  image: SunSpecImage;
  models?: PlacedModel[];
  answer?: SimulatedUnit;
  isFindable?: boolean;
}

/** A case whose registers stay as they are. */
const steady = (
  dice: Dice,
  fault: ImageFault,
  { image, models = image.models, answer, isFindable = true }: Parts,
): ImageCase => ({
  fault,
  answer: answer ?? peculiar(dice, image.words),
  layouts: [models],
  isFindable,
  wordAt: (address) => image.words.get(address),
});

const build = (dice: Dice, models: ImageModel[], end: ImageEnd = dice.pick(ends)): SunSpecImage =>
  buildImage(models, { base: dice.pick(bases), end });

const wrongLength = (dice: Dice): ImageCase => {
  const models = makeModels(dice);
  const known = models.flatMap(({ id }, n) => (isKnown(id) && canLie(id) ? [n] : []));
  const at = known[dice.int(known.length)];
  const liar = at === undefined ? undefined : models[at];
  if (at === undefined || !liar) return steady(dice, 'none', { image: build(dice, models) });
  models[at] = { ...liar, length: impossibleLength(dice, liar) };
  const image = build(dice, models);
  // A length that leads beyond the last register is not even taken as that of a model.
  const { address = 0, length = 0 } = image.models[at] ?? {};
  const isBeyond = address + 2 + length >= 0x1_0000;
  return steady(dice, 'wrong_length', { image, models: image.models.slice(0, isBeyond ? at : at + 1) });
};

const unknownWrongLength = (dice: Dice): ImageCase => {
  const before = makeModels(dice, 6);
  const liar = {
    id: noiseWord(dice) || 1000,
    length: dice.int(500),
    body: Array.from({ length: 600 }, () => noiseWord(dice)),
  };
  const image = build(dice, [...before, liar], 'none');
  return steady(dice, 'unknown_wrong_length', {
    image,
    models: image.models.slice(0, before.length),
    isFindable: false,
  });
};

const noLength = (dice: Dice): ImageCase => {
  const before = makeModels(dice, 8);
  const empty = Array.from({ length: 1 + dice.int(20) }, (): ImageModel => ({ id: noiseWord(dice) || 1000, body: [] }));
  const image = build(dice, [...before, ...empty, ...makeModels(dice, 3)]);
  return steady(dice, 'no_length', { image, models: image.models.slice(0, before.length) });
};

const truncated = (dice: Dice): ImageCase => {
  const image = build(dice, makeModels(dice));
  const last = image.models.at(-1);
  // Registers of the last models are not there; their headers are, or are not.
  const from = Math.max(image.end - dice.int(200), (image.models[0]?.address ?? image.end) + 2);
  for (const address of [...image.words.keys()]) if (address >= from) image.words.delete(address);
  const models = image.models.filter(({ address }) => address + 2 <= from);
  const isEnded = last === undefined || from < image.end;
  return steady(dice, 'truncated', { image, models, isFindable: isEnded });
};

const endless = (dice: Dice): ImageCase => {
  const models = Array.from({ length: endlessModels }, () => ({
    id: 60_000 + dice.int(99),
    body: bodyOf(dice, 1 + dice.int(30)),
  }));
  return steady(dice, 'endless', { image: build(dice, models), isFindable: false });
};

const refusedHeader = (dice: Dice): ImageCase => {
  const image = build(dice, makeModels(dice));
  const at = dice.int(image.models.length);
  const address = image.models[at]?.address ?? image.end;
  // ID and L alone are refused, or altogether.
  const isAltogether = dice.chance(0.5);
  const refuse = (from: number, count: number): UnitAnswer | undefined => {
    const isTouched = from <= address + 1 && from + count > address;
    return isTouched && (isAltogether || count < 7) ? illegalAddress : undefined;
  };
  const models = isAltogether ? image.models.slice(0, at) : image.models;
  const size = Math.min(image.models[at]?.size ?? 0, image.end - address);
  return steady(dice, 'refused_header', {
    image,
    models,
    answer: unitOf(image.words, refuse),
    // Seven registers can be read only where as many follow.
    isFindable: isAltogether || size >= 7,
  });
};

const refusedInTheMiddle = (dice: Dice): ImageCase => {
  const image = build(dice, makeModels(dice));
  const holes = Array.from({ length: 1 + dice.int(4) }, () => {
    const { address = 0, size = 0 } = image.models[dice.int(image.models.length)] ?? {};
    return address + 2 + dice.int(Math.max(1, size));
  });
  const isHeader = (hole: number): boolean =>
    image.models.some(({ address }) => hole === address || hole === address + 1) || hole >= image.end;
  const real = holes.filter((hole) => !isHeader(hole));
  const refuse = (from: number, count: number): UnitAnswer | undefined =>
    real.some((hole) => hole >= from && hole < from + count) ? illegalAddress : undefined;
  return steady(dice, 'refused_in_the_middle', { image, answer: unitOf(image.words, refuse) });
};

/** A device that now and then answers with an exception, or not at all. */
const unsteady = (dice: Dice): ImageCase => {
  const image = build(dice, makeModels(dice, 10));
  const share = 0.02 + dice.int(40) / 100;
  const refuse = (): UnitAnswer | undefined =>
    dice.chance(share) ? dice.pick<UnitAnswer>(['silent', 2, 4, 5, 6, 10, 11]) : undefined;
  return steady(dice, 'unsteady', { image, answer: unitOf(image.words, refuse), isFindable: false });
};

/** A change of a list: a model appears, goes, or has another number of repeats. */
const changed = (dice: Dice, models: readonly ImageModel[]): ImageModel[] => {
  const at = dice.int(models.length);
  const count = dice.int(2);
  return [
    ...models.slice(0, at),
    ...Array.from({ length: dice.int(3) }, () => knownModel(dice)),
    ...models.slice(at + count),
  ];
};

/** A device whose list changes while it is read, up to three times. */
const moving = (dice: Dice): ImageCase => {
  const [base, end] = [dice.pick(bases), dice.pick(ends)];
  const lists = [makeModels(dice)];
  for (let n = 1 + dice.int(3); n > 0; n--) lists.push(changed(dice, lists.at(-1) ?? []));
  const images = lists.map((models) => buildImage(models, { base, end }));
  const most = dice.pick(responseSizes);
  const changesAt = lists.slice(1).map(() => 2 + dice.int(most < 60 ? 60 : 20));
  changesAt.sort((a, b) => a - b);
  let requests = 0;
  return {
    fault: 'moving',
    layouts: images.map(({ models }) => models),
    isFindable: false,
    answer(address, count) {
      const now = changesAt.filter((at) => at <= requests).length;
      requests++;
      return unitOf(images[now]?.words ?? new Map(), (_, size) => (size > most ? 3 : undefined))(address, count);
    },
    wordAt: (address) => images.at(-1)?.words.get(address),
  };
};

const noise = (dice: Dice): ImageCase => {
  const image = build(dice, [], 'none');
  for (let n = 0; n < 400; n++) image.words.set(image.end + n, noiseWord(dice));
  return steady(dice, 'noise', { image, isFindable: false });
};

const noMarker = (dice: Dice): ImageCase => {
  const marker = dice.pick([
    () => [noiseWord(dice), noiseWord(dice)],
    () => [0x6e53, 0x5375],
    () => [0x7553, 0x536e],
    () => [0x5375],
    () => [],
  ])();
  const image = buildImage(marker.length === 2 ? makeModels(dice, 4) : [], {
    base: dice.pick(bases),
    marker,
    end: 'none',
  });
  return steady(dice, 'no_marker', { image, models: [], isFindable: false });
};

const makers: Record<ImageFault, (dice: Dice) => ImageCase> = {
  none: (dice) => steady(dice, 'none', { image: build(dice, makeModels(dice)) }),
  wrong_length: wrongLength,
  unknown_wrong_length: unknownWrongLength,
  no_length: noLength,
  truncated,
  no_end: (dice) => steady(dice, 'no_end', { image: build(dice, makeModels(dice), 'none') }),
  endless,
  refused_header: refusedHeader,
  refused_in_the_middle: refusedInTheMiddle,
  unsteady,
  moving,
  noise,
  no_marker: noMarker,
};

/** @returns a device with one fault */
export const makeImageCase = (dice: Dice, fault: ImageFault = dice.pick(imageFaults)): ImageCase => makers[fault](dice);
