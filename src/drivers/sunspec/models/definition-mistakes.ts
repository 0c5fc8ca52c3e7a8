/** The check of a model definition: names, scale factors and counts refer to what is there. */
import { didYouMean } from '../../../common/did-you-mean.ts';
import type { Mistake } from '../../modbus/index.ts';
import type { ModelDefinition, PointDefinition, PointGroup } from '../messages.ts';

/** The range of a power of ten. */
const maxScaleFactor = 10;

/** A group at its place, with the groups around it from the outside to the inside. */
interface GroupPlace {
  group: PointGroup;
  path: PropertyKey[];
  around: readonly PointGroup[];
}

const placesOf = (place: GroupPlace): GroupPlace[] => [
  place,
  ...place.group.groups.flatMap((group, n) =>
    placesOf({ group, path: [...place.path, 'groups', n], around: [...place.around, place.group] }),
  ),
];

const scaleFactorFault = ({ scaleFactor }: PointDefinition, { group, around }: GroupPlace): string | undefined => {
  if (scaleFactor === undefined) return undefined;
  if (typeof scaleFactor === 'number')
    return Math.abs(scaleFactor) <= maxScaleFactor ? undefined : `a scale factor lies between -10 and 10`;
  const reachable = [...around, group].flatMap(({ points }) => points);
  const factor = reachable.find(({ name }) => name === scaleFactor);
  const factors = reachable.filter(({ type }) => type === 'sunssf').map(({ name }) => name);
  if (!factor)
    return `"${scaleFactor}" is no point of this group or of one around it${didYouMean(scaleFactor, factors)}`;
  return factor.type === 'sunssf'
    ? undefined
    : `"${scaleFactor}" is of type ${factor.type}; a scale factor is a sunssf`;
};

const pointMistakes = (place: GroupPlace): Mistake[] =>
  place.group.points.flatMap((point, n) => {
    const fault = scaleFactorFault(point, place);
    return fault === undefined ? [] : [{ path: [...place.path, 'points', n, 'sf'], name: point.name, text: fault }];
  });

const nameMistakes = ({ group, path }: GroupPlace): Mistake[] => {
  const names = [...group.points, ...group.groups].map(({ name }) => name);
  const twice = new Set(names.filter((name, n) => names.indexOf(name) !== n));
  return [...twice].map((name) => ({ path, text: `${group.name} has two points or groups of the name ${name}` }));
};

const countFault = ({ group, around }: GroupPlace): string | undefined => {
  const [model] = around;
  if (group.points.length === 0 && group.groups.length === 0) return 'the group has neither points nor groups';
  if (model === undefined)
    return group.count === undefined ? undefined : 'the group of the model itself does not repeat';
  if (group.count === 0 && around.length > 1)
    return 'only a group of the model itself can repeat as often as the length has room for';
  if (typeof group.count !== 'string') return undefined;
  const point = model.points.find(({ name }) => name === group.count);
  const counting = model.points.filter(({ type }) => type === 'uint16' || type === 'count');
  return point && counting.includes(point)
    ? undefined
    : `"${group.count}" is no uint16 or count of the model itself${didYouMean(
        group.count,
        counting.map(({ name }) => name),
      )}`;
};

const countMistakes = (place: GroupPlace): Mistake[] => {
  const fault = countFault(place);
  const open = place.group.groups.filter(({ count }) => count === 0);
  const last = place.group.groups.at(-1);
  return [
    ...(fault === undefined ? [] : [{ path: [...place.path, 'count'], name: place.group.name, text: fault }]),
    ...(open.some((group) => group !== last)
      ? [{ path: [...place.path, 'groups'], text: 'one group at most, the last one, can have the count 0' }]
      : []),
  ];
};

/** Every model begins with its id and its length. */
const headMistakes = ({ group }: ModelDefinition): Mistake[] =>
  ['ID', 'L'].flatMap((name, n) => {
    const point = group.points[n];
    if (point?.name === name && point.type === 'uint16') return [];
    return [{ path: ['group', 'points', n], text: `point ${n + 1} of a model is ${name}, a uint16` }];
  });

/** @returns every mistake of a definition, with its place in the JSON format of the SunSpec Alliance */
export const definitionMistakes = (definition: ModelDefinition): Mistake[] => [
  ...headMistakes(definition),
  ...placesOf({ group: definition.group, path: ['group'], around: [] }).flatMap((place) => [
    ...nameMistakes(place),
    ...pointMistakes(place),
    ...countMistakes(place),
  ]),
];
