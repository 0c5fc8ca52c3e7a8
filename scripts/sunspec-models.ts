/**
 * Model definitions of the SunSpec Alliance in the compact form of this package. `node scripts/sunspec-models.ts` reads
 * scripts/sunspec/models.json and writes profiles/sunspec/models.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import {
  type ModelDefinition,
  type PointDefinition,
  type PointGroup,
  registersOf,
  sunSpecTypes,
} from '../src/drivers/sunspec/messages.ts';
import { compactModel } from '../src/drivers/sunspec/models/compact-model.ts';
import { modelFolder, modelIds } from '../src/drivers/sunspec/models/model-definitions.ts';

const source = fileURLToPath(new URL('sunspec/models.json', import.meta.url));

/** Mistakes of the models that are corrected on the way. */
export const corrections: { model: number; point: string; units: string; reason: string }[] = [
  {
    model: 122,
    point: 'WAval',
    units: 'W',
    reason: 'the available active power is given in var upstream; pysunspec2 has W, and so has the name of the point',
  },
];

const flag = z.literal(1).optional();
const pointSchema = z.strictObject({
  n: z.string(),
  /** Registers from the first point of its group on. */
  o: z.int(),
  t: z.enum(sunSpecTypes),
  z: z.int(),
  sf: z.union([z.string(), z.int()]).optional(),
  u: z.string().optional(),
  rw: flag,
  m: flag,
  s: flag,
  /** The fixed value of ID, and that of L in some models. */
  v: z.int().optional(),
  e: z.record(z.string(), z.string()).optional(),
});
const groupSchema = z.strictObject({
  n: z.string(),
  type: z.enum(['group', 'sync']),
  count: z.union([z.int(), z.string()]).optional(),
  p: z.array(pointSchema),
  /** Registers of its own points. */
  size: z.int(),
  get g() {
    return z.array(groupSchema).optional();
  },
});
type SourceGroup = z.infer<typeof groupSchema>;
const modelsSchema = z.strictObject({
  source: z.string(),
  commit: z.string(),
  models: z.record(
    z.string(),
    z.strictObject({
      id: z.int(),
      name: z.string(),
      label: z.string(),
      L: z.int().nullable(),
      root: groupSchema,
    }),
  ),
});

const unitsOf = (model: number, { n, u }: SourceGroup['p'][number]): string | undefined =>
  corrections.find((each) => each.model === model && each.point === n)?.units ?? u;

const toPoint = (model: number, given: SourceGroup['p'][number]): PointDefinition => {
  const units = unitsOf(model, given);
  return {
    name: given.n,
    type: given.t,
    size: given.z,
    isMandatory: given.m === 1,
    isStatic: given.s === 1,
    isWritable: given.rw === 1,
    ...(given.sf === undefined ? {} : { scaleFactor: given.sf }),
    ...(units === undefined ? {} : { units }),
    ...(given.e ? { symbols: given.e } : {}),
  };
};

const toGroup = (model: number, { n, type, count, p, g = [] }: SourceGroup): PointGroup => ({
  name: n,
  type,
  ...(count === undefined ? {} : { count }),
  points: p.map((point) => toPoint(model, point)),
  groups: g.map((group) => toGroup(model, group)),
});

/** @returns where offsets and sizes of the source contradict its own types */
const contradictionsIn = (model: number, { n, p, size, g = [] }: SourceGroup): string[] => {
  let offset = 0;
  const faults = p.flatMap(({ n: name, t, o, z: registers }) => {
    const expected = t === 'string' ? registers : registersOf[t];
    const isRight = o === offset && registers === expected;
    offset += registers;
    return isRight ? [] : [`${model} ${n}.${name} is not where its predecessors end, or has not the size of its type`];
  });
  if (size !== offset) faults.push(`${model} ${n} has ${offset} registers, not ${size}`);
  return [...faults, ...g.flatMap((group) => contradictionsIn(model, group))];
};

/**
 * Reads the definitions of the source, corrected.
 * @throws Error with every contradiction in the source, and every correction that corrects nothing
 */
export const sourceDefinitions = (): ModelDefinition[] => {
  const models = Object.values(modelsSchema.parse(JSON.parse(readFileSync(source, 'utf8'))).models);
  const faults = models.flatMap(({ id, root }) => contradictionsIn(id, root));
  for (const { model, point, units } of corrections) {
    const given = models.find(({ id }) => id === model)?.root.p.find(({ n }) => n === point);
    if (given === undefined || given.u === units) faults.push(`${model} ${point} needs no correction`);
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return models.map(({ id, label, root }) => {
    const length = root.p.find(({ n }) => n === 'L')?.v;
    return { id, label, ...(length === undefined ? {} : { length }), group: toGroup(id, root) };
  });
};

/** @returns the text of each file of profiles/sunspec/models by its name */
export const compactFiles = (): Map<string, string> =>
  new Map(sourceDefinitions().map((definition) => [`${definition.id}.json`, compactModel(definition)]));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const id of modelIds()) rmSync(join(modelFolder, `${id}.json`));
  for (const [name, text] of compactFiles()) writeFileSync(join(modelFolder, name), text);
}
