/** The arrows of the house: which room may import which. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  /** Path from the root. */
  from: string;
  /** Path from the root, or the name of a package. */
  to: string;
}

export const filesIn = (folder: string, extension: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension) && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .sort();

const importPattern = /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'|import\('([^']+)'\)/g;

export const importsOf = (file: string, text: string): Import[] =>
  [...text.matchAll(importPattern)].map((match) => {
    const target = match[1] ?? match[2] ?? '';
    const to = target.startsWith('.') ? relative('', normalize(join(dirname(file), target))) : target;
    return { from: file, to };
  });

export const readImports = (): Import[] =>
  ['src', 'nodes'].flatMap((folder) =>
    filesIn(folder, '.ts').flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8'))),
  );

/** @returns the room of a file; a package is no room, even where it has the name of one */
export const roomOf = (path: string): string => {
  if (path.startsWith('nodes/')) return 'nodes';
  if (!path.startsWith('src/')) return path.startsWith('node:') ? path : `npm:${path}`;
  const match = /^src\/(drivers\/[a-z-]+|[a-z-]+)\//.exec(path);
  return match?.[1] ?? path;
};

/** The imports each room may have besides its own files; "npm:" before packages, "node:" for the platform. */
const arrows: Record<string, RegExp> = {
  common: /^model$/,
  model: /^(npm:zod|node:crypto)$/,
  drivers: /^(common|model)$/,
  'drivers/modbus': /^(common|model|drivers|npm:zod|node:.*|npm:serialport)$/,
  'drivers/sunspec': /^(common|model|drivers|drivers\/modbus|npm:zod|node:.*)$/,
  'drivers/ocpp': /^(common|model|drivers|npm:zod|node:.*|npm:ocpp-rpc|npm:ws)$/,
  mqtt: /^(common|model|node:.*|npm:mqtt|npm:aedes)$/,
  control: /^(common|model)$/,
  migrations: /^(common|model)$/,
  editor: /^(common|model|migrations|drivers\/[a-z]+|npm:zod\/mini)$/,
  bridge: /^(common|model|drivers|control|npm:zod|node:.*)$/,
  site: /^(common|model|npm:zod)$/,
  simulator: /^(common|model|drivers\/(modbus|ocpp|sunspec)|npm:zod|npm:ocpp-rpc|node:.*)$/,
  shell: /^(common|model|migrations|bridge|drivers|npm:zod|node:.*|npm:node-red)$/,
  nodes: /^(common|model|shell|bridge|drivers\/[a-z]+|mqtt|site|simulator|npm:zod|node:.*|npm:node-red)$/,
};

/** Other rooms may import only the face of a driver, its index.ts. */
const isFace = (to: string): boolean => /^src\/drivers\/[a-z]+\/index\.ts$/.test(to);

/** Forms know of a driver the limits of fields and the format of the list of cards, and nothing of how it works. */
const editorMay = /^src\/drivers\/([a-z]+\/codec\/limits|ocpp\/codec\/card-list)\.ts$/;

/** Parts of a driver that know nothing of the rest of it: frames from strangers, and the words of a version. */
const chambers: [part: string, may: RegExp][] = [
  [
    'src/drivers/modbus/codec/',
    /^src\/drivers\/modbus\/(codec\/|(messages|failures|profiles\/point|profiles\/point-schema)\.ts$)/,
  ],
  [
    'src/drivers/modbus/profiles/',
    /^src\/drivers\/(modbus\/(profiles\/|(messages|codec\/limits|codec\/pdu-limits)\.ts$)|(car|driver)\.ts$)/,
  ],
  ['src/drivers/modbus/transport/', /^src\/drivers\/modbus\/(transport\/|(messages|failures)\.ts$|codec\/)/],
  [
    'src/drivers/modbus/device/',
    /^src\/drivers\/(driver\.ts$|modbus\/(?!polling|actuators|commissioning|driver|index))/,
  ],
  ['src/drivers/modbus/polling/', /^src\/drivers\/(driver\.ts$|modbus\/(?!actuators|commissioning|driver|index))/],
  ['src/drivers/sunspec/models/', /^src\/drivers\/(modbus\/index\.ts$|sunspec\/(models\/|messages\.ts$))/],
  ['src/drivers/sunspec/codec/', /^src\/drivers\/(modbus\/index\.ts$|sunspec\/(models\/|codec\/|messages\.ts$))/],
  ['src/drivers/ocpp/ocpp-j/', /^src\/drivers\/ocpp\/(ocpp-j\/|codec\/limits\.ts$|messages\.ts$)/],
  ['src/drivers/ocpp/codec/', /^src\/drivers\/ocpp\/(codec\/|messages\.ts$)/],
];

const leavesChamber = ({ from, to }: Import): boolean =>
  chambers.some(([part, may]) => from.startsWith(part) && to.startsWith('src/drivers/') && !may.test(to));

/** A node works with a bridge and one driver, or with that and the driver it stands on, or with one of these rooms. */
const callsOf = (file: string, imports: Import[]): Set<string> => {
  const rooms = imports.filter(({ from, to }) => from === file && to.startsWith('src/')).map(({ to }) => roomOf(to));
  const works = rooms.filter((room) => !['model', 'common', 'shell', 'bridge'].includes(room));
  return new Set(rooms.includes('bridge') ? [...works, 'bridge'] : works);
};

const allowedCalls = [
  /^(bridge,)?drivers\/[a-z]+$/,
  /^(bridge,)?drivers\/modbus,drivers\/sunspec$/,
  /^(mqtt|site|simulator)?$/,
];

/**
 * @param imports all of them: a node is judged by everything it calls
 * @returns what is wrong with an import, or undefined
 */
export const check = ({ from, to }: Import, imports: Import[]): string | undefined => {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (leavesChamber({ from, to })) return `${from} must not import ${to}: a part of its own`;
  if (room === target) return undefined;
  if (!arrows[room]?.test(target)) return `${from} must not import ${to}`;
  if (room === 'editor' && target.startsWith('drivers/') && !editorMay.test(to))
    return `${from} must not import ${to}: only what a form checks of a driver`;
  if (room !== 'editor' && /^drivers\//.test(target) && !isFace(to))
    return `${from} must not import ${to}: only the face of a driver`;
  if (room === 'nodes' && to.startsWith('src/')) {
    const calls = [...callsOf(from, imports)].sort().join();
    if (!allowedCalls.some((pattern) => pattern.test(calls))) return `${from} calls several rooms: ${calls}`;
  }
  return undefined;
};

/** @returns every file and package that files of a folder reach over their imports */
export const reachedFrom = (folder: string, imports: Import[]): Set<string> => {
  const reached = new Set(imports.map(({ from }) => from).filter((file) => file.startsWith(folder)));
  for (const file of reached) for (const { from, to } of imports) if (from === file) reached.add(to);
  return reached;
};

/** Every cycle once, as the files along it. */
export const findCycles = (imports: Import[]): string[][] => {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      cycles.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return cycles;
};
