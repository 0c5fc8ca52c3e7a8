/** All devices that this package knows, as a page to look things up in. node scripts/supported-devices.ts writes docs/supported-devices.md. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { listProfiles, type Profile, summarizeProfile } from '../src/drivers/modbus/index.ts';
import { listPresets } from '../src/drivers/ocpp/presets.ts';
import type { Preset } from '../src/drivers/ocpp/quirks.ts';
import { brandPlaces, findModelDefinition, modelIds, quantityMap } from '../src/drivers/sunspec/index.ts';
import type { MapEntry, MapFamily } from '../src/drivers/sunspec/quantities/quantity-map.ts';

const code = (word: string | number): string => `\`${word}\``;
const unique = (words: readonly string[]): string[] => [...new Set(words)];

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** @returns a text from a profile that no table and no sentence around it can mistake for something else */
const plain = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** @returns "battery: soc, power" for each component, from paths of quantities such as "battery/power/l1" */
const readingsText = (paths: readonly string[]): string => {
  const byType = new Map<string, string[]>();
  for (const path of paths) {
    const [type = '', ...rest] = path.split('/').filter((level) => !/^(\d+|\{i\})$/.test(level));
    byType.set(type, unique([...(byType.get(type) ?? []), rest[0] ?? '']));
  }
  return [...byType].map(([type, names]) => `${code(type)}: ${names.join(', ')}`).join('; ');
};

// Modbus

const isProfile = (profile: Profile | undefined): profile is Profile => profile !== undefined;

/** All shipped profiles, by maker and title. */
const profiles = (): Profile[] =>
  listProfiles('')
    .map(({ profile }) => profile)
    .filter(isProfile)
    .sort((a, b) => makerOf(a).localeCompare(makerOf(b)) || a.title.localeCompare(b.title));

const makerOf = ({ vendor, title }: Profile): string => vendor ?? title;

const eventsText = ({ points }: Profile): string[] =>
  points.some(({ events }) => events) ? ['Alarms: one event for each bit.'] : [];

/** @returns lines about one profile */
const profileText = (profile: Profile): string => {
  const { id, title, points, unsure = [], connection = {}, actuators = [] } = profile;
  const { commands, commandNote } = summarizeProfile(profile);
  const hasWatchdog = actuators.some(({ watchdog = [] }) => watchdog.length > 0);
  const fallback = hasWatchdog ? ' (the device falls back by itself when nobody speaks to it)' : '';
  const unproved = points.flatMap(({ quantity, signVerified }) =>
    signVerified === false && quantity ? [quantity] : [],
  );
  const { transports = ['tcp'], unitId } = connection;
  const place = unitId === undefined ? transports.join(', ') : `${transports.join(', ')}, unit ${unitId}`;
  const lines = [
    `**${plain(title)}** (${code(id)}, ${profile.class}; ${place})`,
    `- Reads ${readingsText(points.flatMap(({ quantity }) => quantity ?? []))}`,
    ...(commands.length > 0 ? [`- Commands: ${unique(commands).map(code).join(', ')}${fallback}`] : []),
    ...(commandNote === undefined ? [] : [`- No commands: ${plain(commandNote)}`]),
    ...eventsText(profile).map((text) => `- ${text}`),
    ...(unproved.length > 0 ? [`- Sign not proved by any source: ${unique(unproved).map(code).join(', ')}`] : []),
    ...unsure.map((text) => `- Unsure: ${plain(text)}`),
  ];
  return lines.join('\n');
};

const profilesText = (): string => {
  const byMaker = new Map<string, Profile[]>();
  for (const profile of profiles()) byMaker.set(makerOf(profile), [...(byMaker.get(makerOf(profile)) ?? []), profile]);
  return [...byMaker].map(([maker, own]) => `### ${maker}\n\n${own.map(profileText).join('\n\n')}`).join('\n\n');
};

// SunSpec

/** The words for a component of the map. */
const componentWords: Readonly<Record<string, string>> = { ac: 'inverter, solar or battery', device: 'device' };

/** @returns the quantity as the components of an AC side name it: a solar inverter produces, a hybrid exports */
const namesOf = (quantity: string): string => {
  const sides = Object.values(quantityMap().components.ac);
  return unique(sides.flatMap(({ quantities }) => quantities[quantity] ?? [])).join(' or ') || quantity;
};

const quantityOf = ({ quantity, total, otherwise }: MapEntry): string[] =>
  [quantity ?? total, otherwise].flatMap((path) => (path === undefined ? [] : [namesOf(path.split('/')[0] ?? '')]));

const givenText = (component: string, points: readonly MapEntry[]): string[] => {
  const quantities = unique(points.flatMap(quantityOf));
  const identity = unique(points.flatMap(({ identity: field }) => field ?? []));
  const owner = componentWords[component] ?? component.replace('/{n}', ' (numbered)');
  const gives = [
    ...(quantities.length > 0 ? [`${owner}: ${quantities.join(', ')}`] : []),
    ...(identity.length > 0 ? [`in meta: ${identity.join(', ')}`] : []),
    ...(points.some(({ events }) => events) ? ['alarms, one event for each bit'] : []),
  ];
  return gives;
};

const familyText = ({ component, points, parts = [] }: MapFamily): string[] => [
  ...(points ? givenText(component, Object.values(points)) : []),
  ...parts.flatMap((part) => givenText(part.component, Object.values(part.points))),
];

const labelOf = (id: number): string => findModelDefinition(id)?.label ?? '';

const mappedModels = (): string => {
  const texts = new Map<number, string[]>();
  for (const family of quantityMap().families)
    for (const id of family.models) texts.set(id, unique([...(texts.get(id) ?? []), ...familyText(family)]));
  const byText = new Map<string, string[]>();
  for (const [id, gives] of [...texts].sort(([a], [b]) => a - b)) {
    const text = gives.join('; ');
    byText.set(text, [...(byText.get(text) ?? []), `${id} ${labelOf(id)}`]);
  }
  return table(
    ['models', 'what they give'],
    [...byText].map(([text, models]) => [models.join(', '), text]),
  );
};

const otherModels = (): string => {
  const mapped = new Set(quantityMap().families.flatMap(({ models }) => models));
  return modelIds()
    .filter((id) => !mapped.has(id))
    .map((id) => `${id} ${labelOf(id)}`)
    .join(', ');
};

interface Places {
  units: readonly number[];
  ports?: readonly number[];
  bases?: readonly number[];
}

const brandsText = (): string =>
  table(
    ['brand', 'units', 'ports', 'bases'],
    Object.entries(brandPlaces).map(
      ([brand, { units, ports = [502], bases = [40_000, 0, 50_000] }]: [string, Places]) => [
        brand,
        units.join(', '),
        ports.join(', '),
        bases.join(', '),
      ],
    ),
  );

// OCPP

/** @returns "^ABB$, ^(TAC|Terra)" as people read it */
const patternText = (pattern: string): string => plain(pattern.replaceAll(/[\^$\\]/g, ''));

const recognised = ({ matches = [] }: Preset): string =>
  matches.length === 0
    ? 'chosen by hand'
    : matches
        .map(({ vendor, model, firmware }) =>
          [vendor, model, firmware]
            .flatMap((each) => each ?? [])
            .map(patternText)
            .join(' '),
        )
        .map(code)
        .join(', ');

const presetsText = (): string =>
  table(
    ['station', 'recognised by', 'what to know'],
    [...listPresets()]
      .sort((a, b) => a.title.localeCompare(b.title))
      .map((preset) => [plain(preset.title), recognised(preset), (preset.notes ?? []).map(plain).join('; ')]),
  );

/** The whole page. */
export const supportedDevicesText = (): string => `# Supported devices

Written from the profiles, the SunSpec models and the presets by \`node scripts/supported-devices.ts\`.

There are three ways to a device: [SunSpec](#sunspec), by which an inverter, meter or battery explains itself; a
[Modbus profile](#modbus-profiles) of its family; and [OCPP](#charging-stations-ocpp) for charging stations. A device that is not
listed takes [a profile of your own](writing-a-profile.md).

"Unsure" marks what no source proves: try it before you rely on it. The names of readings are explained in
[quantities.md](quantities.md), those of commands in [commands.md](commands.md).

## SunSpec

Any device that lists SunSpec models is read, whoever made it. These models have a meaning without further work; where several
of them give the same, the one that is more exact goes first: 701 before 101 to 113, 714 before 160, 713 before 802 before 124.

${mappedModels()}

All points of all models can be read by name, as \`model:point\`: also those of ${otherModels()}.

A model that is not in this list, such as one that a vendor has made for itself, is read with the JSON file of that vendor.

A scan looks here first:

${brandsText()}

## Modbus profiles

${profiles().length} profiles, by maker.

${profilesText()}

## Charging stations (OCPP)

Every station with OCPP 1.6 or 2.0.1 can connect. These have peculiarities that are taken care of:

${presetsText()}
`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(fileURLToPath(new URL('../docs/supported-devices.md', import.meta.url)), supportedDevicesText());
