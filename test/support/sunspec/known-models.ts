/** The lengths of the models that tests of discovery use: registers behind ID and L, and those of a repeating group. */
import type { FindModel, KnownModel } from '../../../src/drivers/sunspec/index.ts';

/** Lengths of models by their id, from the definitions of the SunSpec Alliance. */
const lengths: Record<number, [fixed: number, step?: number]> = {
  1: [66],
  11: [13],
  12: [98],
  101: [50],
  102: [50],
  103: [50],
  111: [60],
  112: [60],
  113: [60],
  120: [26],
  121: [30],
  122: [44],
  123: [24],
  124: [24],
  126: [10, 54],
  127: [10],
  128: [14],
  131: [10, 54],
  132: [10, 54],
  160: [8, 20],
  201: [105],
  202: [105],
  203: [105],
  204: [105],
  211: [124],
  212: [124],
  213: [124],
  214: [124],
  302: [0, 5],
  701: [153],
  702: [50],
  703: [17],
  704: [65],
  705: [13, 2],
  706: [13, 1],
  712: [12, 2],
  713: [7],
  714: [18, 25],
  715: [7],
  802: [62],
  64111: [23],
  64112: [64],
};

export const knownIds = Object.keys(lengths).map(Number);

const known = new Map<number, KnownModel>(
  Object.entries(lengths).map(([id, [fixed, step = 0]]) => [
    Number(id),
    { name: `Model ${id}`, lengths: { fixed, step } },
  ]),
);

export const findModel: FindModel = (id) => known.get(id);

/** @returns the registers that a model of so many repeats has, without ID and L */
export const sizeOfModel = (id: number, repeats = 1): number => {
  const [fixed = 0, step = 0] = lengths[id] ?? [];
  return fixed + step * repeats;
};
