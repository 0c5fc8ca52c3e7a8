/**
 * How often the groups of a model repeat: as often as a point of the model tells, as often as the definition says, or as
 * often as the length of the model has room for.
 */
import { firstVendorModel, headerSize, type PointGroup } from '../messages.ts';
import { type Counts, type ModelInstance, nameOfModel } from './model-instance.ts';

/** How often each group of a definition repeats. */
export interface Repeats {
  byGroup: Map<PointGroup, number>;
  /** The reason, in words, why the length contradicts the groups. */
  fault?: string;
  notes: string[];
}

/** A group of the model itself. */
interface Repeating {
  group: PointGroup;
  /** Registers of one instance; undefined: a count within it is not known. */
  block: number | undefined;
  /** Undefined: the length decides. */
  told: number | undefined;
}

/** @returns how often a group repeats; undefined if the device does not tell, or the length decides */
const toldCount = ({ count }: PointGroup, counts: Counts): number | undefined => {
  if (count === undefined) return 1;
  if (typeof count === 'string') return counts.get(count);
  return count === 0 ? undefined : count;
};

const pointsSize = ({ points }: PointGroup): number => points.reduce((sum, { size }) => sum + size, 0);

/** @returns registers of one instance of a group with all groups inside; undefined if a count in it is not known */
const blockSize = (group: PointGroup, counts: Counts): number | undefined =>
  group.groups.reduce<number | undefined>((sum, inner) => {
    const [block, count] = [blockSize(inner, counts), toldCount(inner, counts)];
    return sum === undefined || block === undefined || count === undefined ? undefined : sum + block * count;
  }, pointsSize(group));

const hasInnerCount = ({ groups }: PointGroup): boolean =>
  groups.some((inner) => typeof inner.count === 'string' || hasInnerCount(inner));

/** Sets the count of every group within a group, which is the same in all instances. */
const countInner = ({ groups }: PointGroup, counts: Counts, byGroup: Repeats['byGroup']): void => {
  for (const inner of groups) {
    byGroup.set(inner, toldCount(inner, counts) ?? 0);
    countInner(inner, counts, byGroup);
  }
};

/** @returns repeats of the one group whose count the length decides */
const openRepeats = (instance: ModelInstance, name: string, { room, block }: { room: number; block: number }) => {
  const left = room % block;
  const count = room > 0 ? Math.floor(room / block) : 0;
  const fault =
    room > 0 && left > 0
      ? `${nameOfModel(instance)} has the length ${instance.length}: ${count} times ${name} of ${block} registers leave a rest of ${left}`
      : undefined;
  return { count, fault };
};

/** Decides for a length that is not the sum of what the device tells. */
const settleDifference = (instance: ModelInstance, { repeating, sum }: { repeating: Repeating[]; sum: number }) => {
  const { definition, length } = instance;
  const told = `${nameOfModel(instance)} has the length ${length}`;
  const counted = repeating.find(({ group }) => typeof group.count === 'string');
  if (counted?.block !== undefined && counted.told !== undefined) {
    const { group, block, told: count } = counted;
    const room = (length - sum) / block + count;
    if (!hasInnerCount(group) && Number.isInteger(room) && room >= 0)
      return {
        counted: { group, count: Math.min(count, room) },
        note: `${told}, which has room for ${room} times ${group.name}; ${group.count} tells ${count}`,
      };
    // Where groups lie in groups, a wrong count shifts all that follows.
    const fault = `${told}, and not ${sum}, which follows from ${group.count} = ${count}`;
    return {
      counted: { group, count: hasInnerCount(group) ? 0 : Math.max(0, Math.min(count, Math.floor(room))) },
      fault,
    };
  }
  // Models of vendors grow with the firmware. A model that is too short is judged by the points that it lacks.
  if (length < sum) return {};
  if (definition.id >= firstVendorModel) return { note: `${told}, ${length - sum} registers more than its definition` };
  return { fault: `${told}; the definition has ${sum}` };
};

/** Decides how often each group of a model repeats, and whether its length fits. */
export const repeatsOf = (instance: ModelInstance): Repeats => {
  const { definition, length, counts = new Map() } = instance;
  const { group: root } = definition;
  const byGroup: Repeats['byGroup'] = new Map();
  countInner(root, counts, byGroup);
  const repeating = root.groups.map(
    (group): Repeating => ({ group, block: blockSize(group, counts), told: toldCount(group, counts) }),
  );
  const unknown = repeating.filter(({ block }) => block === undefined);
  const open = repeating.filter(({ block, told }) => block !== undefined && told === undefined);
  if (unknown.length > 0 || open.length > 1) {
    const names = [...unknown, ...open].map(({ group }) => group.name).join(', ');
    for (const { group } of repeating) byGroup.set(group, 0);
    return {
      byGroup,
      notes: [`${nameOfModel(instance)} does not tell how often ${names} repeats: its points are left out`],
    };
  }
  const own = pointsSize(root) - headerSize;
  const sum = repeating.reduce((total, { block = 0, told = 0 }) => total + block * told, own);
  const [decided] = open;
  if (decided) {
    const { count, fault } = openRepeats(instance, decided.group.name, {
      room: length - sum,
      block: decided.block ?? 0,
    });
    byGroup.set(decided.group, count);
    return { byGroup, ...(fault === undefined ? {} : { fault }), notes: [] };
  }
  if (length === sum) return { byGroup, notes: [] };
  const { counted, fault, note } = settleDifference(instance, { repeating, sum });
  if (counted) byGroup.set(counted.group, counted.count);
  return { byGroup, ...(fault === undefined ? {} : { fault }), notes: note === undefined ? [] : [note] };
};
