import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage } from '../support/browser.ts';
import { root } from '../support/house-rules.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red.ts';
import { freshSettings, type Installation, installPacked } from '../support/packed.ts';

interface Editor {
  RED: {
    nodes: {
      eachNode(look: (node: { type: string; valid?: boolean }) => void): void;
      eachConfig(look: (node: { type: string; valid?: boolean }) => void): void;
    };
  };
}

const examples = '#red-ui-clipboard-dialog-import-tab-examples';
const names = readdirSync(join(root, 'flows')).map((file) => file.replace(/\.json$/, ''));

/** Types of the nodes that a flow brings, with how many of each; what every editor has of its own is left out. */
const countTypes = (types: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const type of types.filter((each) => each.startsWith('ems-')).sort()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

describe('the Import dialog, where the package was installed as it is packed', () => {
  let installation: Installation;
  let red: NodeRed;
  let browser: Browser;

  before(async () => {
    installation = installPacked();
    red = await startNodeRed([], { EMS_USER_DIR: installation.userDir }, freshSettings);
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await red?.remove();
    installation?.remove();
  });

  const openExamples = async (page: Page): Promise<void> => {
    await page.click('#red-ui-header-button-sidemenu');
    await page.click('#menu-item-import');
    await page.click(`a[href="${examples}"]`);
    await page.click(`${examples} .red-ui-treeList-label:has-text("@emsflow/node-red-ems")`);
  };

  for (const name of names)
    it(`offers "${name}", and puts it on the workspace, whole`, async () => {
      const { page, complaints } = await openPage(browser, { locale: 'en-US' });
      await page.goto(`http://127.0.0.1:${red.port}/`);
      await page.waitForSelector('#red-ui-palette-container [data-palette-type="ems-modbus"]');
      await openExamples(page);
      await page.click(`${examples} .red-ui-treeList-label:has-text("${name}")`);
      await page.click('#red-ui-clipboard-dialog-ok');
      const wanted = countTypes(
        (JSON.parse(readFileSync(join(root, 'flows', `${name}.json`), 'utf8')) as FlowNode[]).map(({ type }) => type),
      );
      await page.click(`#red-ui-workspace-tabs .red-ui-tab-label:has-text("${name}")`);
      await page.waitForFunction(() => document.querySelectorAll('.red-ui-flow-node').length > 5);
      const found = await page.evaluate(() => {
        const nodes: { type: string; isValid: boolean }[] = [];
        const look = ({ type, valid }: { type: string; valid?: boolean }): void =>
          void nodes.push({ type, isValid: valid !== false });
        const { RED } = window as unknown as Editor;
        RED.nodes.eachNode(look);
        RED.nodes.eachConfig(look);
        return nodes;
      });
      assert.deepEqual(countTypes(found.map(({ type }) => type)), wanted);
      assert.deepEqual(
        found.filter(({ type, isValid }) => type.startsWith('ems-') && !isValid),
        [],
      );
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
});
