/**
 * The browser side of all forms in one bundle, resources/editor.js. The html of each node loads it; the build lets only the
 * first one run.
 */
import { createDefinition } from './form.ts';
import { forms } from './forms/index.ts';
import { migrateAddedNodes } from './migrate-nodes.ts';
import type { EditorClient } from './red.ts';
import { translateStatusTexts } from './status-texts.ts';

declare const RED: EditorClient;

const style = `${RED.settings.apiRootUrl}resources/@emsflow/node-red-ems/editor.css`;
$('<link>', { rel: 'stylesheet', href: style }).appendTo(document.head);
migrateAddedNodes(new Set(Object.keys(forms)));
translateStatusTexts();
/** Definitions by node type, for registerType in the html of each node. */
const emsForms = Object.fromEntries(
  Object.entries(forms).map(([type, form]) => [type, createDefinition(type, form)] as const),
);
Object.assign(window, { emsForms });
