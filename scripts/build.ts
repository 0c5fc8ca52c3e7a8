/** After tsc: the bundle of the forms, what Node-RED looks for beside the compiled nodes, and what ships as data. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { z } from 'zod';
import { profileSchema } from '../src/drivers/modbus/index.ts';
import { presetSchema } from '../src/drivers/ocpp/quirks.ts';
import { jsonSchemas } from '../src/model/message.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...path: string[]): string => join(root, ...path);
const namesIn = (folder: string, extension: string): string[] =>
  readdirSync(at(folder)).filter((name) => name.endsWith(extension));

// Profiles and forms that are gone or have another name now are not packed along.
for (const folder of ['dist/profiles', 'dist/nodes/locales']) rmSync(at(folder), { recursive: true, force: true });
for (const name of namesIn('nodes', '.html')) cpSync(at('nodes', name), at('dist/nodes', name));
cpSync(at('icons'), at('dist/nodes/icons'), { recursive: true });
cpSync(at('profiles'), at('dist/profiles'), { recursive: true });

// Node-RED serves resources/ of a package to the browser; a former bundle is not packed along.
rmSync(at('resources'), { recursive: true, force: true });
buildSync({
  absWorkingDir: root,
  entryPoints: [
    { in: 'src/editor/index.ts', out: 'editor' },
    { in: 'src/editor/style.css', out: 'editor' },
  ],
  outdir: 'resources',
  bundle: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  minify: true,
  // The html of every node loads the file: only the first run counts, and the others cost nothing.
  banner: { js: 'if (!window.emsForms) {' },
  footer: { js: '}' },
  logLevel: 'warning',
});

// Help is written in Markdown; Node-RED reads it from one .html file per node and language.
for (const language of readdirSync(at('locales'))) {
  mkdirSync(at('dist/nodes/locales', language), { recursive: true });
  for (const name of namesIn(`locales/${language}`, '.json'))
    cpSync(at('locales', language, name), at('dist/nodes/locales', language, name));
  for (const name of namesIn(`locales/${language}`, '.md')) {
    const type = basename(name, '.md');
    const help = readFileSync(at('locales', language, name), 'utf8');
    const wrapped = `<script type="text/markdown" data-help-name="${type}">\n${help}</script>\n`;
    writeFileSync(at('dist/nodes/locales', language, `${type}.html`), wrapped);
  }
}

rmSync(at('examples'), { recursive: true, force: true });
cpSync(at('flows'), at('examples'), { recursive: true });

mkdirSync(at('schemas'), { recursive: true });
const schemas = {
  ...jsonSchemas(),
  'profile-1.json': z.toJSONSchema(profileSchema, { io: 'input' }),
  'charger-1.json': z.toJSONSchema(presetSchema, { io: 'input' }),
};
for (const [name, schema] of Object.entries(schemas))
  writeFileSync(at('schemas', name), `${JSON.stringify(schema, null, 2)}\n`);
