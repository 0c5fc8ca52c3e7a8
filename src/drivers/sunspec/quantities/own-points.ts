/** Points that an integrator names beside the map: "103:VA" for a quantity, checked before any device is asked. */
import { didYouMean } from '../../../common/did-you-mean.ts';
import type { Result } from '../../../model/time.ts';
import { type ProfilePoint, resolvePoint } from '../../modbus/index.ts';
import { pointAddressPattern } from '../codec/limits.ts';
import type { ModelDefinition, PointDefinition, PointGroup } from '../messages.ts';
import { describeNamedPoint } from './named-points.ts';

/** A row of the form. */
export interface OwnPoint {
  /** "103:VA" */
  point: string;
  /** "solar/apparent_power" */
  quantity: string;
}

const pointsIn = ({ points, groups }: PointGroup): PointDefinition[] => [...points, ...groups.flatMap(pointsIn)];

/** Words of a path that are no numbers: "Crv.1.Pt.2.V" gives the name V. */
const lastName = (path: string): string => path.split('.').at(-1) ?? path;

/** @returns the definition of the point, or in words why there is none */
const definitionOf = (
  address: string,
  findModel: (id: number) => ModelDefinition | undefined,
): PointDefinition | string => {
  if (!pointAddressPattern.test(address)) return 'a point is written model:point, like 103:VA or 160:2:DCW';
  const id = Number.parseInt(address, 10);
  const model = findModel(id);
  if (!model) return `model ${id} is not known here: give the JSON file of its vendor`;
  const name = lastName(address.split(':').at(-1) ?? '');
  const points = pointsIn(model.group);
  const found = points.find((point) => point.name === name);
  return found ?? `model ${id} has no point ${name}${didYouMean(name, [...new Set(points.map((each) => each.name))])}`;
};

/** @returns the point as a profile holds it, or in words what is wrong with it */
const readRow = (
  { point, quantity }: OwnPoint,
  { name, findModel }: { name: string; findModel: (id: number) => ModelDefinition | undefined },
): ProfilePoint | string => {
  const given: ProfilePoint = { name, type: 'sunspec', addr: point, quantity };
  const definition = definitionOf(point, findModel);
  if (typeof definition === 'string') return definition;
  if (quantity === '') return 'the quantity is missing, like meter/power';
  // Nobody knows the address yet; type, unit and meaning of the point are those of the model.
  const resolved = resolvePoint(
    describeNamedPoint(given, { definition, path: name, address: 0 }, () => name),
    {},
    1,
  );
  return resolved.ok ? given : resolved.reason;
};

/**
 * Reads the rows of the form.
 * @param findModel definitions of the package and of vendors
 * @returns points for the profile of a device, or in words which rows are wrong
 */
export const readOwnPoints = (
  rows: readonly OwnPoint[],
  findModel: (id: number) => ModelDefinition | undefined,
): Result<ProfilePoint[]> => {
  const points: ProfilePoint[] = [];
  const faults: string[] = [];
  for (const [n, row] of rows.entries()) {
    const read = readRow(row, { name: `own.${n + 1}`, findModel });
    if (typeof read === 'string') faults.push(`further point ${n + 1} (${row.point}): ${read}`);
    else if (points.some(({ quantity }) => quantity === row.quantity))
      faults.push(`further point ${n + 1} (${row.point}): ${row.quantity} is there twice`);
    else points.push(read);
  }
  return faults.length > 0 ? { ok: false, reason: faults.join('; ') } : { ok: true, value: points };
};
