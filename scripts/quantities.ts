/** The words of the model as a page to look things up in. node scripts/quantities.ts writes docs/quantities.md. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reasons } from '../src/model/common.ts';
import { deviceTypes, type Quantity, quantitiesOf } from '../src/model/quantities.ts';
import { unitCodes, unitsFor } from '../src/model/units.ts';

const code = (word: string): string => `\`${word}\``;

/** Equal where two types have the same quantity of one name. */
const keyOf = (name: string, quantity: Quantity): string => JSON.stringify([name, quantity]);

/** Quantities that several types have alike are listed once, with the types. */
const grouped = (): { name: string; quantity: Quantity; types: string[] }[] => {
  const groups = new Map<string, { name: string; quantity: Quantity; types: string[] }>();
  for (const type of deviceTypes)
    for (const [name, quantity] of Object.entries(quantitiesOf(type))) {
      const key = keyOf(name, quantity);
      const group = groups.get(key) ?? { name, quantity, types: [] };
      group.types.push(type);
      groups.set(key, group);
    }
  return [...groups.values()].sort((a, b) => a.name.localeCompare(b.name) || a.types.length - b.types.length);
};

const valueText = ({ value, unit, min, max, members }: Quantity): string => {
  if (members) return members.map(code).join(' ');
  if (value === 'boolean') return 'true or false';
  if (value === 'text') return 'text';
  const range = `${min} to ${max}`;
  return `${value === 'integer' ? 'whole number' : 'number'} in ${code(unit ?? '1')}, ${range}`;
};

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** The whole page. */
export const quantitiesText = (): string => `# Quantities, units, words and reasons

Written from the code by \`node scripts/quantities.ts\`.

The full name of a quantity is its type and its own name, with the index of the component and the phase where there is one:
\`meter/power\`, \`meter/power/l1\`, \`solar/2/dc_power\`. A quantity that fits none of these begins with \`x_\` and may have any unit below.

Types: ${deviceTypes.map(code).join(', ')}.

## Quantities

A counter never falls. Telemetry is sent with QoS 0 and not retained, status with QoS 1 and retained.

${table(
  ['quantity', 'of', 'value', 'kind', 'class'],
  grouped().map(({ name, quantity, types }) => [
    code(name),
    types.map(code).join(' '),
    valueText(quantity),
    quantity.kind,
    quantity.class,
  ]),
)}

Where a value is one of several words, readers treat a word that is not in the list as \`unknown\`.

## Units

The unit on the wire, and the units that a device profile or a message may use in its place; they are converted.

${table(
  ['unit', 'also understood'],
  unitCodes.map((unit) => [
    code(unit),
    unitsFor(unit)
      .filter((spelling) => spelling !== unit)
      .map(code)
      .join(' '),
  ]),
)}

## Reasons

The field \`reason\` says why the value of a reading is not good. More reasons may follow.

${table(
  ['reason', ''],
  Object.entries(reasons).map(([reason, meaning]) => [code(reason), meaning]),
)}
`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(fileURLToPath(new URL('../docs/quantities.md', import.meta.url)), quantitiesText());
