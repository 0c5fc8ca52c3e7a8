/**
 * The editor of Node-RED in a browser: its forms are opened, read and closed as a user does. Forms without a browser:
 * editor/editor-node.ts.
 */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { openPage, type Watched } from './browser.ts';

interface Field {
  validate(value: unknown, options: object): unknown;
}

/** The little of the editor that the tests touch. */
export interface EditorNode {
  id: string;
  type: string;
  name?: string;
  profile?: string;
  host?: string;
  valid?: boolean;
  _def: { category: string; defaults: Record<string, Field>; credentials?: Record<string, Field> };
}
export interface Editor {
  /** The code editor of Node-RED. */
  monaco: { editor: { getModels(): { setValue(text: string): void }[] } };
  $(selector: string): { is(state: string): boolean };
  RED: {
    nodes: {
      eachNode(look: (node: EditorNode) => void): void;
      eachConfig(look: (node: EditorNode) => void): void;
      node(id: string): EditorNode;
    };
    sidebar: { help: { show(type: string): void } };
    editor: { edit(node: EditorNode): void; editConfig(property: string, type: string, id: string): void };
  };
}

export const dialog = '.red-ui-tray';

/** Opens the form of a node, and everything in it that can be folded. @param id otherwise the first of its type */
export const openForm = async (page: Page, type: string, id = ''): Promise<void> => {
  const opened = await page.evaluate<string, [string, string]>(
    ([wanted, given]) => {
      const { RED } = window as unknown as Editor;
      let found = given;
      const look = (node: EditorNode): void => {
        if (node.type === wanted) found ||= node.id;
      };
      RED.nodes.eachNode(look);
      RED.nodes.eachConfig(look);
      const node = RED.nodes.node(found);
      if (node._def.category === 'config') RED.editor.editConfig('', wanted, found);
      else RED.editor.edit(node);
      return found;
    },
    [type, id],
  );
  assert.notEqual(opened, '', `${type} is in no flow`);
  await page.waitForSelector(`${dialog} .ems-form`);
  // The form slides in from the right.
  await page.waitForFunction(() => {
    const edge = (selector: string): DOMRect | undefined => document.querySelector(selector)?.getBoundingClientRect();
    return (edge('.red-ui-tray')?.right ?? 0) <= (edge('#red-ui-editor-stack')?.left ?? 0) + 1;
  });
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details.ems-more')) (details as HTMLDetailsElement).open = true;
  });
};

export const closeForm = async (page: Page): Promise<void> => {
  await page.click('#node-dialog-cancel, #node-config-dialog-cancel');
  await page.waitForSelector(dialog, { state: 'detached' });
};

/** Asks a field of a node about a value. @returns true, or what is wrong with the value */
export const judge = (page: Page, id: string, field: string, value: string): Promise<unknown> =>
  page.evaluate(
    ([of, name, given]) => {
      const node = (window as unknown as Editor).RED.nodes.node(of);
      const { defaults, credentials } = node._def;
      return { ...defaults, ...credentials }[name]?.validate.call(node, given, {});
    },
    [id, field, value] as const,
  );

/** Empties a field as a user does, but without a key: keys get lost while the editor moves the focus. */
export const clearField = (page: Page, selector: string): Promise<void> =>
  page.locator(selector).evaluate((field) => {
    (field as HTMLInputElement).value = '';
    for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, { bubbles: true }));
  });

/** The editor with all its nodes drawn. */
export const openEditor = async (
  browser: Browser,
  url: string,
  locale: string,
  scheme: 'light' | 'dark',
): Promise<Watched> => {
  const watched = await openPage(browser, { locale, scheme });
  const { page, complaints } = watched;
  await page.goto(url);
  await page.waitForSelector('.red-ui-flow-node');
  // Node-RED looks up who sent a message for the debug sidebar, and throws where the flows are not loaded yet.
  const isTooEarly = (text: string): boolean => /RED\.comms\.subscribe|handleDebugMessage/.test(text);
  complaints.splice(0, complaints.length, ...complaints.filter((text) => !isTooEarly(text)));
  if (scheme === 'dark') await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
  return watched;
};
