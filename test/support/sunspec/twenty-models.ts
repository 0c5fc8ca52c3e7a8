/** Twenty models, as an inverter with controls, curves and a meter has them. */
import { sizeOfModel } from './known-models.ts';
import { commonModel, type ImageModel, modelOf } from './sunspec-image.ts';

const ids = [11, 12, 103, 120, 121, 122, 123, 124, 126, 127, 128, 131, 132, 160, 203, 302, 701, 704, 802];

export const twentyModels: readonly ImageModel[] = [
  commonModel({ manufacturer: 'Maker', model: 'Model', serial: 'S1' }),
  ...ids.map((id) => modelOf(id, sizeOfModel(id, 2))),
];
